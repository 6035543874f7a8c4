#include "core/export/parallel_layout.h"

#include "core/export/axis_roles.h"
#include "core/export/head_splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace alpa
{
namespace
{

/// Blocks of the layers that alone run again, by their parameters' names; layers without blocks
/// count as one.
int recomputedBlocks(const Graph& graph, const PlanStage& stage)
{
    if (stage.recomputes || stage.recomputedLayers == 0)
        return 0;
    std::set<int> blocks;
    for (const PlannedInput& input : stage.inputs) {
        const auto block = blockOf(graph.value(input.value).name);
        if (input.source == InputSource::kOwned && block && stage.runsAgain(input.layer))
            blocks.insert(block->number);
    }
    return std::max(stage.recomputedLayers, static_cast<int>(blocks.size()));
}

std::string_view recomputationOf(const PlanStage& stage)
{
    return stage.recomputes        ? "recomputes its activations"
           : stage.repeatsCheapOps ? "recomputes cheap operations"
                                   : "keeps its activations";
}

class LayoutFinder
{
public:
    LayoutFinder(const ParallelPlan& plan, std::string_view format)
        : plan_(plan)
        , graph_(*plan.graph)
        , format_(format)
        , specs_(collectValueSpecs(plan))
        , users_(valueUsers(graph_))
    {
    }

    Result<ParallelLayout> find();

private:
    Status findDegrees();
    Status findZeroStage();
    /// A parameter as a module reads it: whole, or the layer of a stack that an iteration takes.
    struct Weight {
        std::string module;
        ValueId value;
        int stage = 0;
    };
    std::vector<Weight> weightsOf(ValueId parameter) const;
    void findModules();
    void findBlockPrefix();
    void followWeight(ModuleLayout& module, int& rank, ValueId value, int depth);
    /// The share of bytes of the inputs of `role` that the data axes split; nothing without any.
    std::optional<double> splitShare(InputRole role) const;
    std::optional<double> splitShareOfGradients() const;

    const ParallelPlan& plan_;
    const Graph& graph_;
    std::string_view format_;
    ValueSpecs specs_;
    std::vector<std::vector<OpId>> users_;
    std::vector<AxisRoles> roles_; ///< Per stage.
    BatchDims batch_;
    ParallelLayout layout_;
};

Status LayoutFinder::findDegrees()
{
    batch_ = collectRules(graph_).batch;
    for (size_t s = 0; s < plan_.stages.size(); ++s) {
        const PlanStage& stage = plan_.stages[s];
        roles_.push_back(findAxisRoles(graph_, stage, batch_));
        const AxisRoles& roles = roles_.back();
        if (roles.mixed >= 0)
            return refusal(format_,
                           fmt::format("mesh axis {} of stage {} splits the batch in some "
                                       "operations and the model in others",
                                       stage.mesh.axes[static_cast<size_t>(roles.mixed)].name, s));
        const int dp = stage.mesh.groupSize(roles.data);
        const int tp = stage.mesh.groupSize(roles.tensor);
        if (s > 0 && (dp != layout_.dataParallel || tp != layout_.tensorParallel))
            return refusal(format_,
                           fmt::format("stage 0 has DP {} and TP {}, stage {} DP {} and "
                                       "TP {}: it has one degree for all stages",
                                       layout_.dataParallel, layout_.tensorParallel, s, dp, tp));
        layout_.dataParallel = dp;
        layout_.tensorParallel = tp;
        const bool isAlike = stage.recomputes == layout_.recomputes &&
                             stage.repeatsCheapOps == layout_.repeatsCheapOps;
        if (s > 0 && !isAlike)
            return refusal(
                format_, fmt::format("stage {} {} and stage 0 {}: it treats all alike; plan "
                                     "with --recomputation none, selective or full",
                                     s, recomputationOf(stage), recomputationOf(plan_.stages[0])));
        layout_.recomputes = stage.recomputes;
        layout_.repeatsCheapOps = stage.repeatsCheapOps;
        const int blocks = recomputedBlocks(graph_, stage);
        if (blocks > 0 && format_ != kMegatronFormat)
            return refusal(format_, fmt::format("stage {} recomputes its first {} blocks and keeps "
                                                "the others: it recomputes all or nothing",
                                                s, blocks));
        if (s > 0 && blocks != layout_.recomputedBlocks)
            return refusal(format_, fmt::format("stage {} recomputes {} blocks and stage 0 {}: it "
                                                "has one number for all stages",
                                                s, blocks, layout_.recomputedBlocks));
        layout_.recomputedBlocks = blocks;
    }
    layout_.pipelineParallel = std::ranges::max(ranksOfStages(plan_)) + 1;
    return {};
}

std::optional<double> LayoutFinder::splitShare(InputRole role) const
{
    double all = 0;
    double split = 0;
    for (const GraphInput& input : graph_.inputs) {
        const ShardingSpec* spec = specs_.spec(input.value);
        const int stage = specs_.stageOfValue[input.value.index()];
        if (input.role != role || spec == nullptr || stage < 0 || spec->rank == 0)
            continue;
        const double bytes = static_cast<double>(graph_.type(input.value).bytes().count);
        all += bytes;
        if ((spec->splitAxes() & roles_[static_cast<size_t>(stage)].data) != 0)
            split += bytes;
    }
    return all > 0 ? std::optional(split / all) : std::nullopt;
}

std::optional<double> LayoutFinder::splitShareOfGradients() const
{
    double all = 0;
    double split = 0;
    for (const Op& op : graph_.ops) {
        const int stage = specs_.stageOfValue[op.results[0].index()];
        const ShardingSpec* spec = specs_.spec(op.results[0]);
        if (op.kind != OpKind::kAccumulate || spec == nullptr || stage < 0)
            continue;
        const double bytes = static_cast<double>(graph_.type(op.results[0]).bytes().count);
        all += bytes;
        if ((spec->splitAxes() & roles_[static_cast<size_t>(stage)].data) != 0)
            split += bytes;
    }
    return all > 0 ? std::optional(split / all) : std::nullopt;
}

Status LayoutFinder::findZeroStage()
{
    if (layout_.dataParallel == 1)
        return {};
    const std::array<std::pair<const char*, std::optional<double>>, 3> shares = {
        {{"optimizer states", splitShare(InputRole::kOptimizerState)},
         {"gradients", splitShareOfGradients()},
         {"parameters", splitShare(InputRole::kParameter)}}};
    for (size_t stage = 0; stage < shares.size(); ++stage) {
        const std::optional<double> share = shares[stage].second;
        if (!share)
            continue;
        // Small tensors that do not divide stay whole under ZeRO as well.
        constexpr double kMost = 0.8;
        if (*share > 1 - kMost && *share < kMost)
            return refusal(format_, fmt::format("{:.0f} % of the bytes of {} are split over the "
                                                "data axis, and ZeRO splits all of them or none",
                                                *share * 100, shares[stage].first));
        // Each stage of ZeRO splits what the one before it does, and one thing more.
        if (*share < kMost)
            break;
        layout_.zeroStage = static_cast<int>(stage) + 1;
    }
    return {};
}

/// Follows a weight through converts and reshapes to the op that says how it is split: that of the
/// highest rank.
void LayoutFinder::followWeight(ModuleLayout& module, int& rank, ValueId value, int depth)
{
    constexpr int kDeepest = 8;
    for (const OpId user : users_[value.index()]) {
        const Op& op = graph_.op(user);
        const OpSharding* sharding = specs_.ofOp[user.index()];
        const int stage = specs_.stageOfOp[user.index()];
        if (op.phase != Phase::kForward || sharding == nullptr || stage < 0)
            continue;
        for (size_t i = 0; i < op.operands.size(); ++i) {
            if (op.operands[i] != value)
                continue;
            const bool isOtherUse = op.kind == OpKind::kGather || op.kind == OpKind::kDot;
            module.isShared |=
                isOtherUse &&
                rank + rankOfUse(op.kind) == rankOfUse(OpKind::kGather) + rankOfUse(OpKind::kDot);
            const auto use =
                partitionOf(op, i, *sharding, roles_[static_cast<size_t>(stage)].tensor);
            if (!use && depth < kDeepest) {
                followWeight(module, rank, op.results[0], depth + 1);
            } else if (use && rankOfUse(op.kind) > rank) {
                rank = rankOfUse(op.kind);
                module.partition = *use;
                const ValueId other = op.operands.size() == 2 ? op.operands[1 - i] : ValueId();
                const ShardingSpec* arriving = other.isValid() ? specs_.spec(other) : nullptr;
                module.isInputSplit = *use == Partition::kRow && arriving != nullptr &&
                                      *arriving == sharding->operands[1 - i];
            }
        }
    }
}

std::vector<LayoutFinder::Weight> LayoutFinder::weightsOf(ValueId parameter) const
{
    const std::string module = moduleOf(graph_.value(parameter).name);
    const std::vector<int64_t>& dims = graph_.type(parameter).dims;
    const Weight whole{module, parameter, std::max(0, specs_.stageOfValue[parameter.index()])};
    std::map<int64_t, Weight> layers; // By place in the stack.
    for (const OpId user : users_[parameter.index()]) {
        const Op& op = graph_.op(user);
        if (op.phase != Phase::kForward)
            continue;
        if (op.kind != OpKind::kSlice || dims.size() < 2 || dims[0] < 2)
            return {whole};
        const auto& slice = std::get<SliceAttributes>(op.attributes);
        const std::vector<int64_t>& taken = graph_.type(op.results[0]).dims;
        if (taken[0] != 1 || !std::equal(taken.begin() + 1, taken.end(), dims.begin() + 1))
            return {whole};
        const int64_t place = slice.starts[0];
        layers[place] = {fmt::format("iteration_{}.{}", place, module), op.results[0],
                         std::max(0, specs_.stageOfOp[user.index()])};
    }
    if (static_cast<int64_t>(layers.size()) != (dims.empty() ? 0 : dims[0]))
        return {whole};
    std::vector<Weight> weights;
    for (auto& [place, weight] : layers)
        weights.push_back(std::move(weight));
    return weights;
}

void LayoutFinder::findModules()
{
    std::map<std::string, size_t> numbers;
    std::vector<int> ranks; // Of the use that told a module's partition.
    std::map<std::string, const ParameterView*> views;
    for (const ParameterView& view : plan_.views)
        views[view.input] = &view;
    for (const GraphInput& input : graph_.inputs) {
        if (input.role != InputRole::kParameter)
            continue;
        const std::string& name = graph_.value(input.value).name;
        const auto view = views.find(name);
        for (const Weight& weight : weightsOf(input.value)) {
            const auto [entry, isNew] = numbers.emplace(weight.module, layout_.modules.size());
            if (isNew) {
                layout_.modules.emplace_back();
                layout_.modules.back().name = weight.module;
                layout_.modules.back().stage = weight.stage;
                ranks.push_back(0);
            }
            ModuleLayout& module = layout_.modules[entry->second];
            std::vector<int64_t> dims = graph_.type(input.value).dims;
            if (weight.value != input.value)
                dims.erase(dims.begin()); // Of the stack.
            if (view != views.end() && dims.size() > 1)
                module.parts.push_back(view->second->end - view->second->begin);
            module.hasBias |= dims.size() == 1 && name.find("bias") != std::string::npos;
            if (dims.size() > 1)
                module.weights.push_back(std::move(dims));
            followWeight(module, ranks[entry->second], weight.value, 0);
        }
    }
    for (ModuleLayout& module : layout_.modules) {
        layout_.hasSequenceParallel |= module.partition == Partition::kSequence;
        module.hasBias &= !module.weights.empty();
    }
}

void LayoutFinder::findBlockPrefix()
{
    std::map<std::string, std::set<int>> numbers;
    for (const ModuleLayout& module : layout_.modules) {
        if (const std::optional<BlockName> block = blockOf(module.name))
            numbers[block->prefix].insert(block->number);
    }
    size_t most = 0;
    for (const auto& [prefix, known] : numbers) {
        if (known.size() > most)
            layout_.blockPrefix = prefix;
        most = std::max(most, known.size());
    }
}

Result<ParallelLayout> LayoutFinder::find()
{
    RETURN_IF_ERROR(findDegrees());
    if (const OpId op = findPartOfWholeHeads(graph_, specs_, roles_, batch_); op.isValid())
        return refusal(format_, fmt::format("in {} heads are split that whole modules give all of "
                                            "(keys and values of fewer heads than devices)",
                                            graph_.scopePath(graph_.op(op).scope)));
    RETURN_IF_ERROR(findZeroStage());
    findModules();
    findBlockPrefix();
    return std::move(layout_);
}

} // namespace

Result<ParallelLayout> uniformLayout(const ParallelPlan& plan, std::string_view format)
{
    if (plan.contextParallel() > 1)
        return refusal(format, fmt::format("{} devices split the sequence (context parallelism), "
                                           "which is written for data and tensor axes only",
                                           plan.contextParallel()));
    return LayoutFinder(plan, format).find();
}

std::optional<BlockName> blockIn(const ParallelLayout& layout, const std::string& module)
{
    std::optional<BlockName> block = blockOf(module);
    if (block && block->prefix != layout.blockPrefix)
        block.reset();
    return block;
}

std::optional<std::vector<int>> stagesOfBlocks(const ParallelLayout& layout)
{
    std::map<int, int> found; // Number: stage.
    for (const ModuleLayout& module : layout.modules) {
        const std::optional<BlockName> block = blockIn(layout, module.name);
        if (block && found.emplace(block->number, module.stage).first->second != module.stage)
            return std::nullopt;
    }
    std::vector<int> stages;
    for (const auto& [number, stage] : found) {
        if (number != static_cast<int>(stages.size()))
            return std::nullopt;
        stages.push_back(stage);
    }
    if (stages.empty())
        return std::nullopt;
    return stages;
}

} // namespace alpa
