// Measured over predicted: spans find their tasks, errors are what a pencil gives, and the chart
// shows them.
#include "app/session/measured_timeline.h"
#include "app/session/session.h"
#include "app/settings/theme.h"
#include "app/views/pipeline_view.h"
#include "app/widgets/timeline_chart.h"
#include "tests/gui/chart_support.h"
#include "tests/gui/gui_support.h"
#include "tests/support/program_builder.h"

#include <QComboBox>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

/// Two stages, two microbatches; forward 1 s and backward 2 s in stage 0, twice that in stage 1,
/// sync 1 s, update 0.5 s.
ParallelPlan twoStages()
{
    ParallelPlan plan;
    plan.microbatches = 2;
    plan.stages.resize(2);
    plan.timeline.stages.resize(2);
    plan.timeline.stepTime = Seconds(20);
    using Task = ScheduledTask::Phase;
    for (int stage = 0; stage < 2; ++stage) {
        double time = 0;
        const auto add = [&](Task phase, int microbatch, double seconds) {
            plan.timeline.stages[static_cast<size_t>(stage)].tasks.push_back(
                {{stage, microbatch, phase}, Seconds(time), Seconds(time + seconds)});
            time += seconds;
        };
        for (int microbatch = 0; microbatch < 2; ++microbatch) {
            add(Task::kForward, microbatch, 1.0 + stage);
            add(Task::kBackward, microbatch, 2.0 + 2 * stage);
        }
        add(Task::kGradientSync, 0, 1);
        add(Task::kUpdate, 0, 0.5);
    }
    return plan;
}

Trace traceOf(double factor0, double factor1)
{
    Trace trace;
    const double factors[] = {factor0, factor1};
    for (int step = 0; step < 2; ++step) {
        const double from = 100.0 * step;
        trace.steps.push_back({Seconds(from), Seconds(from + 50), 1});
        for (int stage = 1; stage >= 0; --stage) {
            double time = from;
            const auto add = [&](SegmentKind kind, int microbatch, double seconds) {
                trace.events.push_back(
                    {step, stage, 0, kind, microbatch, Seconds(time), Seconds(time + seconds), {}});
                time += seconds;
            };
            // The first step warms up and is ten times as slow.
            const double factor = factors[stage] * (step == 0 ? 10 : 1);
            add(SegmentKind::kBegin, 0, 0.25);
            for (int microbatch = 0; microbatch < 2; ++microbatch) {
                add(SegmentKind::kForward, microbatch, (1.0 + stage) * factor);
                add(SegmentKind::kBackward, microbatch, (2.0 + 2 * stage) * factor);
            }
            add(SegmentKind::kUpdate, 0, 3);
        }
    }
    return trace;
}

TEST(PredictedSpans, EverySegmentRunFindsItsTask)
{
    const PredictedSpans predicted(twoStages());
    EXPECT_EQ(predicted.of(0, SegmentKind::kForward, 1), Seconds(1));
    EXPECT_EQ(predicted.of(1, SegmentKind::kBackward, 0), Seconds(4));
    EXPECT_EQ(predicted.of(1, SegmentKind::kUpdate, 0), Seconds(1.5))
        << "sync and update are one segment";
    EXPECT_EQ(predicted.of(0, SegmentKind::kBegin, 0), std::nullopt);
    EXPECT_EQ(predicted.of(0, SegmentKind::kForward, 2), std::nullopt) << "no such microbatch";
    EXPECT_EQ(predicted.of(7, SegmentKind::kForward, 0), std::nullopt) << "no such stage";
    const MeasuredSpan span{10, 11.1F, 0, 0, SegmentKind::kForward};
    EXPECT_NEAR(*predicted.error(0, span), 0.1, 1e-5);
}

TEST(StageErrors, AreOfForwardAndBackwardWithoutTheFirstStep)
{
    const std::vector<double> errors =
        stageErrors(twoStages(), *measuredTimeline(traceOf(1.1, 0.8)));
    ASSERT_EQ(errors.size(), 2u);
    EXPECT_NEAR(errors[0], 0.1, 1e-4);
    EXPECT_NEAR(errors[1], -0.2, 1e-4);
    EXPECT_TRUE(stageErrors(twoStages(), MeasuredTimeline()).empty());
}

TEST(MeasuredTimeline, RowsAreOrderedByPlaceAndTime)
{
    const auto timeline = measuredTimeline(traceOf(1, 1));
    ASSERT_EQ(timeline->rows.size(), 2u);
    EXPECT_EQ(timeline->rows[0].stage, 0);
    EXPECT_EQ(timeline->spanCount(), 24u); // 2 steps x 2 stages x (begin, 2 F, 2 B, update)
    for (const MeasuredRow& row : timeline->rows)
        EXPECT_TRUE(std::ranges::is_sorted(row.spans, {}, &MeasuredSpan::start));
}

