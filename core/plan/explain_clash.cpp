#include "core/plan/explain_clash.h"

#include "core/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace alpa
{
namespace
{

/// How closely the memory that would do is found.
struct MemorySteps {
    std::vector<double> ofBound; ///< Tried in turn, as parts of what is needed at least.
    double tolerance = 0;        ///< As a part of the memory.
};

/// For large models, where to find that no plan fits takes seconds, less closely.
MemorySteps memorySteps(const Graph& model)
{
    if (effortFor(model).isThorough)
        return {{1.0, 1.02, 1.05, 1.1, 1.2, 1.35, 1.6, 2.0, 2.5, 3.0, 3.75, 4.5}, 0.01};
    return {{1.0, 1.1, 1.35, 4.5}, 0.15};
}

/// Every constraint of `constraints` alone, as a way to take it away.
std::vector<std::function<void(PlanConstraints&)>> removals(const PlanConstraints& constraints)
{
    std::vector<std::function<void(PlanConstraints&)>> steps;
    const auto add = [&steps](bool isSet, std::function<void(PlanConstraints&)> remove) {
        if (isSet)
            steps.push_back(std::move(remove));
    };
    // What people give up last is asked last: memory is hardware.
    add(constraints.recomputation.has_value(), [](PlanConstraints& c) { c.recomputation.reset(); });
    add(constraints.selectiveRecomputation.has_value(),
        [](PlanConstraints& c) { c.selectiveRecomputation.reset(); });
    add(constraints.recomputedLayers.has_value(),
        [](PlanConstraints& c) { c.recomputedLayers.reset(); });
    add(!constraints.forbiddenRecomputations.empty(),
        [](PlanConstraints& c) { c.forbiddenRecomputations.clear(); });
    for (const SpecConstraint& spec : constraints.specs)
        add(true, [spec](PlanConstraints& c) { std::erase(c.specs, spec); });
    for (const int cut : constraints.cuts)
        add(true, [cut](PlanConstraints& c) { std::erase(c.cuts, cut); });
    for (const StageMesh& mesh : constraints.stageMeshes)
        add(true, [mesh](PlanConstraints& c) { std::erase(c.stageMeshes, mesh); });
    for (const int cut : constraints.forbiddenCuts)
        add(true, [cut](PlanConstraints& c) { std::erase(c.forbiddenCuts, cut); });
    add(constraints.stateStorage != StorageRule::kFree,
        [](PlanConstraints& c) { c.stateStorage = StorageRule::kFree; });
    add(constraints.parameterStorage != StorageRule::kFree,
        [](PlanConstraints& c) { c.parameterStorage = StorageRule::kFree; });
    add(constraints.usesAllDevices, [](PlanConstraints& c) { c.usesAllDevices = false; });
    add(constraints.microbatches.has_value(), [](PlanConstraints& c) { c.microbatches.reset(); });
    add(constraints.schedule.has_value(), [](PlanConstraints& c) { c.schedule.reset(); });
    add(!constraints.forbiddenSchedules.empty(),
        [](PlanConstraints& c) { c.forbiddenSchedules.clear(); });
    add(constraints.chunks.has_value(), [](PlanConstraints& c) { c.chunks.reset(); });
    add(constraints.maxTp.has_value(), [](PlanConstraints& c) { c.maxTp.reset(); });
    add(constraints.maxDp.has_value(), [](PlanConstraints& c) { c.maxDp.reset(); });
    add(constraints.maxPp.has_value(), [](PlanConstraints& c) { c.maxPp.reset(); });
    add(constraints.fixedTp.has_value(), [](PlanConstraints& c) { c.fixedTp.reset(); });
    add(constraints.fixedDp.has_value(), [](PlanConstraints& c) { c.fixedDp.reset(); });
    add(constraints.fixedPp.has_value(), [](PlanConstraints& c) { c.fixedPp.reset(); });
    add(constraints.contextParallel.has_value(),
        [](PlanConstraints& c) { c.contextParallel.reset(); });
    add(!constraints.meshAxes.empty(), [](PlanConstraints& c) { c.meshAxes.clear(); });
    add(constraints.memoryPerDevice.has_value(),
        [](PlanConstraints& c) { c.memoryPerDevice.reset(); });
    return steps;
}

/// The least memory from `bytes` on that formatMemory() writes as it is: people ask for what they
/// read.
Bytes asWritten(Bytes bytes)
{
    constexpr double kFactor = 1024;
    double unit = 1;
    for (int i = 0; i < 4 && static_cast<double>(bytes.count) >= unit * kFactor; ++i)
        unit *= kFactor;
    const double number = static_cast<double>(bytes.count) / unit;
    const double parts = std::pow(10.0, 3 - std::floor(std::log10(std::max(number, 1.0))));
    return Bytes(static_cast<int64_t>(std::ceil(number * parts) / parts * unit));
}

/// A limit under which there is a plan, and what its devices hold.
struct Enough {
    Bytes limit, held;
};

Result<std::optional<Enough>> planWithin(const PlanRequest& request, PlanConstraints constraints,
                                         Bytes limit, PlanContext& context,
                                         const JobControl& control)
{
    constraints.memoryPerDevice = limit;
    ASSIGN_OR_RETURN(const Attempt any,
                     PlanSearch(request, std::move(constraints), context, control).searchAny());
    if (!any.plan)
        return std::optional<Enough>();
    Enough enough{limit, {}};
    for (size_t s = 0; s < any.plan->stages.size(); ++s)
        enough.held = std::max(enough.held, any.plan->deviceMemory(s));
    return std::optional(enough);
}

/// A limit under which there is a plan, and within the tolerance below it one under which none is
/// found; nothing if even the device's own memory is too little. `bound`: where to begin.
Result<std::optional<Bytes>> sufficientMemory(const PlanRequest& request,
                                              const PlanConstraints& constraints, Bytes bound,
                                              PlanContext& context, const JobControl& control)
{
    Bytes most; // Of the kind of device that has most.
    for (int kind = 0; kind < request.cluster.kindCount(); ++kind)
        most = std::max(most, memoryLimit(request.cluster, {}, kind));
    if (!constraints.memoryPerDevice)
        return std::optional<Bytes>();
    Bytes tooLittle = *constraints.memoryPerDevice;
    std::optional<Enough> enough;
    const MemorySteps steps = memorySteps(*request.model);
    for (const double factor : steps.ofBound) {
        const Bytes limit =
            asWritten(Bytes(static_cast<int64_t>(static_cast<double>(bound.count) * factor)));
        if (limit <= tooLittle)
            continue;
        control.report("finding the memory that would do", -1);
        ASSIGN_OR_RETURN(enough,
                         planWithin(request, constraints, std::min(limit, most), context, control));
        if (enough || limit >= most)
            break;
        tooLittle = limit;
    }
    if (!enough)
        return std::optional<Bytes>();
    while (static_cast<double>((enough->limit - tooLittle).count) >
           static_cast<double>(enough->limit.count) * steps.tolerance) {
        // What the plan at hand holds may do; else halfway.
        Bytes limit = asWritten(enough->held);
        if (limit <= tooLittle || limit >= enough->limit)
            limit = asWritten(tooLittle + (enough->limit - tooLittle) / 2);
        if (limit >= enough->limit)
            break;
        ASSIGN_OR_RETURN(const std::optional<Enough> less,
                         planWithin(request, constraints, limit, context, control));
        if (less)
            enough = less;
        else
            tooLittle = limit;
    }
    return std::optional(enough->limit);
}

} // namespace

/// A minimal clashing set, by deletion: a constraint whose removal still leaves no plan is not
/// needed for the clash.
Result<NoPlan> explainClash(const PlanRequest& request, const PlanConstraints& constraints,
                            NoPlan none, PlanContext& context, const JobControl& control)
{
    PlanConstraints clash = constraints;
    for (const auto& remove : removals(constraints)) {
        control.report("finding the constraints that clash", -1);
        PlanConstraints fewer = clash;
        remove(fewer);
        ASSIGN_OR_RETURN(const bool isFeasible,
                         PlanSearch(request, fewer, context, control).isFeasible());
        if (!isFeasible)
            clash = std::move(fewer);
    }
    const bool isShortOfMemory = none.smallestMemory.has_value();
    if (isShortOfMemory) {
        ASSIGN_OR_RETURN(
            none.smallestMemory,
            sufficientMemory(request, constraints, *none.smallestMemory, context, control));
    }
    none.clashing = listConstraints(clash);
    if (!clash.memoryPerDevice && (isShortOfMemory || none.clashing.empty()))
        none.clashing.push_back(fmt::format("memory {} of {}",
                                            formatMemory(request.cluster.device.memory),
                                            request.cluster.device.name));
    return none;
}

} // namespace alpa
