// Constraints and rules that come with files: shardings in the model, published plans, rules for
// unknown operations; and plans that go out to other programs.
#include "app/dialogs/import_dialog.h"
#include "app/item_models/constraints_model.h"
#include "app/window/plan_follower.h"
#include "core/export/export_plan.h"
#include "core/graph/factor_rule.h"
#include "tests/gui/window_test.h"

#include <QAction>
#include <QDialogButtonBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <gtest/gtest.h>

#include <algorithm>

namespace alpa::app
{
namespace
{

class FollowTest : public WindowTest
{
protected:
    void SetUp() override { showWindow(); }
    QString write(const char* name, const QByteArray& text)
    {
        const QString path = profile_.filePath(QString::fromLatin1(name));
        QFile file(path);
        EXPECT_TRUE(file.open(QIODevice::WriteOnly));
        file.write(text);
        return path;
    }
    const PlanConstraints& asked() { return session().setup().options.constraints; }
};

TEST_F(FollowTest, ShardingsOfTheFileBecomeConstraintsInOneUndoableEdit)
{
    const QString path =
        write("sharded.mlir", R"(module @sharded attributes {mhlo.num_partitions = 4 : i32} {
  func.func public @main(%arg0: tensor<16x64xf32> {mhlo.sharding = "{devices=[1,2,2]<=[2,2]T(1,0) last_tile_dim_replicate}"} loc("params['w']"), %arg1: tensor<8x16xf32> {mhlo.sharding = "{devices=[2,1,2]<=[4] last_tile_dim_replicate}"} loc("batch['x']")) -> tensor<f32> {
    %0 = stablehlo.dot_general %arg1, %arg0, contracting_dims = [1] x [0] : (tensor<8x16xf32>, tensor<16x64xf32>) -> tensor<8x64xf32>
    %1 = stablehlo.multiply %0, %0 : tensor<8x64xf32>
    %c = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %2 = stablehlo.reduce(%1 init: %c) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x64xf32>, tensor<f32>) -> tensor<f32>
    return %2 : tensor<f32>
  }
})");
    window_->openFile(path, QStringLiteral("cpu-x4"));
    ASSERT_TRUE(settle());
    find<QAction>("actionAnnotations")->trigger();
    ASSERT_TRUE(waitUntil([&] { return !asked().specs.empty(); }, 20000))
        << find<QLabel>("statusText")->text().toStdString();
    EXPECT_EQ(asked().meshAxes, (std::vector<int>{2, 2}));
    ASSERT_TRUE(settle());
    ASSERT_EQ(session().obstacle(), nullptr) << session().obstacle()->problem().toStdString();
    session().undoStack()->undo();
    EXPECT_TRUE(asked().specs.empty());
}

TEST_F(FollowTest, AFileWithoutShardingsIsAMessage)
{
    window_->openFile(samplePath(QStringLiteral("mlp-tiny")), QStringLiteral("cpu-x4"));
    ASSERT_TRUE(settle());
    find<QAction>("actionAnnotations")->trigger();
    ASSERT_TRUE(waitUntil(
        [&] {
            return find<QLabel>("statusText")->text().startsWith(QStringLiteral("Not followed"));
        },
        20000));
    EXPECT_EQ(asked(), PlanConstraints());
}

TEST_F(FollowTest, APublishedPlanIsFollowed)
{
    window_->openFile(samplePath(QStringLiteral("gpt-tiny")), QStringLiteral("cpu-x4"));
    ASSERT_TRUE(settle());
    window_->follower()->followFile(
        write("published.json", R"({"format": "published plan", "name": "two halves",
        "source": "a test", "microbatches": 2, "layers": 2,
        "stages": [{"layers": [0, 1], "dp": 2, "tp": 1}, {"layers": [1, 2], "dp": 2, "tp": 1}]})"));
    ASSERT_TRUE(waitUntil([&] { return asked().microbatches == 2; }, 20000))
        << find<QLabel>("statusText")->text().toStdString();
    ASSERT_TRUE(settle());
    ASSERT_EQ(session().obstacle(), nullptr) << session().obstacle()->problem().toStdString();
    EXPECT_EQ(session().shownPlan()->plan()->stages.size(), 2u);
    // The table says who asked for what, also after one of them was asked anew.
    const auto* table = find<QTableView>("constraintList");
    const auto authorOf = [&](const QString& title) {
        for (int row = 0; row < table->model()->rowCount(); ++row) {
            if (table->model()->index(row, ConstraintsModel::kKind).data().toString() == title)
                return table->model()->index(row, ConstraintsModel::kAuthor).data().toString();
        }
        return QString();
    };
    EXPECT_FALSE(table->isColumnHidden(ConstraintsModel::kAuthor));
    EXPECT_EQ(authorOf(QStringLiteral("Microbatches")), QStringLiteral("published.json"));
    app::Setup next = session().setup();
    next.options.constraints.microbatches = 4;
    next.options.constraints.maxTp = 1;
    session().editSetup(next, QStringLiteral("Four"));
    EXPECT_EQ(authorOf(QStringLiteral("Microbatches")), QStringLiteral("you"));
    EXPECT_EQ(authorOf(QStringLiteral("Max TP")), QStringLiteral("you"));
    session().undoStack()->undo();
    EXPECT_EQ(authorOf(QStringLiteral("Microbatches")), QStringLiteral("published.json"));
    session().undoStack()->undo();
    app::Setup own = session().setup();
    own.options.constraints.maxTp = 1;
    session().editSetup(own, QStringLiteral("Mine"));
    EXPECT_TRUE(table->isColumnHidden(ConstraintsModel::kAuthor)) << "all are of one";
}

