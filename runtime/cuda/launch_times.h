// What the launches of one step took on one GPU, by class: measured time beside the least that the
// memory and the arithmetic units would need.
#pragma once

#include "core/base/units.h"

#include <map>
#include <mutex>
#include <string>

namespace alpa
{

struct LaunchClass {
    Seconds time;
    Seconds predicted; ///< By the planner.
    int launches = 0;
    double bytes = 0; ///< Read and written, each buffer once.
    double flops = 0; ///< Of matrix products and attention.
};

/// Filled by the program's first GPU in its fourth step, or the last if there are fewer.
struct LaunchTimes {
    std::mutex mutex;
    std::map<std::string, LaunchClass> classes;  ///< "products", "attention", ...
    std::map<std::string, LaunchClass> launches; ///< By label, with what they work on.
    std::map<std::string, LaunchClass> beside;   ///< As `classes`: what ran on the second stream.
    int64_t arenaBytes = 0;
    int64_t plannedBytes = 0; ///< The program's arena, without fusion.
};

} // namespace alpa
