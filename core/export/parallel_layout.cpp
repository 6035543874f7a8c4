#include "core/export/parallel_layout.h"

#include "core/base/text.h"
#include "core/graph/op_cost.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace alpa
{
namespace
{

/// Axes that split the batch, and axes that split the model, of one stage.
struct AxisRoles {
    AxisSet data = 0;
    AxisSet tensor = 0;
    int mixed = -1; ///< An axis of which ops make different use.
};

AxisRoles findAxisRoles(const Graph& graph, const PlanStage& stage, const BatchDims& batch)
{
    std::array<double, kMaxMeshAxes> alongBatch{};
    std::array<double, kMaxMeshAxes> alongModel{};
    for (size_t i = 0; i < stage.ops.size(); ++i) {
        const Op& op = graph.op(stage.ops[i]);
        if ((op.kind != OpKind::kDot && op.kind != OpKind::kConvolution) ||
            op.phase != Phase::kForward)
            continue;
        const double flops = opFlops(graph, op).count;
        for (size_t axis = 0; axis < stage.mesh.axes.size(); ++axis) {
            bool splits = false;
            bool splitsBatch = false;
            for (size_t o = 0; o < op.operands.size(); ++o) {
                const ShardingSpec& spec = stage.shardings[i].operands[o];
                for (int dim = 0; dim < spec.rank; ++dim) {
                    if (!hasAxis(spec.dims[static_cast<size_t>(dim)], static_cast<int>(axis)))
                        continue;
                    splits = true;
                    splitsBatch |= batch.ofValue[op.operands[o].index()] == dim;
                }
            }
            if (splits)
                (splitsBatch ? alongBatch : alongModel)[axis] += flops;
        }
    }
    AxisRoles roles;
    // Below this share of the work the other use is a detail, such as a replicated head.
    constexpr double kDetail = 0.02;
    for (size_t axis = 0; axis < stage.mesh.axes.size(); ++axis) {
        if (stage.mesh.axes[axis].size == 1)
            continue;
        const double both = alongBatch[axis] + alongModel[axis];
        if (std::min(alongBatch[axis], alongModel[axis]) > kDetail * both)
            roles.mixed = static_cast<int>(axis);
        AxisSet& set = alongBatch[axis] > alongModel[axis] ? roles.data : roles.tensor;
        set = static_cast<AxisSet>(set | axisBit(static_cast<int>(axis)));
    }
    return roles;
}

bool touches(const ShardingSpec& spec, const std::vector<int>& dims, AxisSet axes)
{
    return std::ranges::any_of(
        dims, [&](int dim) { return (spec.dims[static_cast<size_t>(dim)] & axes) != 0; });
}

/// How `op` uses the weight that is its operand `index`; nothing if it only passes it on.
std::optional<Partition> useOf(const Op& op, size_t index, const OpSharding& sharding,
                               AxisSet tensor)
{
    if (index >= sharding.operands.size())
        return std::nullopt;
    const ShardingSpec& spec = sharding.operands[index];
    const bool isSplit = (spec.splitAxes() & tensor) != 0;
    if (op.kind == OpKind::kDot) {
        const auto& a = std::get<DotAttributes>(op.attributes);
        const bool isRow = touches(spec, index == 0 ? a.lhsContracting : a.rhsContracting, tensor);
        return isRow ? Partition::kRow : isSplit ? Partition::kColumn : Partition::kReplicated;
    }
    if (op.kind == OpKind::kConvolution) {
        const auto& a = std::get<ConvolutionAttributes>(op.attributes);
        const bool isRow = touches(spec, {a.kernelInputFeature}, tensor);
        return isRow ? Partition::kRow : isSplit ? Partition::kColumn : Partition::kReplicated;
    }
    if (op.kind == OpKind::kGather && index == 0) {
        const auto& a = std::get<GatherAttributes>(op.attributes);
        const bool isRow = touches(spec, a.collapsedSliceDims, tensor);
        return isRow     ? Partition::kVocabulary
               : isSplit ? Partition::kEmbeddingColumn
                         : Partition::kReplicated;
    }
    const bool passes = op.kind == OpKind::kConvert || op.kind == OpKind::kReshape ||
                        op.kind == OpKind::kTranspose || op.kind == OpKind::kBroadcast;
    if (passes)
        return std::nullopt;
    // A norm or a bias: split with its features, or at work on a part of the sequence.
    const bool splitsResult =
        !sharding.results.empty() && (sharding.results[0].splitAxes() & tensor) != 0;
    const ShardingSpec& result = sharding.results[0];
    const bool splitsFeatures =
        result.rank > 0 && (result.dims[static_cast<size_t>(result.rank - 1)] & tensor) != 0;
    return splitsFeatures ? Partition::kColumn
           : splitsResult ? Partition::kSequence
                          : Partition::kReplicated;
}

/// Contractions say more than the element-wise ops around them.
int weightOf(OpKind kind)
{
    return kind == OpKind::kGather                                ? 3
           : kind == OpKind::kDot || kind == OpKind::kConvolution ? 2
                                                                  : 1;
}

std::string moduleOf(const std::string& parameter)
{
    const std::string whole = parameter.substr(0, parameter.find('['));
    const size_t dot = whole.rfind('.');
    return dot == std::string::npos ? whole : whole.substr(0, dot);
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
    void findModules();
    void followWeight(ModuleLayout& module, int& weight, ValueId value, int depth);
    /// The share of bytes of the inputs of `role` that the data axes split; nothing without any.
    std::optional<double> splitShare(InputRole role) const;
    std::optional<double> splitShareOfGradients() const;

    const ParallelPlan& plan_;
    const Graph& graph_;
    std::string_view format_;
    ValueSpecs specs_;
    std::vector<std::vector<OpId>> users_;
    std::vector<AxisRoles> roles_; ///< Per stage.
    ParallelLayout layout_;
};

Status LayoutFinder::findDegrees()
{
    const GraphRules rules = collectRules(graph_);
    for (size_t s = 0; s < plan_.stages.size(); ++s) {
        const PlanStage& stage = plan_.stages[s];
        roles_.push_back(findAxisRoles(graph_, stage, rules.batch));
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

/// Follows a weight through converts and reshapes to the op that says how it is split.
void LayoutFinder::followWeight(ModuleLayout& module, int& weight, ValueId value, int depth)
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
            module.isShared |= isOtherUse && weight + weightOf(op.kind) ==
                                                 weightOf(OpKind::kGather) + weightOf(OpKind::kDot);
            const auto use = useOf(op, i, *sharding, roles_[static_cast<size_t>(stage)].tensor);
            if (!use && depth < kDeepest) {
                followWeight(module, weight, op.results[0], depth + 1);
            } else if (use && weightOf(op.kind) > weight) {
                weight = weightOf(op.kind);
                module.partition = *use;
                const ValueId other = op.operands.size() == 2 ? op.operands[1 - i] : ValueId();
                const ShardingSpec* arriving = other.isValid() ? specs_.spec(other) : nullptr;
                module.isInputSplit = *use == Partition::kRow && arriving != nullptr &&
                                      *arriving == sharding->operands[1 - i];
            }
        }
    }
}

void LayoutFinder::findModules()
{
    std::map<std::string, size_t> numbers;
    std::vector<int> weights;
    std::map<std::string, const ParameterView*> views;
    for (const ParameterView& view : plan_.views)
        views[view.input] = &view;
    for (const GraphInput& input : graph_.inputs) {
        if (input.role != InputRole::kParameter)
            continue;
        const std::string& name = graph_.value(input.value).name;
        const auto [entry, isNew] = numbers.emplace(moduleOf(name), layout_.modules.size());
        if (isNew) {
            layout_.modules.push_back(
                {.name = entry->first,
                 .partition = Partition::kReplicated,
                 .stage = std::max(0, specs_.stageOfValue[input.value.index()]),
                 .isInputSplit = false,
                 .parts = {},
                 .isShared = false});
            weights.push_back(0);
        }
        ModuleLayout& module = layout_.modules[entry->second];
        const auto view = views.find(name);
        const bool isWeight = graph_.type(input.value).rank() > 1;
        if (view != views.end() && isWeight)
            module.parts.push_back(view->second->end - view->second->begin);
        followWeight(module, weights[entry->second], input.value, 0);
    }
    for (const ModuleLayout& module : layout_.modules)
        layout_.hasSequenceParallel |= module.partition == Partition::kSequence;
}

Result<ParallelLayout> LayoutFinder::find()
{
    RETURN_IF_ERROR(findDegrees());
    RETURN_IF_ERROR(findZeroStage());
    findModules();
    return std::move(layout_);
}

} // namespace

