// Reading traces back: what was printed, what other tools add, and what is broken.
#include "core/trace/read_trace.h"
#include "tests/support/program_builder.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <cmath>

namespace alpa
{
namespace
{

TraceEvent event(int step, int stage, int device, SegmentKind kind, int microbatch, double start,
                 double end)
{
    return {step,       stage,          device,       kind,
            microbatch, Seconds(start), Seconds(end), Seconds((end - start) / 4)};
}

void expectSame(const Trace& read, const Trace& wanted)
{
    ASSERT_EQ(read.steps.size(), wanted.steps.size());
    ASSERT_EQ(read.events.size(), wanted.events.size());
    for (size_t i = 0; i < wanted.steps.size(); ++i) {
        EXPECT_NEAR(read.steps[i].start.count, wanted.steps[i].start.count, 1e-12);
        EXPECT_NEAR(read.steps[i].end.count, wanted.steps[i].end.count, 1e-12);
        EXPECT_DOUBLE_EQ(read.steps[i].loss, wanted.steps[i].loss);
    }
    for (size_t i = 0; i < wanted.events.size(); ++i) {
        const TraceEvent& a = read.events[i];
        const TraceEvent& b = wanted.events[i];
        EXPECT_EQ(std::tuple(a.step, a.stage, a.device, a.kind, a.microbatch),
                  std::tuple(b.step, b.stage, b.device, b.kind, b.microbatch));
        EXPECT_NEAR(a.start.count, b.start.count, 1e-12);
        EXPECT_NEAR(a.end.count, b.end.count, 1e-12);
        EXPECT_NEAR(a.communication.count, b.communication.count, 1e-12);
    }
}

TEST(ParseChromeTrace, WhatWasPrintedIsReadBack)
{
    Trace trace;
    trace.steps = {{Seconds(0), Seconds(0.01), 5.5}, {Seconds(0.01), Seconds(0.019), 5.25}};
    trace.events = {event(0, 0, 0, SegmentKind::kBegin, 0, 0, 0.001),
                    event(0, 0, 1, SegmentKind::kForward, 3, 0.001, 0.002),
                    event(0, 1, 0, SegmentKind::kBackward, 12, 0.002, 0.004),
                    event(1, 1, 0, SegmentKind::kWeightGradient, 1, 0.011, 0.012),
                    event(1, 1, 1, SegmentKind::kUpdate, 0, 0.012, 0.013)};
    const Result<Trace> read = parseChromeTrace(traceToChromeJson(trace, Program()));
    ASSERT_TRUE(read.ok()) << read.error().message;
    expectSame(*read, trace);
}

/// One stage of two devices whose forward holds `instructions` negations.
Program negations(int instructions)
{
    ProgramBuilder builder;
    builder.addStage({2});
    const BufferId x = builder.buffer(0, "x", {DType::kF32, {4}}, BufferKind::kParameter);
    for (int i = 0; i < instructions; ++i)
        builder.compute(0, SegmentKind::kForward, OpKind::kNegate, {x}, {x});
    return builder.program();
}

TEST(ParseChromeTrace, LaunchesAreReadBackWithTheInstructionsTheyStandFor)
{
    Program program = negations(3);
    for (const auto& [index, seconds] : {std::pair(size_t{1}, 0.25), std::pair(size_t{2}, 0.5)})
        program.stages[0].segments[size_t(SegmentKind::kForward)].instructions[index].predicted =
            Seconds(seconds);
    Trace trace;
    trace.launches = {{.step = 4,
                       .stage = 0,
                       .device = 1,
                       .kind = SegmentKind::kForward,
                       .instruction = 2,
                       .covered = {0, 1},
                       .start = Seconds(0.5),
                       .end = Seconds(0.75)},
                      {.step = 4,
                       .stage = 0,
                       .device = 0,
                       .kind = SegmentKind::kForward,
                       .instruction = 0,
                       .covered = {},
                       .isBeside = true,
                       .start = Seconds(0.625),
                       .end = Seconds(1)}};
    const std::string text = traceToChromeJson(trace, program);
    EXPECT_NE(text.find(R"("name":"negate x")"), std::string::npos) << text;
    EXPECT_NE(text.find(R"("predicted_us":750000.0)"), std::string::npos)
        << "of all three instructions: " << text;
    EXPECT_NE(text.find(R"({"name":"device 0, beside"})"), std::string::npos) << text;
    const Result<Trace> read = parseChromeTrace(text);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_TRUE(read->events.empty());
    ASSERT_EQ(read->launches.size(), 2u);
    for (size_t i = 0; i < 2; ++i) {
        const TraceLaunch& a = read->launches[i];
        const TraceLaunch& b = trace.launches[i];
        EXPECT_EQ(std::tuple(a.step, a.stage, a.device, a.kind, a.microbatch, a.instruction),
                  std::tuple(b.step, b.stage, b.device, b.kind, b.microbatch, b.instruction));
        EXPECT_EQ(a.covered, b.covered);
        EXPECT_EQ(a.isBeside, b.isBeside);
        EXPECT_NEAR(a.start.count, b.start.count, 1e-12);
        EXPECT_NEAR(a.end.count, b.end.count, 1e-12);
        EXPECT_TRUE(isOf(program, a));
    }
    EXPECT_FALSE(isOf(negations(2), read->launches[0])) << "instruction 2 of two";
    EXPECT_FALSE(isOf(Program(), read->launches[1])) << "no such stage";
}

TEST(ParseChromeTrace, LaunchesWithoutAPlaceAreRefused)
{
    for (const char* arguments : {R"("segment": "F1", "instruction": 1)",
                                  R"("step": 0, "segment": "F1", "instruction": 1e12)",
                                  R"("step": 0, "segment": "F1", "instruction": 1, "covers": [-1])",
                                  R"("step": 0, "segment": "F99999999999", "instruction": 1)"}) {
        const Result<Trace> read = parseChromeTrace(
            R"([{"ph": "X", "name": "dot", "pid": 1, "tid": 0, "ts": 1, "dur": 2, "args": {)" +
            std::string(arguments) + "}}]");
        EXPECT_FALSE(read.ok()) << arguments;
    }
}

TEST(ParseChromeTrace, RowsOfOtherToolsAreSkipped)
{
    const Result<Trace> read = parseChromeTrace(R"({"otherData": {"a": [1, {"b": null}], "c": true},
        "traceEvents": [
          {"ph": "C", "name": "memory", "pid": 1, "ts": 3, "args": {"bytes": 12}},
          {"ph": "X", "name": "cudaLaunch \"x\"", "pid": 7, "tid": 0, "ts": 1, "dur": 1},
          {"ph": "X", "name": "F1", "pid": 2, "tid": 1, "ts": 1.5, "dur": 2, "cat": "run",
           "args": {"step": 4, "microbatch": 1, "note": ["x"]}}]})");
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_EQ(read->events.size(), 1u);
    EXPECT_EQ(read->events[0].stage, 1);
    EXPECT_EQ(read->events[0].step, 4);
    EXPECT_DOUBLE_EQ(read->events[0].end.count, 3.5e-6);
}

TEST(ParseChromeTrace, BrokenFilesAreRefusedWithTheirPlace)
{
    for (const char* text :
         {"", "{", "[1]", "{\"traceEvents\": [", "{\"traceEvents\": [{\"ph\": \"X", "{\"a\": tru}",
          "{\"traceEvents\": []} x", "{\"traceEvents\": [{\"ts\": 1e999}]}",
          "{\"traceEvents\": [{\"ph\": \"X\", \"name\": \"F0\", \"args\": {\"step\": 0}}]}"}) {
        const Result<Trace> read = parseChromeTrace(text);
        ASSERT_FALSE(read.ok()) << text;
        EXPECT_EQ(read.error().code, ErrorCode::kInvalidInput);
        EXPECT_NE(read.error().message.find("byte "), std::string::npos) << read.error().message;
    }
    EXPECT_FALSE(parseChromeTrace("{\"events\": []}").ok()) << "no list of events";
    EXPECT_FALSE(parseChromeTrace("{\"a\": " + std::string(1000, '[')).ok())
        << "deep nesting ends, not the stack";
}

TEST(ParseChromeTraceProperty, CutAndChangedTextNeverDoesHarm)
{
    Trace trace;
    trace.steps = {{Seconds(0), Seconds(0.01), 5.5}};
    trace.events = {event(0, 0, 1, SegmentKind::kForward, 3, 0.001, 0.002)};
    const std::string whole = traceToChromeJson(trace, Program());
    forEachSeed(300, [&](Rng& rng, int) {
        std::string text = whole.substr(0, static_cast<size_t>(rng.below(int(whole.size()))));
        for (int i = 0; i < 3 && !text.empty(); ++i)
            text[static_cast<size_t>(rng.below(int(text.size())))] =
                static_cast<char>(32 + rng.below(96));
        (void)parseChromeTrace(text).ok();
    });
}

} // namespace
} // namespace alpa
