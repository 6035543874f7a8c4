// A file that leaves something open: the window asks, and plans with the answer.
#include "app/dialogs/import_dialog.h"
#include "app/session/saved_session.h"
#include "app/window/main_window.h"
#include "tests/gui/gui_support.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFile>
#include <QPushButton>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

// As much of protobuf's wire format as an ONNX file of one product needs.
std::string varint(uint64_t value)
{
    std::string out;
    for (; value >= 0x80; value >>= 7)
        out += static_cast<char>((value & 0x7F) | 0x80);
    return out + static_cast<char>(value);
}
std::string number(int field, uint64_t value)
{
    return varint(static_cast<uint64_t>(field) << 3) + varint(value);
}
std::string bytes(int field, const std::string& content)
{
    return varint((static_cast<uint64_t>(field) << 3) | 2) + varint(content.size()) + content;
}

/// TypeProto of f32 with the given dimensions, a text being a name.
std::string tensorType(const std::vector<std::string>& dims)
{
    std::string shape;
    for (const std::string& dim : dims) {
        const bool isNumber = std::isdigit(static_cast<unsigned char>(dim[0])) != 0;
        shape += bytes(1, isNumber ? number(1, std::stoull(dim)) : bytes(2, dim));
    }
    return bytes(1, number(1, 1) + bytes(2, shape));
}

/// y = x w, x (batch, 4), w (4, 4), without a loss.
std::string productModel()
{
    std::string weights;
    for (int i = 0; i < 16; ++i)
        weights += std::string("\x00\x00\x80\x3f", 4);
    const std::string tensor =
        number(1, 4) + number(1, 4) + number(2, 1) + bytes(8, "w") + bytes(9, weights);
    const std::string node =
        bytes(1, "x") + bytes(1, "w") + bytes(2, "y") + bytes(3, "product") + bytes(4, "MatMul");
    const std::string graph = bytes(1, node) + bytes(2, "g") + bytes(5, tensor) +
                              bytes(11, bytes(1, "x") + bytes(2, tensorType({"batch", "4"}))) +
                              bytes(12, bytes(1, "y") + bytes(2, tensorType({"batch", "4"})));
    return number(1, 8) + bytes(7, graph) + bytes(8, bytes(1, "") + number(2, 17));
}

TEST(ImportDialogTest, AsksForOpenSizesThenForALossAndTheSessionRemembers)
{
    QTemporaryDir profile;
    const QString path = profile.filePath(QStringLiteral("product.onnx"));
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(productModel()));
    file.close();
    MainWindow window(profile.path());
    window.show();
    ASSERT_TRUE(QTest::qWaitForWindowExposed(&window));
    window.openFile(path, QStringLiteral("cpu-x2"));
    const auto dialog = [&] {
        ImportDialog* found = nullptr;
        waitUntil(
            [&] {
                found = window.findChild<ImportDialog*>();
                return found != nullptr && found->isVisible();
            },
            20000);
        return found;
    };
    ImportDialog* sizes = dialog();
    ASSERT_NE(sizes, nullptr) << "the file has an open dimension";
    auto* batch = sizes->findChild<QSpinBox*>(QStringLiteral("dim_batch"));
    ASSERT_NE(batch, nullptr);
    batch->setValue(16);
    auto* loss = sizes->findChild<QComboBox*>(QStringLiteral("importLoss"));
    loss->setCurrentIndex(loss->findData(int(LossKind::kMeanSquare)));
    QTest::mouseClick(sizes->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Open),
                      Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return window.session()->shownPlan() != nullptr; }, 60000))
        << (window.session()->obstacle() != nullptr
                ? window.session()->obstacle()->problem().toStdString()
                : "");
    EXPECT_EQ(window.session()->model()->batch, 16);
    const SavedSession saved = window.session()->saved();
    EXPECT_EQ(saved.choices.dims.at("batch"), 16);
    EXPECT_EQ(saved.choices.loss, LossKind::kMeanSquare);
    const auto read = sessionFromJson(sessionToJson(saved));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->choices, saved.choices);
}

} // namespace
} // namespace alpa::app
