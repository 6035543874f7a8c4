// The log: what goes into it, that it stays small, and how a person comes to it.
#include "app/settings/log_file.h"
#include "tests/gui/window_test.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QDir>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace alpa::app
{
namespace
{

TEST(LogFile, KeepsTheNewestEntriesWithinItsBoundWhoeverWrites)
{
    const QTemporaryDir folder;
    LogFile log(folder.path());
    const QString text(500, u'x');
    constexpr int kEntries = 1000; // half a megabyte from each thread
    std::vector<std::jthread> writers;
    for (int thread = 0; thread < 3; ++thread)
        writers.emplace_back([&, thread] {
            for (int i = 0; i < kEntries; ++i)
                log.write(QStringLiteral("writer %1").arg(thread), QString::number(i) + text);
        });
    writers.clear();
    EXPECT_LE(QFileInfo(log.path()).size(), LogFile::kMostBytes);
    EXPECT_LE(QFileInfo(log.olderPath()).size(), LogFile::kMostBytes);
    EXPECT_GT(QFileInfo(log.olderPath()).size(), LogFile::kMostBytes / 2);
    EXPECT_EQ(QDir(folder.path()).entryList(QDir::Files).size(), 2);
    const QStringList lines = log.tail(10000).split(u'\n', Qt::SkipEmptyParts);
    ASSERT_GE(lines.size(), 15);
    for (const QString& line : lines)
        EXPECT_TRUE(line.endsWith(text) && line.contains(QStringLiteral(" writer ")))
            << line.toStdString();
    EXPECT_TRUE(log.tail(10000).contains(QString::number(kEntries - 1) + text)) << "the newest";
}

TEST(LogFile, TakesWhatQtSaysAndLeavesHomesOut)
{
    const QTemporaryDir folder;
    {
        LogFile log(folder.path());
        EXPECT_TRUE(log.tail(1000).isEmpty());
        qWarning("cannot read %s/model.mlir", QDir::homePath().toLocal8Bit().constData());
        log.write(QStringLiteral("test"), QStringLiteral("one\ntwo"));
        const QString text = log.tail(1000);
        EXPECT_TRUE(text.contains(QStringLiteral("default: cannot read ~/model.mlir\n")))
            << text.toStdString();
        EXPECT_TRUE(text.endsWith(QStringLiteral("test: one\n  two\n"))) << text.toStdString();
        // An entry is shown whole or not at all.
        EXPECT_TRUE(log.tail(12).isEmpty()) << log.tail(12).toStdString();
    }
    qWarning("after the log is gone");
    LogFile again(folder.path());
    EXPECT_FALSE(again.tail(1000).contains(QStringLiteral("after")));
    EXPECT_TRUE(again.tail(1000).contains(QStringLiteral("one"))) << "it goes on where it ended";
}

TEST(LogFile, IsNoneWhereNothingCanBeWritten)
{
    LogFile log(QStringLiteral("/proc/none"));
    log.write(QStringLiteral("test"), QStringLiteral("text"));
    EXPECT_TRUE(log.tail(1000).isEmpty());
}

class LogTest : public WindowTest
{
};

TEST_F(LogTest, AProblemLeadsToTheLogThatSaysIt)
{
    showWindow();
    const QString path = profile_.filePath(QStringLiteral("broken.mlir"));
    QFile file(path);
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("module @m {\n  nonsense\n}\n");
    file.close();
    window_->openFile(path);
    auto* open = find<QPushButton>("problemsLog");
    ASSERT_TRUE(waitUntil([&] { return open->isVisible(); }, 20000));
    EXPECT_EQ(open->isVisible(), find<QPushButton>("problemsCopy")->isVisible());
    QTest::mouseClick(open, Qt::LeftButton);
    auto* dialog = find<QDialog>("logDialog");
    const QString text =
        dialog->findChild<QPlainTextEdit*>(QStringLiteral("logText"))->toPlainText();
    EXPECT_TRUE(text.contains(QStringLiteral("not opened: "))) << text.toStdString();
    EXPECT_TRUE(text.contains(QStringLiteral("broken.mlir"))) << text.toStdString();
    EXPECT_TRUE(
        dialog->findChild<QLabel*>(QStringLiteral("logPath"))->text().contains(profile_.path()))
        << "where it is";
    QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("logCopy")), Qt::LeftButton);
    EXPECT_EQ(QApplication::clipboard()->text(), text);
    dialog->close();
    QTest::mouseClick(find<QPushButton>("problemsCopy"), Qt::LeftButton);
    EXPECT_TRUE(QApplication::clipboard()->text().contains(QStringLiteral("Error")))
        << QApplication::clipboard()->text().toStdString();
    EXPECT_TRUE(waitUntil(
        [this] { return window_->findChild<QDialog*>(QStringLiteral("logDialog")) == nullptr; },
        5000));
    find<QAction>("actionLog")->trigger();
    EXPECT_TRUE(find<QDialog>("logDialog")->isVisible());
}

} // namespace
} // namespace alpa::app
