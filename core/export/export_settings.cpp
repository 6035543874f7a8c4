#include "core/export/export_settings.h"

#include "core/export/parallel_layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

using Json = nlohmann::ordered_json;

constexpr std::string_view kDeepspeed = "DeepSpeed";
constexpr std::string_view kTpPlan = "a tp_plan";

/// "layers.*.q_proj" for "layers.3.q_proj".
std::string wildcardName(const ParallelLayout& layout, const std::string& module)
{
    const std::optional<BlockName> block = blockIn(layout, module);
    return block ? block->prefix + "*" + block->rest : module;
}

/// One layout for the modules of all blocks; refuses blocks that differ.
Result<std::vector<std::pair<std::string, ModuleLayout>>>
layoutsByWildcard(const ParallelLayout& layout, std::string_view format)
{
    std::vector<std::pair<std::string, ModuleLayout>> patterns;
    for (const ModuleLayout& module : layout.modules) {
        const std::string pattern = wildcardName(layout, module.name);
        const auto known =
            std::ranges::find(patterns, pattern, [](const auto& p) { return p.first; });
        if (known == patterns.end())
            patterns.emplace_back(pattern, module);
        else if (known->second.partition != module.partition)
            return refusal(format, fmt::format("{} is split by {} and {} by {}", known->second.name,
                                               partitionName(known->second.partition), module.name,
                                               partitionName(module.partition)));
    }
    return patterns;
}

std::string regexOf(const std::string& pattern)
{
    std::string regex = "(^|.*\\.)";
    for (const char c : pattern) {
        if (c == '*')
            regex += "\\d+";
        else
            regex += c == '.' ? "\\." : std::string(1, c);
    }
    return regex + "\\.(weight|kernel)$";
}

bool usesDtype(const Graph& graph, DType dtype)
{
    return std::ranges::any_of(graph.ops, [&](const Op& op) {
        return op.kind == OpKind::kDot && graph.type(op.results[0]).dtype == dtype;
    });
}

Json zeroOptions(const ParallelLayout& layout)
{
    Json zero = {{"stage", layout.zeroStage}};
    if (layout.zeroStage > 0)
        zero.update({{"overlap_comm", true}, {"contiguous_gradients", true}});
    return zero;
}

Json optimizerOptions(const OptimizerOptions& optimizer)
{
    const bool isSgd = optimizer.kind == OptimizerOptions::Kind::kSgd;
    Json parameters = {{"lr", optimizer.learningRate}};
    if (!isSgd)
        parameters.update(
            {{"betas", {optimizer.beta1, optimizer.beta2}}, {"eps", optimizer.epsilon}});
    if (optimizer.kind == OptimizerOptions::Kind::kAdamW)
        parameters["weight_decay"] = optimizer.weightDecay;
    const char* type = isSgd                                              ? "SGD"
                       : optimizer.kind == OptimizerOptions::Kind::kAdamW ? "AdamW"
                                                                          : "Adam";
    return {{"type", type}, {"params", parameters}};
}

std::string_view tpStyle(const ModuleLayout& module)
{
    switch (module.partition) {
    case Partition::kColumn:
        return module.parts.empty() ? "colwise" : "packed_colwise";
    case Partition::kRow:
        return module.isInputSplit ? "rowwise" : "rowwise_split_input";
    case Partition::kVocabulary:
        return "embedding_rowwise";
    case Partition::kEmbeddingColumn:
        return "embedding_colwise";
    case Partition::kSequence:
        return "sequence_parallel";
    case Partition::kReplicated:
        break;
    }
    return "";
}

} // namespace

Result<std::string> exportDeepspeed(const ParallelPlan& plan)
{
    RETURN_IF_ERROR(requireOneStage(plan, kDeepspeed,
                                    "which are code (PipelineModule), not configuration; plan with "
                                    "--pp 1"));
    ASSIGN_OR_RETURN(const ParallelLayout layout, uniformLayout(plan, kDeepspeed));
    RETURN_IF_ERROR(requireAllDevices(plan, kDeepspeed));
    if (layout.repeatsCheapOps)
        return refusal(kDeepspeed,
                       "it recomputes cheap operations, and whole layers are all that "
                       "can be recomputed there; plan with --recomputation none or full");
    if (layout.zeroStage == 3 && layout.tensorParallel > 1)
        return refusal(kDeepspeed,
                       "ZeRO 3 and tensor parallelism do not run together there (AutoTP "
                       "trains with stages 0 to 2); plan with --strategy zero2 or --tp 1");
    const int64_t perDevice = plan.microbatchSize / layout.dataParallel;
    Json json = {{"train_batch_size", plan.globalBatch()},
                 {"train_micro_batch_size_per_gpu", perDevice},
                 {"gradient_accumulation_steps", plan.microbatches}};
    // A file with a whole step has an optimizer of its own: that is the caller's to give.
    if (hasPlannersOptimizer(plan))
        json["optimizer"] = optimizerOptions(plan.options.optimizer);
    json.update({{"bf16", {{"enabled", usesDtype(*plan.graph, DType::kBF16)}}},
                 {"fp16", {{"enabled", usesDtype(*plan.graph, DType::kF16)}}},
                 {"zero_optimization", zeroOptions(layout)}});
    if (layout.tensorParallel > 1) {
        ASSIGN_OR_RETURN(const auto patterns, layoutsByWildcard(layout, kDeepspeed));
        Json specs = Json::array();
        for (const auto& [pattern, module] : patterns) {
            if (module.partition != Partition::kColumn && module.partition != Partition::kRow)
                continue;
            Json spec = {{"patterns", {regexOf(pattern)}},
                         {"partition_type", std::string(partitionName(module.partition))}};
            if (!module.parts.empty())
                spec["shape"] = {module.parts, -1};
            specs.push_back(spec);
        }
        if (specs.empty())
            return refusal(kDeepspeed, "its tensor axis splits no module by columns or rows");
        json["tensor_parallel"] = {
            {"autotp_size", layout.tensorParallel},
            {"partition_config", {{"use_default_specs", false}, {"layer_specs", specs}}}};
    }
    if (layout.recomputes)
        json["activation_checkpointing"] = {{"partition_activations", layout.tensorParallel > 1}};
    return json.dump(2) + "\n";
}

Result<std::string> exportTpPlan(const ParallelPlan& plan)
{
    RETURN_IF_ERROR(requireOneStage(plan, kTpPlan, "and says nothing of stages; plan with --pp 1"));
    ASSIGN_OR_RETURN(const ParallelLayout layout, uniformLayout(plan, kTpPlan));
    ASSIGN_OR_RETURN(const auto patterns, layoutsByWildcard(layout, kTpPlan));
    Json json = Json::object();
    for (const auto& [pattern, module] : patterns) {
        if (const std::string_view style = tpStyle(module); !style.empty())
            json[pattern] = style;
    }
    if (layout.tensorParallel == 1 || json.empty())
        return refusal(kTpPlan, "it has no tensor parallelism");
    return json.dump(2) + "\n";
}

} // namespace alpa
