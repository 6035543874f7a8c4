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

struct TraceStep {
    Seconds start, end;
    double loss = 0;
};

struct Trace {
    std::vector<TraceStep> steps;
    std::vector<TraceEvent> events;
};

/// Chrome trace event format: one process per stage, one thread per device. Opens in Perfetto.
std::string traceToChromeJson(const Trace& trace);

} // namespace alpa
