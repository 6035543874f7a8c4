// Plans of the tiny models in every parallel form, and what they must train like: JAX on one
// device.
#pragma once

#include "core/plan/make_plan.h"
#include "runtime/device/device.h"
#include "tests/numeric/sample_model.h"

#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace alpa
{

struct PlanCase {
    std::string name = {}; ///< "dp", "tp_pp"
    std::string model = {};
    int devices = 1;
    PlanStrategy strategy = PlanStrategy::kAuto;
    std::optional<int> dp = {};
    std::optional<int> tp = {};
    std::optional<int> pp = {};
    std::optional<int> microbatches = {};
    std::vector<int> mesh = {}; ///< Axes of every stage.
    std::optional<ScheduleKind> schedule = {};
    std::optional<int> chunks = {};
    std::optional<bool> selective = {}; ///< Recomputation of cheap ops.
    std::optional<bool> full = {};      ///< Recomputation of everything.
    std::optional<int> cp = {};         ///< Devices that split the sequence.
    std::optional<int> layers = {};     ///< Of every stage that run again.
    bool hasTwoKinds = false;           ///< Half of the devices are slower and smaller.
    int idle = 0;                       ///< Devices that the plan leaves idle; 0: it may not.
    int repeats = 1; ///< The global batch is the file's, so often: the same mean loss.
    bool usesSgd = false;
    std::string pattern = {}; ///< Of parameters to be stored as `spec`; empty: none.
    std::string spec = {};
};

std::string caseName(const PlanCase& test);
void PrintTo(const PlanCase& test, std::ostream* out);
/// `cluster`: a preset without its count, "cpu".
PlanRequest requestOf(const PlanCase& test, const std::string& cluster = "cpu");
/// All cases, for 1 to 8 devices.
std::vector<PlanCase> planCases();
/// Plans, lowers and runs the case on `backend`, and compares its losses.
void checkPlanCase(const PlanCase& test, const std::string& cluster, Backend& backend);

} // namespace alpa
