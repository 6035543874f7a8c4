// Trace: what a run did and when, measured. Calibration and the window compare it with what the
// plan predicted.
#pragma once

#include "core/base/result.h"
#include "core/base/units.h"
#include "core/program/program.h"

#include <string>
#include <vector>

namespace alpa
{

/// One segment run of one device; times since the start of the run.
struct TraceEvent {
    int step = 0;
    int stage = 0;
    int device = 0; ///< Position in the stage's mesh.
    SegmentKind kind = SegmentKind::kForward;
    int microbatch = 0;
    Seconds start, end;
    Seconds communication; ///< Part of it spent in collectives and waiting for receives.
};

/// One launch of one device: an instruction, or several that a backend runs as one.
struct TraceLaunch {
    int step = 0;
    int stage = 0;
    int device = 0; ///< Position in the stage's mesh.
    SegmentKind kind = SegmentKind::kForward;
    int microbatch = 0;
    size_t instruction = 0;      ///< Into Segment::instructions.
    std::vector<size_t> covered; ///< Others of the segment whose results it computes as well.
    bool isBeside = false;       ///< On a queue of its own, beside the device's other launches.
    Seconds start, end;
};

struct TraceStep {
    Seconds start, end;
    double loss = 0;
};

/// In a Chrome trace, threads of what runs beside a stage's devices come behind the devices' own.
constexpr int kBesideThreads = 1 << 16;

struct Trace {
    std::vector<TraceStep> steps;
    std::vector<TraceEvent> events;
    std::vector<TraceLaunch> launches; ///< Of the last step, if they were asked for.
};

/// What the planner expects of a launch `isOf(program)`: of all that it computes. Zero if nothing
/// is known.
Seconds predictedTime(const Program& program, const TraceLaunch& launch);
/// Are the stage, device, microbatch and instructions of the launch in `program`?
bool isOf(const Program& program, const TraceLaunch& launch);

/// Chrome trace event format: one process per stage, one thread per device, and one for what runs
/// beside it. Opens in Perfetto. Launches lie within their segments and are named after `program`.
std::string traceToChromeJson(const Trace& trace, const Program& program);

} // namespace alpa