std::string_view partitionName(Partition partition)
{
    switch (partition) {
    case Partition::kReplicated:
        return "replicated";
    case Partition::kColumn:
        return "column";
    case Partition::kRow:
        return "row";
    case Partition::kVocabulary:
        return "vocabulary";
    case Partition::kEmbeddingColumn:
        return "embedding column";
    case Partition::kSequence:
        return "sequence";
    }
    return "replicated";
}

Result<ParallelLayout> uniformLayout(const ParallelPlan& plan, std::string_view format)
{
    return LayoutFinder(plan, format).find();
}

std::optional<BlockName> blockOf(const std::string& module)
{
    const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
    for (size_t begin = 0; begin < module.size(); ++begin) {
        if (!isDigit(module[begin]))
            continue;
        size_t end = begin;
        while (end < module.size() && isDigit(module[end]))
            ++end;
        const bool endsComponent = end == module.size() || module[end] == '.';
        const bool begins = begin == 0 || module[begin - 1] == '.' || module[begin - 1] == '_';
        if (endsComponent && begins && end - begin < 7)
            return BlockName{module.substr(0, begin), std::stoi(module.substr(begin, end - begin)),
                             module.substr(end)};
        begin = end;
    }
    return std::nullopt;
}

std::optional<std::vector<int>> stagesOfBlocks(const ParallelLayout& layout)
{
    std::map<std::string, std::map<int, int>> found; // Prefix: number: stage.
    for (const ModuleLayout& module : layout.modules) {
        const std::optional<BlockName> block = blockOf(module.name);
        if (!block)
            continue;
        const auto [entry, isNew] = found[block->prefix].emplace(block->number, module.stage);
        if (entry->second != module.stage)
            return std::nullopt;
    }
    if (found.size() != 1)
        return std::nullopt;
    std::vector<int> stages;
    for (const auto& [number, stage] : found.begin()->second) {
        if (number != static_cast<int>(stages.size()))
            return std::nullopt;
        stages.push_back(stage);
    }
    return stages;
}

} // namespace alpa
