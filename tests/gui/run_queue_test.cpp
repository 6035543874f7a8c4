// Runs in a row, here and over ssh, and what becomes of the window when one of them is killed.
#include "app/dialogs/run_dialog.h"
#include "app/settings/programs.h"
#include "app/views/pipeline_view.h"
#include "app/views/runs_view.h"
#include "app/widgets/scatter_chart.h"
#include "app/window/main_window.h"
#include "core/trace/read_trace.h"
#include "tests/gui/chart_support.h"
#include "tests/gui/fake_ssh.h"
#include "tests/gui/gui_support.h"

#include <QAction>
#include <QComboBox>
#include <QDir>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <gtest/gtest.h>

#include <csignal>

namespace alpa::app
{
namespace
{

TEST(RunCommand, QuotesForTheOtherMachinesShellAndSendsThePlanOverStandardInput)
{
    const RunCommand command =
        runCommand({QStringLiteral("me@gpu1"), QStringLiteral("/opt/al pa/bin/alpa")}, {},
                   QStringLiteral("/tmp/p.json"), QStringLiteral("cuda:4"), 20, 1e-3,
                   QStringLiteral("trace here.json"));
    EXPECT_EQ(command.program, QStringLiteral("ssh"));
    EXPECT_EQ(command.standardInput, QStringLiteral("/tmp/p.json"));
    EXPECT_EQ(command.arguments[command.arguments.size() - 2], QStringLiteral("me@gpu1"));
    EXPECT_TRUE(command.arguments.last().contains(QStringLiteral("'/opt/al pa/bin/alpa' run")))
        << command.arguments.last().toStdString();
    EXPECT_EQ(command.arguments[command.arguments.size() - 3], QStringLiteral("--"))
        << "a host cannot be an option";
    EXPECT_TRUE(command.arguments.last().contains(QStringLiteral("--trace - ")))
        << "the trace comes back among the lines";
    const RunCommand here = runCommand({}, QStringLiteral("/bin/alpa"), QStringLiteral("p.json"),
                                       QStringLiteral("cpu:4"), 5, 0, {});
    EXPECT_EQ(here.arguments, (QStringList{QStringLiteral("run"), QStringLiteral("p.json"),
                                           QStringLiteral("--devices"), QStringLiteral("cpu:4"),
                                           QStringLiteral("--steps"), QStringLiteral("5"),
                                           QStringLiteral("--json")}));
}

TEST(Devices, NoGpuIsANoteAndSilenceAProblem)
{
    const FoundDevices none = readDevices(R"({"cores":8,"gpus":0,"note":"no driver"})", {});
    EXPECT_EQ(none.cores, 8);
    EXPECT_EQ(none.gpuNote, QStringLiteral("no driver"));
    EXPECT_TRUE(none.problem.isEmpty());
    EXPECT_FALSE(readDevices("", {}).problem.isEmpty());
    EXPECT_FALSE(readDevices("[1]", {}).problem.isEmpty());
    EXPECT_FALSE(readDevices("{\"cores\":", {}).problem.isEmpty());
}

class RunQueueTest : public ::testing::Test
{
protected:
    void SetUp() override
    {
        if (findProgram(QStringLiteral("alpa")).isEmpty())
            GTEST_SKIP() << "the command line program alpa is not built";
        window_ = std::make_unique<MainWindow>(profile_.path());
        window_->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
        window_->openFile(samplePath(QStringLiteral("mlp-tiny")), QStringLiteral("cpu-x2"));
        ASSERT_TRUE(
            waitUntil([this] { return session().shownPlan() != nullptr && !session().isStale(); }));
    }
    Session& session() { return *window_->session(); }
    template <typename Widget>
    Widget* find(QWidget* in, const char* name)
    {
        auto* widget = in->findChild<Widget*>(QString::fromLatin1(name));
        EXPECT_NE(widget, nullptr) << name;
        return widget;
    }
    RunDialog* openDialog()
    {
        window_->findChild<QAction*>(QStringLiteral("actionRunAsk"))->trigger();
        return window_->findChild<RunDialog*>();
    }
    QTemporaryDir profile_;
    std::unique_ptr<MainWindow> window_;
};

TEST_F(RunQueueTest, TwoPlansTakeTurnsAndAreTold)
{
    app::Setup other = session().setup();
    other.options.constraints.microbatches = 2;
    session().editSetup(other, QStringLiteral("Microbatches 2"));
    ASSERT_TRUE(waitUntil([this] { return !session().isStale(); }));
    RunDialog* dialog = openDialog();
    ASSERT_NE(dialog, nullptr);
    auto* plans = find<QListWidget>(dialog, "runPlans");
    ASSERT_EQ(plans->count(), 2);
    for (int row = 0; row < 2; ++row)
        plans->item(row)->setCheckState(Qt::Checked);
    find<QSpinBox>(dialog, "runDialogSteps")->setValue(8);
    find<QSpinBox>(dialog, "runRepeats")->setValue(2);
    EXPECT_TRUE(find<QLabel>(dialog, "runNote")->text().contains(QStringLiteral("4 runs")));
    QTest::mouseClick(find<QPushButton>(dialog, "runAccept"), Qt::LeftButton);
    ASSERT_EQ(session().runs().size(), 4u);
    ASSERT_TRUE(waitUntil(
        [this] {
            return !session().isRunActive() && session().runQueue()->waitingCount() == 0 &&
                   session().runs().back().state == RunRecord::State::kDone;
        },
        60000));
    const auto& runs = session().runs();
    EXPECT_NE(runs[0].planId, runs[1].planId);
    EXPECT_EQ(runs[0].planId, runs[2].planId) << "A, B, A, B";
    EXPECT_EQ(runs[3].repeat, 1);
    ASSERT_EQ(runs[0].deviceMemory.size(), 2u);
    EXPECT_GT(runs[0].deviceMemory[0].count, 0);
    const auto measured = session().measurement(runs[0].planId);
    ASSERT_TRUE(measured);
    EXPECT_EQ(measured->runs, 2);
    EXPECT_EQ(measured->steps, 14) << "7 of each, without the first";
    EXPECT_LE(measured->low, measured->median);
    // Predictions against measurements: a point a plan, and how far off the prediction is.
    window_->pages()->setCurrentWidget(find<QWidget>(window_.get(), "compareView"));
    find<QTabWidget>(window_.get(), "compareTabs")->setCurrentIndex(2);
    const auto* accuracy = find<ScatterChart>(window_.get(), "accuracyChart");
    ASSERT_TRUE(accuracy->isVisible());
    ASSERT_EQ(accuracy->points().size(), 2u);
    const QString errors = find<QLabel>(window_.get(), "accuracyText")->text();
    for (const ScatterPoint& point : accuracy->points()) {
        const PlanEntry* entry = session().entry(point.id);
        const double predicted = entry->plan()->stepTime.count;
        EXPECT_DOUBLE_EQ(point.x, predicted);
        EXPECT_DOUBLE_EQ(point.y, session().measurement(point.id)->median.count);
        const double percent = (predicted / point.y - 1) * 100;
        EXPECT_TRUE(errors.contains(entry->name)) << errors.toStdString();
        const qsizetype at = errors.indexOf(entry->name) + entry->name.size();
        const QString shown = errors.mid(at + 2).section(u' ', 0, 0).replace(u'\u2212', u'-');
        EXPECT_NEAR(shown.toDouble(), percent, 0.051) << errors.toStdString();
    }
    // The dialog remembers.
    RunDialog* again = openDialog();
    EXPECT_EQ(find<QSpinBox>(again, "runRepeats")->value(), 2);
    again->reject();
}

TEST_F(RunQueueTest, ARunIsLaidOverThePlanInstructionByInstruction)
{
    app::Setup pipeline = session().setup();
    pipeline.options.constraints.fixedPp = 2;
    session().editSetup(pipeline, QStringLiteral("Two stages"));
    ASSERT_TRUE(waitUntil([this] { return !session().isStale(); }));
    ASSERT_EQ(session().shownPlan()->plan()->stages.size(), 2u);
    auto* view = find<PipelineView>(window_.get(), "pipelineView");
    window_->pages()->setCurrentWidget(view);
    session().queueRuns({.planIds = {session().shownPlan()->id},
                         .place = {},
                         .devices = QStringLiteral("cpu"),
                         .steps = 3,
                         .repeats = 1,
                         .learningRate = 0},
                        findProgram(QStringLiteral("alpa")));
    auto* note = find<QLabel>(window_.get(), "measuredNote");
    ASSERT_TRUE(
        waitUntil([&] { return note->text().contains(QStringLiteral("instructions")); }, 30000))
        << note->text().toStdString();
    EXPECT_FALSE(note->text().contains(QStringLiteral("another program")));
    // An instruction that is clicked selects its op, wherever that is shown.
    auto* chart = find<TimelineChart>(view, "timelineChart");
    const QPointF dot = placeOfLaunch(*chart, QStringLiteral("dot"));
    ASSERT_FALSE(dot.isNull());
    EXPECT_TRUE(chart->tipAt(dot).contains(QStringLiteral(": dot ")))
        << chart->tipAt(dot).toStdString();
    EXPECT_TRUE(chart->tipAt(dot).contains(QStringLiteral("predicted")))
        << chart->tipAt(dot).toStdString();
    QTest::mouseClick(chart, Qt::LeftButton, {}, dot.toPoint());
    EXPECT_EQ(session().selection()->current().kind, Selection::Kind::kOp);
}

TEST_F(RunQueueTest, OverSshTheSameLinesComeBack)
{
    fakeSsh(profile_.path());
    RunDialog* dialog = openDialog();
    ASSERT_NE(dialog, nullptr);
    find<QComboBox>(dialog, "runMachine")->setCurrentIndex(1);
    EXPECT_FALSE(find<QPushButton>(dialog, "runAccept")->isEnabled()) << "no host is named";
    find<QLineEdit>(dialog, "runHost")->setText(QStringLiteral("gpu1"));
    find<QLineEdit>(dialog, "runProgram")->setText(findProgram(QStringLiteral("alpa")));
    bool hasAnswered = false;
    QObject::connect(dialog, &RunDialog::devicesFound, [&] { hasAnswered = true; });
    QTest::mouseClick(find<QPushButton>(dialog, "runLook"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil([&] { return hasAnswered; }, 20000));
    EXPECT_TRUE(find<QLabel>(dialog, "runFound")->text().startsWith(QStringLiteral("Found")))
        << find<QLabel>(dialog, "runFound")->text().toStdString();
    find<QSpinBox>(dialog, "runDialogSteps")->setValue(4);
    QTest::mouseClick(find<QPushButton>(dialog, "runAccept"), Qt::LeftButton);
    ASSERT_TRUE(waitUntil(
        [this] {
            return !session().runs().empty() &&
                   session().runs().back().state == RunRecord::State::kDone;
        },
        30000))
        << session().runs().back().message.toStdString();
    const RunRecord& run = session().runs().back();
    EXPECT_EQ(run.host, QStringLiteral("gpu1"));
    EXPECT_EQ(run.steps.size(), 4u);
    QFile trace(run.traceFile);
    ASSERT_TRUE(trace.open(QIODevice::ReadOnly)) << "the trace comes back too";
    const Result<Trace> read = parseChromeTrace(trace.readAll().toStdString());
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->steps.size(), 4u);
    EXPECT_FALSE(read->launches.empty());
    EXPECT_TRUE(run.log.join(u' ').contains(QStringLiteral("asked for gpu1")))
        << "what ssh says is in the log";
}

// The other machine's shell killed at once, as a lost connection may: no file stays behind there.
TEST_F(RunQueueTest, KilledOnTheOtherMachineNothingOfThePlanStaysThere)
{
    fakeSsh(profile_.path());
    const QTemporaryDir there;
    qputenv("TMPDIR", there.path().toUtf8());
    session().queueRuns({.planIds = {session().shownPlan()->id},
                         .place = {QStringLiteral("gpu1"), findProgram(QStringLiteral("alpa"))},
                         .devices = QStringLiteral("cpu"),
                         .steps = 500000,
                         .repeats = 1,
                         .learningRate = 0},
                        findProgram(QStringLiteral("alpa")));
    const bool isRunning =
        waitUntil([this] { return session().runs()[0].steps.size() > 2; }, 30000);
    qunsetenv("TMPDIR");
    ASSERT_TRUE(isRunning) << session().runs()[0].message.toStdString();
    EXPECT_TRUE(QDir(there.path()).isEmpty()) << "already while it runs";
    const auto process = static_cast<pid_t>(session().runQueue()->processId());
    ASSERT_EQ(::kill(process, SIGKILL), 0);
    ASSERT_TRUE(waitUntil([this] { return session().runs()[0].state == RunRecord::State::kFailed; },
                          10000));
    ASSERT_TRUE(waitUntil(
        [this] { return QFile::exists(profile_.filePath(QStringLiteral("over"))); }, 30000));
    EXPECT_TRUE(QDir(there.path()).isEmpty());
}

TEST_F(RunQueueTest, KilledRunIsReportedTheNextOneRunsAndTheWindowLives)
{
    session().queueRuns({.planIds = {session().shownPlan()->id},
                         .place = {},
                         .devices = QStringLiteral("cpu"),
                         .steps = 500000,
                         .repeats = 2,
                         .learningRate = 0},
                        findProgram(QStringLiteral("alpa")));
    ASSERT_TRUE(waitUntil([this] { return session().runs()[0].steps.size() > 3; }, 30000));
    const qint64 process = session().runQueue()->processId();
    ASSERT_GT(process, 0);
    ASSERT_EQ(::kill(static_cast<pid_t>(process), SIGKILL), 0);
    ASSERT_TRUE(waitUntil([this] { return session().runs()[0].state == RunRecord::State::kFailed; },
                          10000));
    EXPECT_TRUE(session().runs()[0].message.contains(QStringLiteral("killed")) &&
                session().runs()[0].message.contains(QStringLiteral("of 500000")))
        << session().runs()[0].message.toStdString();
    EXPECT_TRUE(window_->isVisible());
    ASSERT_TRUE(waitUntil([this] { return session().runs()[1].steps.size() > 3; }, 30000))
        << "the queue goes on";
    window_->pages()->setCurrentWidget(window_->runsView());
    QTest::mouseClick(window_->findChild<QPushButton*>(QStringLiteral("runStop")), Qt::LeftButton);
    ASSERT_TRUE(waitUntil(
        [this] { return session().runs()[1].state == RunRecord::State::kStopped; }, 10000));
}

TEST_F(RunQueueTest, ProgramThatIsNotThereIsAMessage)
{
    session().queueRuns({.planIds = {session().shownPlan()->id},
                         .place = {},
                         .devices = QStringLiteral("cpu"),
                         .steps = 5,
                         .repeats = 1,
                         .learningRate = 0},
                        QStringLiteral("/nowhere/alpa"));
    ASSERT_TRUE(waitUntil([this] { return session().runs()[0].state == RunRecord::State::kFailed; },
                          10000));
    EXPECT_TRUE(session().runs()[0].message.contains(QStringLiteral("/nowhere/alpa")));
}

} // namespace
} // namespace alpa::app
