// What goes on in the background ends when it is told to, at any moment and whatever it is:
// cancelled at random, closed with the window.
#include "app/dialogs/why_dialog.h"
#include "app/settings/programs.h"
#include "app/views/graph_view.h"
#include "app/views/pipeline_view.h"
#include "app/window/exporter.h"
#include "core/base/rng.h"
#include "core/plan/plan_file.h"
#include "tests/gui/fake_ssh.h"
#include "tests/gui/window_test.h"

#include <QAction>
#include <QElapsedTimer>
#include <QFile>
#include <QSpinBox>
#include <QTabWidget>
#include <QToolButton>
#include <gtest/gtest.h>

#include <set>

namespace alpa::app
{
namespace
{

/// Everything that an open, planned model lets a person begin.
class JobsTest : public WindowTest
{
protected:
    struct Kind {
        const char* name;
        std::function<void()> begin;
    };

    QString file(const char* name) { return profile_.filePath(QString::fromLatin1(name)); }
    int shownPlan() { return session().shownPlan()->id; }

    void trigger(const char* action) { find<QAction>(action)->trigger(); }

    void limitDataParallel()
    {
        auto* field = find<QSpinBox>("maxDp");
        field->setValue(field->value() == 2 ? 1 : 2);
        session().planNow();
    }

    void explain()
    {
        const auto facts = session().facts();
        const std::string& label = facts->plan->stages[0].decisions.front().label;
        auto* dialog = new WhyDialog(&session(), QString::fromStdString(label), window_.get());
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->show();
    }

    void readTrace()
    {
        QFile trace(file("trace.json"));
        ASSERT_TRUE(trace.open(QIODevice::WriteOnly));
        trace.write("{\"traceEvents\": []}");
        trace.close();
        window_->findChild<PipelineView*>()->openTraceFile(trace.fileName());
    }

    void lookAtAllPages()
    {
        for (int page = 0; page < window_->pages()->count(); ++page)
            window_->pages()->setCurrentIndex(page);
    }

    void run(const RunPlace& place)
    {
        session().queueRuns({.planIds = {shownPlan()},
                             .place = place,
                             .devices = QStringLiteral("cpu"),
                             .steps = 500000,
                             .repeats = 1,
                             .learningRate = 0},
                            findProgram(QStringLiteral("alpa")));
    }

    std::vector<Kind> kinds()
    {
        return {
            {"replan", [this] { limitDataParallel(); }},
            {"baselines", [this] { session().planBaselines(); }},
            {"prices", [this] { find<QToolButton>("priceConstraints")->click(); }},
            {"why", [this] { explain(); }},
            {"follow the file", [this] { trigger("actionAnnotations"); }},
            {"read a trace", [this] { readTrace(); }},
            {"lower, compare and lay out", [this] { lookAtAllPages(); }},
            {"report", [this] { window_->exporter()->writeReport(file("report.html")); }},
            {"save the plan", [this] { window_->savePlanTo(shownPlan(), file("plan.json")); }},
            {"save the session",
             [this] { ASSERT_TRUE(window_->keeper()->saveTo(file("s.apsess")).ok()); }},
            {"run", [this] { run({}); }},
            {"run over ssh",
             [this] {
                 run({QStringLiteral("gpu1"), findProgram(QStringLiteral("alpa"))});
             }},
        };
    }

    /// The plan and the report that a job writes.
    bool isWholeOrMissing()
    {
        const bool isPlan =
            !QFile::exists(file("plan.json")) || loadPlan(file("plan.json").toStdString()).ok();
        QFile report(file("report.html"));
        return isPlan && (!report.open(QIODevice::ReadOnly) ||
                          report.readAll().trimmed().endsWith("</html>"));
    }

    void wait(int milliseconds)
    {
        QElapsedTimer clock;
        clock.start();
        while (clock.elapsed() < milliseconds)
            QCoreApplication::processEvents(QEventLoop::AllEvents, 2);
    }
    bool isQuiet()
    {
        return waitUntil(
            [this] { return session().jobs()->jobs().empty() && !session().isRunActive(); }, 30000);
    }
};

TEST_F(JobsTest, CancelledAtRandomTwoHundredTimesTheWindowGoesOn)
{
    fakeSsh(profile_.path());
    showSample();
    const app::Setup plain = session().setup();
    const double step = session().shownPlan()->plan()->stepTime.count;
    const std::vector<Kind> all = kinds();
    Rng rng(23);
    std::set<size_t> begun;
    for (int round = 0; round < 200; ++round) {
        const auto which = static_cast<size_t>(rng.below(int(all.size())));
        SCOPED_TRACE(all[which].name);
        begun.insert(which);
        all[which].begin();
        wait(int(rng.below(20)));
        session().runQueue()->stopAll();
        session().jobs()->cancelAll();
        if (rng.chance(0.3))
            session().undoStack()->undo();
    }
    EXPECT_EQ(begun.size(), all.size());
    ASSERT_TRUE(isQuiet()) << "nothing hangs";
    session().editSetup(plain, QStringLiteral("as at first"));
    session().planNow();
    ASSERT_TRUE(hasPlan());
    EXPECT_DOUBLE_EQ(session().shownPlan()->plan()->stepTime.count, step);
    // What was written while it was cancelled is whole or not there.
    EXPECT_TRUE(isWholeOrMissing());
    EXPECT_TRUE(loadSession(file("s.apsess")).ok());
}

TEST_F(JobsTest, ClosedDuringAnyOfThemItEndsSoonAndWritesNothingByHalves)
{
    fakeSsh(profile_.path());
    for (size_t which = 0; which < kinds().size(); ++which) {
        showSample();
        const Kind kind = kinds()[which];
        SCOPED_TRACE(kind.name);
        kind.begin();
        wait(5);
        QElapsedTimer clock;
        clock.start();
        window_->close();
        window_.reset();
        EXPECT_LT(clock.elapsed(), patient(5000));
        EXPECT_TRUE(isWholeOrMissing());
    }
    EXPECT_TRUE(loadSession(file("s.apsess")).ok());
}

TEST_F(JobsTest, ARunOverSshEndsWithTheWindow)
{
    if (findProgram(QStringLiteral("alpa")).isEmpty())
        GTEST_SKIP() << "the command line program alpa is not built";
    fakeSsh(profile_.path());
    showSample();
    run({QStringLiteral("gpu1"), findProgram(QStringLiteral("alpa"))});
    ASSERT_TRUE(waitUntil([this] { return session().runs()[0].steps.size() > 2; }, 30000))
        << session().runs()[0].message.toStdString();
    EXPECT_FALSE(QFile::exists(file("over")));
    window_->close();
    window_.reset();
    EXPECT_TRUE(waitUntil([this] { return QFile::exists(file("over")); }, 30000))
        << "the other machine's program cannot write its lines any more";
}

} // namespace
} // namespace alpa::app
