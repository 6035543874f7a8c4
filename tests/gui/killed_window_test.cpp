// The whole window killed after every edit: what it had kept is offered by the next one, to the
// last edit.
#include "app/settings/programs.h"
#include "app/views/constraint_menu.h"
#include "tests/gui/window_test.h"

#include <QMenu>
#include <QProcess>
#include <QPushButton>
#include <QSpinBox>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <iostream>

namespace alpa::app
{
namespace
{

constexpr int kEdits = 5;

/// A window of a process of its own, edited by its widgets.
class KilledWindowTest : public WindowTest
{
protected:
    /// The first `count` edits of a session: fields, a menu, undo, another field.
    void edit(int count)
    {
        const std::function<void()> edits[kEdits] = {
            [&] { find<QSpinBox>("maxTp")->setValue(2); },
            [&] { find<QSpinBox>("microbatches")->setValue(4); },
            [&] {
                QMenu menu;
                fillConstraintMenu(&menu, &session(), Selection::layer(1));
                const QList<QAction*> entries = menu.actions();
                const auto begin = std::ranges::find_if(
                    entries, [](const QAction* entry) { return !entry->isSeparator(); });
                ASSERT_NE(begin, entries.end());
                (*begin)->trigger();
            },
            [&] { session().undoStack()->undo(); },
            [&] { find<QSpinBox>("maxDp")->setValue(1); },
        };
        for (int i = 0; i < count; ++i)
            edits[i]();
    }

    /// Makes so many edits in a process of its own, and kills that.
    void editAndKill(const QString& profile, int edits)
    {
        QProcess child;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert(QStringLiteral("ALPA_TEST_PROFILE"), profile);
        environment.insert(QStringLiteral("ALPA_TEST_EDITS"), QString::number(edits));
        child.setProcessEnvironment(environment);
        child.start(QCoreApplication::applicationFilePath(),
                    {QStringLiteral("--gtest_filter=KilledWindowTest.DISABLED_*"),
                     QStringLiteral("--gtest_also_run_disabled_tests")});
        QByteArray said;
        ASSERT_TRUE(waitUntil([&] {
            said += child.readAllStandardOutput();
            return said.contains("edited") || child.state() == QProcess::NotRunning;
        })) << said.toStdString();
        ASSERT_EQ(child.state(), QProcess::Running) << said.toStdString();
        ASSERT_EQ(::kill(pid_t(child.processId()), SIGKILL), 0);
        ASSERT_TRUE(child.waitForFinished());
    }

    /// Opens a window, which offers what was lost, and takes it.
    void restoreFrom(const QString& profile)
    {
        window_ = std::make_unique<MainWindow>(profile);
        window_->show();
        QPushButton* restore = nullptr;
        ASSERT_TRUE(waitUntil(
            [&] {
                restore = window_->findChild<QPushButton*>(QStringLiteral("restore_gpt-tiny"));
                return restore != nullptr;
            },
            20000));
        restore->click();
        ASSERT_TRUE(settle());
    }
};

// The child of the test below: it never ends by itself.
TEST_F(KilledWindowTest, DISABLED_EditsAndWaitsToBeKilled)
{
    const QString profile = qEnvironmentVariable("ALPA_TEST_PROFILE");
    ASSERT_FALSE(profile.isEmpty());
    window_ = std::make_unique<MainWindow>(profile);
    window_->show();
    window_->openFile(samplePath(QStringLiteral("gpt-tiny")), QStringLiteral("cpu-x4"));
    ASSERT_TRUE(settle());
    edit(qEnvironmentVariableIntValue("ALPA_TEST_EDITS"));
    std::cout << "edited" << std::endl;
    waitUntil([] { return false; }, 60000);
}

TEST_F(KilledWindowTest, KilledAfterAnyEditOffersAllOfThem)
{
    for (int edits = 1; edits <= kEdits; ++edits) {
        SCOPED_TRACE(edits);
        const QTemporaryDir profile;
        ASSERT_NO_FATAL_FAILURE(editAndKill(profile.path(), edits));
        restoreFrom(profile.path());
        const PlanConstraints& asked = session().setup().options.constraints;
        EXPECT_EQ(asked.maxTp, 2);
        EXPECT_EQ(asked.microbatches, edits >= 2 ? std::optional(4) : std::nullopt);
        EXPECT_EQ(asked.cuts.empty(), edits != 3) << "the fourth edit takes the third back";
        EXPECT_EQ(asked.maxDp, edits >= 5 ? std::optional(1) : std::nullopt);
        EXPECT_TRUE(session().undoStack()->canUndo());
        window_.reset();
    }
}

// The program itself, killed while it starts, reads, plans, and writes its own journal.
TEST_F(KilledWindowTest, TheProgramKilledAtAnyMomentLosesNothingOfAnEarlierCrash)
{
    const QString program = findProgram(QStringLiteral("alpa-explorer"));
    if (program.isEmpty())
        GTEST_SKIP() << "the program alpa-explorer is not built";
    const QTemporaryDir profile;
    ASSERT_NO_FATAL_FAILURE(editAndKill(profile.path(), kEdits));
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("QT_QPA_PLATFORM"), QStringLiteral("offscreen"));
    for (int after = 0; after <= 1200; after += 60) {
        SCOPED_TRACE(after);
        QProcess child;
        child.setProcessEnvironment(environment);
        child.start(program,
                    {QStringLiteral("--profile"), profile.path(), QStringLiteral("--cluster"),
                     QStringLiteral("cpu-x4"), samplePath(QStringLiteral("mlp-tiny"))});
        ASSERT_TRUE(child.waitForStarted());
        waitUntil([&] { return child.state() == QProcess::NotRunning; }, after);
        ASSERT_EQ(child.state(), QProcess::Running) << child.readAllStandardError().toStdString();
        ASSERT_EQ(::kill(pid_t(child.processId()), SIGKILL), 0);
        ASSERT_TRUE(child.waitForFinished());
    }
    restoreFrom(profile.path());
    EXPECT_EQ(session().setup().options.constraints.maxTp, 2);
    EXPECT_EQ(session().setup().options.constraints.microbatches, 4);
    EXPECT_EQ(session().setup().options.constraints.maxDp, 1);
    EXPECT_TRUE(session().undoStack()->canUndo());
}

} // namespace
} // namespace alpa::app
