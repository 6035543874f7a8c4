// What section 5 of the interface's specification promises of edits: what they brought, how they
// are taken back and kept, and what a person who looks elsewhere is told.
#include "tests/gui/interface_test.h"

#include "app/dialogs/keys_dialog.h"
#include "app/dialogs/why_dialog.h"
#include "app/session/journal.h"
#include "app/session/pin_sharding.h"
#include "app/settings/key_bindings.h"
#include "app/widgets/toast.h"
#include "app/widgets/veil.h"
#include "app/window/done_notice.h"
#include "app/window/stall_watch.h"

#include <QAction>
#include <QDir>
#include <QKeySequenceEdit>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableWidget>
#include <QTimer>
#include <QTreeWidget>
#include <QUndoView>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>

namespace alpa::app
{
namespace
{

// 5.3: the quick row in the tool bar, the toast, and the way back.
TEST_F(InterfaceTest, LimitInTheToolBarReplansSaysWhatItBroughtAndIsTakenBack)
{
    const int first = session().shownPlan()->id;
    auto* quick = find<QSpinBox>("quickPp");
    quick->setFocus();
    QTest::keyClick(quick, Qt::Key_A, Qt::ControlModifier);
    QTest::keyClicks(quick, QStringLiteral("1"));
    QTest::keyClick(quick, Qt::Key_Return);
    ASSERT_TRUE(hasPlan());
    EXPECT_NE(session().shownPlan()->id, first);
    EXPECT_EQ(session().shownPlan()->plan()->pipelineParallel(), 1);
    EXPECT_EQ(find<QSpinBox>("maxPp")->value(), 1) << "the form shows the same constraint";
    auto* toast = find<Toast>("toast");
    EXPECT_TRUE(toast->isVisible());
    EXPECT_TRUE(toast->text().contains(u'→')) << toast->text().toStdString();
    QTest::mouseClick(find<QPushButton>("toastAction"), Qt::LeftButton);
    EXPECT_EQ(session().shownPlan()->id, first);
    EXPECT_EQ(quick->value(), 0);
    EXPECT_EQ(find<QSpinBox>("maxPp")->value(), 0);
}

// 5.3: Ctrl+Z restores constraint and plan, and so does the way forward again.
TEST_F(InterfaceTest, UndoAndRedoOfConstraintsFindTheirPlansWithoutPlanning)
{
    const int first = session().shownPlan()->id;
    find<QSpinBox>("maxPp")->setValue(1);
    ASSERT_TRUE(hasPlan());
    const int second = session().shownPlan()->id;
    ASSERT_NE(second, first);
    std::atomic<int> asked = 0;
    session().setPlanner([&](const PlanRequest& request, const JobControl& control,
                             PlanCache* cache, const IncumbentCallback& onIncumbent) {
        ++asked;
        return makePlan(request, control, cache, onIncumbent);
    });
    for (int round = 0; round < 3; ++round) {
        trigger("actionUndo");
        EXPECT_EQ(session().shownPlan()->id, first);
        EXPECT_FALSE(session().isStale());
        trigger("actionRedo");
        EXPECT_EQ(session().shownPlan()->id, second);
        EXPECT_FALSE(session().isStale());
    }
    find<QSpinBox>("maxPp")->setValue(0);
    EXPECT_EQ(session().shownPlan()->id, first) << "typed back, not undone";
    EXPECT_EQ(asked, 0);
}

// 5.3: the old plan stays in view, dimmed, until its successor is there.
TEST_F(InterfaceTest, StalePageIsDimmedUntilItsAnswerIsThere)
{
    session().setReplansAtOnce(false);
    auto* veil = find<Veil>("veil");
    EXPECT_FALSE(veil->isVisible());
    find<QSpinBox>("maxPp")->setValue(1);
    EXPECT_TRUE(waitUntil([&] { return veil->isVisible(); }, 5000));
    trigger("actionPlan");
    ASSERT_TRUE(hasPlan());
    EXPECT_FALSE(veil->isVisible());
}

// 5.5: every key can be changed, stays changed, and is said to be taken where it is.
TEST_F(InterfaceTest, KeysAreChangedInTheSheetAndKept)
{
    {
        KeysDialog sheet(window_->settings(), window_.get());
        auto* tree = sheet.findChild<QTreeWidget*>(QStringLiteral("keysTree"));
        const auto rows = tree->findItems(QStringLiteral("Plan all baselines"),
                                          Qt::MatchExactly | Qt::MatchRecursive);
        ASSERT_EQ(rows.size(), 1);
        tree->setCurrentItem(rows[0]);
        auto* edit = sheet.findChild<QKeySequenceEdit*>(QStringLiteral("keysEdit"));
        auto* set = sheet.findChild<QPushButton*>(QStringLiteral("keysSet"));
        edit->setKeySequence(QKeySequence(QStringLiteral("F5")));
        set->click();
        EXPECT_TRUE(
            sheet.findChild<QLabel*>(QStringLiteral("keysAbout"))->text().contains(u"Plan"));
        EXPECT_TRUE(find<QAction>("actionBaselines")->shortcut().isEmpty()) << "F5 is taken";
        edit->setKeySequence(QKeySequence(QStringLiteral("Ctrl+B")));
        set->click();
        EXPECT_EQ(find<QAction>("actionBaselines")->shortcut(),
                  QKeySequence(QStringLiteral("Ctrl+B")));
    }
    window_.reset();
    showWindow();
    auto* again = find<QAction>("actionBaselines");
    EXPECT_EQ(again->shortcut(), QKeySequence(QStringLiteral("Ctrl+B")));
    EXPECT_TRUE(usualKeys(*again).isEmpty());
    chooseKeys(*find<QAction>("actionPlan"), {}, *window_->settings());
    window_.reset();
    showWindow();
    EXPECT_TRUE(find<QAction>("actionPlan")->shortcut().isEmpty()) << "no key is a choice too";
}

// 5.2: an alternative of "Why?" is one click away.
TEST_F(InterfaceTest, StrategyOfWhyIsTriedAndTakenBackInOneStep)
{
    session().selection()->select(Selection::op(decidedOp()));
    const std::string label =
        session().facts()->decision(session().facts()->decisionOfOp[decidedOp().index()])->label;
    const int before = session().shownPlan()->id;
    const int edits = session().undoStack()->count();
    trigger("actionWhy");
    auto* strategies = find<QTableWidget>("whyStrategies");
    auto* tries = find<QPushButton>("whyTryButton");
    ASSERT_TRUE(waitUntil([&] { return strategies->rowCount() > 1; }));
    strategies->setCurrentCell(0, 0);
    EXPECT_FALSE(tries->isEnabled()) << "the plan has it";
    int row = 1;
    for (; row < strategies->rowCount(); ++row) {
        strategies->setCurrentCell(row, 0);
        if (tries->isEnabled())
            break;
    }
    ASSERT_LT(row, strategies->rowCount());
    const std::string wanted = strategies->item(row, 1)->text().toStdString();
    QTest::mouseClick(tries, Qt::LeftButton);
    ASSERT_EQ(session().setup().options.constraints.specs.size(), 1u);
    const SpecConstraint pin = session().setup().options.constraints.specs[0];
    EXPECT_EQ(pin.pattern, label);
    EXPECT_EQ(formatSpec(pin.spec), wanted.substr(0, wanted.find(" partial")));
    EXPECT_EQ(session().undoStack()->count(), edits + 1);
    ASSERT_TRUE(settle());
    session().undoStack()->undo();
    EXPECT_TRUE(session().setup().options.constraints.specs.empty());
    EXPECT_EQ(session().shownPlan()->id, before);
}

// What no constraint can name is not offered; what is offered, the planner takes.
TEST_F(InterfaceTest, EveryDecisionThatMayBePinnedIsOneThatThePlannerKnows)
{
    const auto facts = session().facts();
    PlanRequest request;
    request.model = session().model()->graph;
    request.cluster = facts->plan->cluster;
    request.options = facts->plan->options;
    std::set<std::string> tried;
    std::string unnamed; // of a decision that no constraint names
    for (const PlanStage& stage : facts->plan->stages) {
        for (const Decision& decision : stage.decisions) {
            if (!mayPin(*facts->graph, decision)) {
                unnamed = decision.label;
                continue;
            }
            if (!tried.insert(decision.label).second)
                continue;
            ShardingSpec spec = decision.alternatives[size_t(decision.chosen)].result;
            spec.partial = 0;
            request.options.constraints.specs = {{decision.label, spec, false}};
            const auto outcome = makePlan(request, {}, session().planCache().get());
            EXPECT_TRUE(outcome.ok()) << decision.label << ": " << outcome.error().message;
        }
    }
    EXPECT_GT(tried.size(), 5u);
    ASSERT_FALSE(unnamed.empty()) << "how some parameter is updated was decided alone";
    (new WhyDialog(&session(), QString::fromStdString(unnamed), window_.get()))->show();
    auto* strategies = find<QTableWidget>("whyStrategies");
    ASSERT_TRUE(waitUntil([&] { return strategies->rowCount() > 1; }));
    strategies->setCurrentCell(1, 0);
    EXPECT_FALSE(find<QPushButton>("whyTryButton")->isEnabled());
}

// 5.7: who looks at something else is told when a long job has ended.
TEST_F(InterfaceTest, EndOfALongJobIsToldToWhoLooksElsewhere)
{
    QWidget elsewhere;
    DoneNotice notice(session().jobs(), &elsewhere);
    QSignalSpy told(&notice, &DoneNotice::told);
    find<QSpinBox>("maxPp")->setValue(1);
    ASSERT_TRUE(hasPlan());
    EXPECT_EQ(told.count(), 0) << "it took no ten seconds";
    notice.setLeastMs(0);
    find<QSpinBox>("maxPp")->setValue(2);
    ASSERT_TRUE(hasPlan());
    EXPECT_TRUE(waitUntil([&] { return told.count() > 0; }, 5000));
}

// 5.7: the thread of the window is watched.
TEST_F(InterfaceTest, StallsOfTheWindowAreCounted)
{
    auto* watch = window_->findChild<StallWatch*>();
    ASSERT_NE(watch, nullptr);
    QSignalSpy stalled(watch, &StallWatch::stalled);
    QTimer::singleShot(0, [] { std::this_thread::sleep_for(std::chrono::milliseconds(180)); });
    ASSERT_TRUE(waitUntil([&] { return stalled.count() > 0; }, 5000));
    EXPECT_GE(watch->longestMs(), 150);
}

// 5.7: what was discarded is within reach for seven days.
TEST_F(InterfaceTest, DiscardedEditsStayForSevenDays)
{
    const QDir journals(profile_.filePath(QStringLiteral("aside")));
    QString path;
    {
        Journal journal(journals.path());
        ASSERT_TRUE(journal.begin(session().saved()));
        ASSERT_TRUE(journal.append({QStringLiteral("Max TP 2"), session().saved()}));
        path = journals.filePath(QStringLiteral("kept.jsonl"));
        ASSERT_TRUE(QFile::copy(journal.path(), path));
    }
    ASSERT_TRUE(discardJournal(path));
    EXPECT_TRUE(abandonedJournals(journals.path()).empty());
    std::vector<AbandonedJournal> discarded = discardedJournals(journals.path());
    ASSERT_EQ(discarded.size(), 1u);
    EXPECT_EQ(discarded[0].edits(), 1);
    QFile file(discarded[0].path);
    ASSERT_TRUE(file.open(QIODevice::ReadWrite));
    ASSERT_TRUE(file.setFileTime(QDateTime::currentDateTime().addDays(-kDiscardedDays - 1),
                                 QFileDevice::FileModificationTime));
    file.close();
    EXPECT_TRUE(discardedJournals(journals.path()).empty());
    EXPECT_FALSE(QFile::exists(discarded[0].path)) << "and no longer";
}

// 5.7: closing asks about edits of a saved session.
TEST_F(InterfaceTest, ClosingAsksWhatBecomesOfEditsSinceTheFileWasSaved)
{
    const QString path = profile_.filePath(QStringLiteral("mine.apsess"));
    ASSERT_TRUE(window_->keeper()->saveTo(path).ok());
    find<QSpinBox>("maxPp")->setValue(1);
    ASSERT_TRUE(hasPlan());
    int asked = 0;
    QMessageBox::StandardButton answer = QMessageBox::Cancel;
    window_->setAskAboutEdits([&](const QString& text, const QString&) {
        ++asked;
        EXPECT_TRUE(text.contains(QStringLiteral("mine.apsess"))) << text.toStdString();
        return answer;
    });
    EXPECT_FALSE(window_->close());
    EXPECT_TRUE(window_->isVisible());
    answer = QMessageBox::Save;
    EXPECT_TRUE(window_->close());
    EXPECT_EQ(asked, 2);
    const Result<SavedSession> saved = loadSession(path);
    ASSERT_TRUE(saved.ok());
    EXPECT_EQ(saved->setup.options.constraints.maxPp, 1);
}

// 5.1: history is a dock; any edit of it is one click away.
TEST_F(InterfaceTest, HistoryGoesBackToAnyEdit)
{
    find<QSpinBox>("maxPp")->setValue(1);
    ASSERT_TRUE(hasPlan());
    find<QSpinBox>("maxDp")->setValue(2);
    ASSERT_TRUE(hasPlan());
    auto* history = find<QUndoView>("historyList");
    EXPECT_EQ(history->model()->rowCount(), 3) << "as opened, and two edits";
    history->setCurrentIndex(history->model()->index(0, 0));
    EXPECT_FALSE(session().setup().options.constraints.maxPp.has_value());
    EXPECT_FALSE(session().setup().options.constraints.maxDp.has_value());
    history->setCurrentIndex(history->model()->index(2, 0));
    EXPECT_EQ(session().setup().options.constraints.maxDp, 2);
}

// 5.5: settings in the palette.
TEST_F(InterfaceTest, PaletteListsSettingsBehindAComma)
{
    trigger("actionPalette");
    auto* line = window_->findChild<QLineEdit*>(QStringLiteral("paletteLine"));
    ASSERT_NE(line, nullptr);
    QTest::keyClicks(line, QStringLiteral(",dark"));
    QTest::keyClick(line, Qt::Key_Return);
    EXPECT_EQ(window_->settings()->theme(), ThemeChoice::kDark);
}

} // namespace
} // namespace alpa::app