/// Colours on the row of measured stage 0 differ when its times do.
TEST(TimelineChart, ColoursMeasuredSpansByTheirError)
{
    const auto plan = std::make_shared<const ParallelPlan>(twoStages());
    const auto picture = [&](double factor) {
        TimelineChart chart;
        chart.resize(900, 240);
        chart.setPlan(plan);
        chart.setMeasured(measuredTimeline(traceOf(factor, 1)), 1);
        return chart.grab().toImage();
    };
    const QImage asPredicted = picture(1.0);
    EXPECT_NE(asPredicted, picture(1.4));
    EXPECT_EQ(asPredicted, picture(1.0));
    TimelineChart chart;
    chart.setPlan(plan);
    const int plain = chart.sizeHint().height();
    chart.setMeasured(measuredTimeline(traceOf(1, 1)), 1);
    EXPECT_GT(chart.sizeHint().height(), plain) << "a row for each measured device";
}

/// Stage 0 of a program of twoStages(): its forward is a negation of 0.25 s and one of 0.75 s.
std::shared_ptr<const PredictedInstructions> twoInstructions()
{
    ProgramBuilder builder;
    for (int stage = 0; stage < 2; ++stage) {
        builder.addStage({1});
        const BufferId x = builder.buffer(stage, "x", {DType::kF32, {4}}, BufferKind::kParameter);
        for (int i = 0; i < 2; ++i)
            builder.compute(stage, SegmentKind::kForward, OpKind::kNegate, {x}, {x});
    }
    Program program = builder.program();
    program.microbatches = 2;
    for (StageProgram& stage : program.stages) {
        auto& forward = stage.segments[static_cast<size_t>(SegmentKind::kForward)].instructions;
        for (size_t i = 0; i < 2; ++i) {
            forward[i].predicted = Seconds(i == 0 ? 0.25 : 0.75);
            forward[i].op = OpId(7 + i);
        }
    }
    return std::make_shared<const PredictedInstructions>(twoStages(), program);
}

/// Microbatch 1 of stage 0 in step 1, launch by launch; the second instruction takes `factor` as
/// long as predicted.
Trace launchesOf(double factor)
{
    Trace trace = traceOf(1, 1);
    const auto run = std::ranges::find_if(trace.events, [](const TraceEvent& event) {
        return event.step == 1 && event.stage == 0 && event.kind == SegmentKind::kForward &&
               event.microbatch == 1;
    });
    double time = run->start.count;
    for (const double seconds : {0.25, 0.75 * factor}) {
        TraceLaunch& launch = trace.launches.emplace_back();
        launch.step = 1;
        launch.microbatch = 1;
        launch.instruction = trace.launches.size() - 1;
        launch.start = Seconds(time);
        launch.end = Seconds(time + seconds);
        time += seconds;
    }
    return trace;
}

TEST(MeasuredTimeline, LaunchesFindTheirInstructions)
{
    Trace trace = launchesOf(1.2);
    TraceLaunch both = trace.launches[0];
    both.covered = {1};
    both.isBeside = true;
    TraceLaunch stranger = trace.launches[0];
    stranger.instruction = 2;
    trace.launches.push_back(both);
    trace.launches.push_back(stranger);
    const auto measured = measuredTimeline(trace, twoInstructions());
    ASSERT_EQ(measured->rows[0].launches.size(), 2u);
    EXPECT_EQ(measured->unmatched, 1u) << "the program has no third instruction";
    EXPECT_EQ(measured->launchCount(), 3u);
    const MeasuredLaunch& second = measured->rows[0].launches[1];
    EXPECT_EQ(second.op, OpId(8));
    EXPECT_NEAR(*second.error(), 0.2, 1e-9);
    EXPECT_NEAR(*measured->rows[0].launches[0].error(), 0, 1e-9);
    ASSERT_EQ(measured->rows[0].beside.size(), 1u);
    EXPECT_EQ(measured->rows[0].beside[0].predicted, Seconds(1)) << "of both that it computes";
    EXPECT_EQ(measuredTimeline(trace)->unmatched, trace.launches.size()) << "nothing to match";
}

TEST(PredictedInstructions, DivideTheirSegmentsTime)
{
    const auto predicted = twoInstructions();
    const auto& runs = predicted->runs(0);
    ASSERT_EQ(runs.size(), 5u) << "2 F, 2 B, and an update with its sync";
    EXPECT_EQ(runs[2].kind, SegmentKind::kForward);
    EXPECT_EQ(runs[2].microbatch, 1);
    EXPECT_EQ(runs[2].time.start, Seconds(3));
    EXPECT_EQ(predicted->within(0, runs[2], 0)->end, Seconds(3.25));
    EXPECT_EQ(predicted->within(0, runs[2], 1)->start, Seconds(3.25));
    EXPECT_EQ(predicted->within(0, runs[2], 1)->end, Seconds(4));
    EXPECT_FALSE(predicted->within(0, runs[2], 2)) << "no third instruction";
    EXPECT_EQ(runs[4].time.end - runs[4].time.start, Seconds(1.5));
    EXPECT_FALSE(predicted->within(0, runs[4], 0)) << "an update without instructions";
}

