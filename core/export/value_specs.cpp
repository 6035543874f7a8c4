#include "core/export/value_specs.h"

#include "core/base/text.h"
#include "core/plan/microbatch_counts.h"
#include "core/plan/plan_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace alpa
{

ValueSpecs collectValueSpecs(const ParallelPlan& plan)
{
    const Graph& graph = *plan.graph;
    ValueSpecs specs;
    specs.produced.resize(graph.values.size());
    specs.stageOfValue.assign(graph.values.size(), -1);
    specs.ofOp.assign(graph.ops.size(), nullptr);
    specs.stageOfOp.assign(graph.ops.size(), -1);
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        for (const PlannedInput& input : stage.inputs) {
            const bool isStored =
                input.source == InputSource::kOwned || input.source == InputSource::kBatch;
            if (!isStored || specs.produced[input.value.index()])
                continue;
            specs.produced[input.value.index()] = input.spec;
            specs.stageOfValue[input.value.index()] = static_cast<int>(s);
        }
        for (size_t i = 0; i < stage.ops.size(); ++i) {
            const Op& op = graph.op(stage.ops[i]);
            specs.ofOp[stage.ops[i].index()] = &stage.shardings[i];
            specs.stageOfOp[stage.ops[i].index()] = static_cast<int>(s);
            for (size_t r = 0; r < op.results.size() && r < stage.shardings[i].results.size();
                 ++r) {
                specs.produced[op.results[r].index()] = stage.shardings[i].results[r];
                specs.stageOfValue[op.results[r].index()] = static_cast<int>(s);
            }
        }
    }
    return specs;
}

std::vector<int> ranksOfStages(const ParallelPlan& plan)
{
    std::vector<int> ranks;
    int count = 0;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        int rank = count;
        for (size_t earlier = 0; earlier < s; ++earlier) {
            if (plan.stages[earlier].mesh.devices == plan.stages[s].mesh.devices)
                rank = ranks[earlier];
        }
        ranks.push_back(rank);
        count = std::max(count, rank + 1);
    }
    return ranks;
}

Error refusal(std::string_view format, std::string_view reason)
{
    return Error(ErrorCode::kUnsupported,
                 fmt::format("{} cannot express this plan: {}", format, reason));
}

Status requireOneStage(const ParallelPlan& plan, std::string_view format, std::string_view advice)
{
    if (plan.stages.size() == 1)
        return {};
    return refusal(format,
                   fmt::format("it has {} pipeline stages, {}", plan.stages.size(), advice));
}

Status requireDevicesInOrder(const ParallelPlan& plan, std::string_view format)
{
    int64_t next = 0;
    const std::vector<int> ranks = ranksOfStages(plan);
    int rank = 0;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        if (ranks[s] < rank)
            continue;
        ++rank;
        for (const DeviceId device : plan.stages[s].mesh.devices) {
            if (static_cast<int64_t>(device.number) != next++)
                return refusal(format, fmt::format("stage {} does not begin behind the devices of "
                                                   "the stage before it",
                                                   s));
        }
    }
    return {};
}

Status requireAllDevices(const ParallelPlan& plan, std::string_view format)
{
    std::set<DeviceId> used;
    for (const PlanStage& stage : plan.stages)
        used.insert(stage.mesh.devices.begin(), stage.mesh.devices.end());
    const int64_t all = plan.cluster.deviceCount();
    if (static_cast<int64_t>(used.size()) == all)
        return {};
    return refusal(format, fmt::format("it leaves {} of {} devices idle, and all that are started "
                                       "take part",
                                       all - static_cast<int64_t>(used.size()), all));
}

bool hasPlannersOptimizer(const ParallelPlan& plan)
{
    const Graph& graph = *plan.graph;
    std::set<std::string_view> parameters;
    for (const GraphInput& input : graph.inputs) {
        if (input.role == InputRole::kParameter)
            parameters.insert(graph.value(input.value).name);
    }
    bool hasLearningRate = false;
    for (const GraphInput& input : graph.inputs) {
        if (input.role != InputRole::kOptimizerState)
            continue;
        const std::string_view name = graph.value(input.value).name;
        const size_t dot = name.rfind('.');
        const std::string_view kind = dot == std::string_view::npos ? "" : name.substr(dot + 1);
        const bool isOfParameter = (kind == "m" || kind == "v" || kind == "master") &&
                                   parameters.contains(name.substr(0, dot));
        hasLearningRate |= name == "learning_rate";
        if (!isOfParameter && name != "learning_rate" && name != "step")
            return false;
    }
    return hasLearningRate;
}

std::vector<std::pair<int, int>> linksOfStages(const ParallelPlan& plan, const ValueSpecs& specs)
{
    std::set<std::pair<int, int>> links;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        for (const PlannedInput& input : plan.stages[s].inputs) {
            const OpId producer = plan.graph->value(input.value).producer;
            if (input.source != InputSource::kReceived || !producer.isValid())
                continue;
            const int from = specs.stageOfOp[producer.index()];
            const int here = static_cast<int>(s);
            links.emplace(std::min(from, here), std::max(from, here));
        }
    }
    return {links.begin(), links.end()};
}

std::string describePlan(const ParallelPlan& plan)
{
    const PlanFigures figures = measurePlan(plan);
    return fmt::format("{} on {}: DP {}, TP {}, PP {}, batch {} in {}, {} predicted",
                       plan.modelName, plan.cluster.name, figures.dp, figures.tp, figures.pp,
                       plan.globalBatch(), microbatchesText(plan.microbatches),
                       formatSeconds(plan.stepTime));
}

} // namespace alpa