/// How the planner may split the operation that nobody knows.
std::string ruleOfProduct(const Graph& graph)
{
    const auto product = std::ranges::find(graph.ops, OpKind::kOpaque, &Op::kind);
    return product == graph.ops.end() ? "gone" : formatRule(factorRule(graph, *product));
}

TEST_F(FollowTest, RulesForAnUnknownOperationAreReadWithTheModelAndKeptByTheSession)
{
    const QString model = write("product.mlir", R"(module @m {
  func.func public @main(%arg0: tensor<8x16xf32> loc("batch['x']"), %arg1: tensor<16x32xf32> loc("params['w']")) -> tensor<f32> {
    %0 = stablehlo.custom_call @product(%arg0, %arg1) : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
    %c = stablehlo.constant dense<0.000000e+00> : tensor<f32>
    %1 = stablehlo.reduce(%0 init: %c) applies stablehlo.add across dimensions = [0, 1] : (tensor<8x32xf32>, tensor<f32>) -> tensor<f32>
    return %1 : tensor<f32>
  }
})");
    const QString rules = write(
        "rules.json",
        R"j({"rules": [{"op": "*@product", "rule": "([b, k], [k, h]) -> ([b, h]) reduction {k: add}", "flops": "2*b*k*h"}]})j");
    window_->openFile(model, QStringLiteral("cpu-x2"));
    ASSERT_TRUE(waitUntil([&] { return session().model() != nullptr; }, 20000));
    EXPECT_FALSE(session().model()->diagnostics.empty()) << "an unknown operation is said";
    ASSERT_TRUE(waitUntil([&] { return session().jobs()->jobs().empty(); }, 60000));
    find<QAction>("actionImportChoices")->trigger();
    ASSERT_TRUE(waitUntil([&] { return window_->findChild<ImportDialog*>() != nullptr; }));
    auto* dialog = window_->findChild<ImportDialog*>();
    dialog->findChild<QLineEdit*>(QStringLiteral("importRules"))->setText(rules);
    const auto before = session().model();
    QTest::mouseClick(dialog->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Open),
                      Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return session().model() != before; }, 20000));
    EXPECT_EQ(ruleOfProduct(*before->graph).find("reduction"), std::string::npos);
    EXPECT_NE(ruleOfProduct(*session().model()->graph).find("reduction"), std::string::npos);
    EXPECT_EQ(session().saved().choices.rules, rules);
}

TEST_F(FollowTest, RulesThatCannotBeReadAreAMessage)
{
    session().openModel(samplePath(QStringLiteral("mlp-tiny")),
                        {.dims = {}, .loss = {}, .rules = write("bad.json", "{\"rules\": 4}")});
    ASSERT_TRUE(waitUntil(
        [&] { return find<QLabel>("statusText")->text().startsWith(QStringLiteral("Not opened")); },
        20000));
}

TEST_F(FollowTest, EveryFormatOfTheCommandLineIsInTheExportMenu)
{
    for (const ExportFormat& format : exportFormats())
        EXPECT_NE(window_->findChild<QAction*>(
                      QStringLiteral("actionExport_") +
                      QString::fromLatin1(format.name.data(), qsizetype(format.name.size()))),
                  nullptr)
            << format.name;
}

} // namespace
} // namespace alpa::app