TEST(TimelineChart, ShowsInstructionsColouredByTheirError)
{
    const auto plan = std::make_shared<const ParallelPlan>(twoStages());
    const auto shown = [&](TimelineChart& chart, double factor) {
        chart.resize(900, 300);
        chart.setPlan(plan);
        chart.setMeasured(measuredTimeline(launchesOf(factor), twoInstructions()), 1);
        chart.setVisibleRange(Seconds(0), Seconds(20)); // Bars too narrow for texts.
    };
    TimelineChart slow, exact, fast;
    shown(slow, 1.5);
    shown(exact, 1);
    shown(fast, 0.5);
    const QString second = QStringLiteral("instruction 1: negate x");
    const QPointF at = placeOfTip(fast, second);
    ASSERT_FALSE(at.isNull());
    EXPECT_TRUE(slow.tipAt(at).contains(QStringLiteral("+50.0 %"))) << slow.tipAt(at).toStdString();
    EXPECT_TRUE(fast.tipAt(at).contains(QStringLiteral("F1 of step 1")));
    const Theme& theme = themeOf(&slow);
    const auto colour = [&](TimelineChart& chart) {
        return chart.grab().toImage().pixelColor(at.toPoint());
    };
    EXPECT_EQ(colour(slow), divergingColor(1, theme));
    EXPECT_EQ(colour(exact), divergingColor(0, theme));
    EXPECT_EQ(colour(fast), divergingColor(-1, theme));
    QSignalSpy clicked(&fast, &TimelineChart::opClicked);
    QTest::mouseClick(&fast, Qt::LeftButton, {}, at.toPoint());
    ASSERT_EQ(clicked.count(), 1);
    EXPECT_EQ(clicked[0][0].value<OpId>(), OpId(8));
    const QImage before = fast.grab().toImage();
    fast.setSelectedOps({OpId(8)});
    EXPECT_NE(fast.grab().toImage(), before) << "its instructions are outlined";
    fast.setMeasured(measuredTimeline(launchesOf(1), twoInstructions()), 0);
    EXPECT_TRUE(placeOfTip(fast, second).isNull()) << "another step has none recorded";
}

TEST(TimelineChart, ShowsARangeAskedForWithoutTellingBack)
{
    TimelineChart chart;
    chart.resize(900, 240);
    chart.setPlan(std::make_shared<const ParallelPlan>(twoStages()));
    QSignalSpy spy(&chart, &TimelineChart::visibleRangeChanged);
    chart.setVisibleRange(Seconds(5), Seconds(25));
    EXPECT_NEAR(chart.shownShare().first, 0.25, 1e-9);
    EXPECT_NEAR(chart.shownShare().second, 1.25, 1e-9)
        << "past the end, as the other of two charts may be longer";
    EXPECT_EQ(spy.count(), 0);
}

TEST(PipelineView, LaysATraceOverThePlanAndTellsTheErrors)
{
    Session session;
    app::Setup setup;
    setup.cluster = QStringLiteral("cpu-x4");
    session.setInitialSetup(setup);
    PipelineView view(&session);
    session.openModel(samplePath(QStringLiteral("mlp-tiny")));
    ASSERT_TRUE(waitUntil([&] { return session.shownPlan() != nullptr; }));
    // Everything takes exactly half as long again as predicted.
    Trace trace;
    const ParallelPlan& plan = *session.shownPlan()->plan();
    const PredictedSpans predicted(plan);
    trace.steps.push_back({Seconds(0), Seconds(1), 2});
    for (int microbatch = 0; microbatch < plan.microbatches; ++microbatch) {
        const Seconds time = *predicted.of(0, SegmentKind::kForward, microbatch);
        trace.events.push_back({0,
                                0,
                                0,
                                SegmentKind::kForward,
                                microbatch,
                                Seconds(microbatch),
                                Seconds(microbatch) + time * 1.5,
                                {}});
    }
    const QTemporaryDir directory;
    QFile file(directory.filePath(QStringLiteral("trace.json")));
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(traceToChromeJson(trace, Program())));
    file.close();
    std::vector<double> errors;
    QObject::connect(&view, &PipelineView::measured, &view,
                     [&](const std::vector<double>& now) { errors = now; });
    view.openTraceFile(file.fileName());
    ASSERT_TRUE(waitUntil([&] { return !errors.empty(); }, 20000));
    EXPECT_NEAR(errors[0], 0.5, 0.02);
    EXPECT_TRUE(view.findChild<TimelineChart*>(QStringLiteral("timelineChart"))->hasMeasured());
    EXPECT_EQ(view.findChild<QComboBox*>(QStringLiteral("measuredStep"))->count(), 2)
        << "whole run and one step";
}

} // namespace
} // namespace alpa::app
