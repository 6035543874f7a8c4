#include "core/fusion/composites.h"

#include "core/fusion/attention_shape.h"
#include "core/fusion/composite_match.h"
#include "core/fusion/graph_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace alpa::fusion
{
namespace
{

/// The composite that the op at `node` gives away, if it does.
std::optional<Composite> compositeAt(const StageGraph& stage, int node, const Graph& graph)
{
    const auto match = [&](CompositeKind kind, auto recognise) -> std::optional<Composite> {
        CompositeMatch found(stage, kind);
        return (found.*recognise)(node) ? std::optional(found.take(graph)) : std::nullopt;
    };
    const OpKind anchor = stage.nodes()[static_cast<size_t>(node)].instruction->opKind;
    if (anchor == OpKind::kRsqrt || anchor == OpKind::kSqrt)
        return match(CompositeKind::kRmsNorm, &CompositeMatch::norm);
    if (anchor == OpKind::kTanh || anchor == OpKind::kErf)
        return match(CompositeKind::kGelu, &CompositeMatch::gelu);
    if (anchor == OpKind::kConcatenate)
        return match(CompositeKind::kRotaryEmbedding, &CompositeMatch::rotaryEmbedding);
    if (anchor == OpKind::kLog)
        return match(CompositeKind::kSoftmaxCrossEntropy, &CompositeMatch::crossEntropy);
    if (anchor == OpKind::kDivide)
        return match(CompositeKind::kAttention, &CompositeMatch::attention);
    return std::nullopt;
}

/// The forward ops of attentions that run as one kernel.
std::set<OpId> fusedOps(StageGraph& stage)
{
    std::set<OpId> fused;
    for (const Attention& one : findAttentions(stage)) {
        for (const int node : one.replaced)
            fused.insert(stage.nodes()[static_cast<size_t>(node)].instruction->op);
    }
    return fused;
}

} // namespace

std::string_view compositeName(CompositeKind kind)
{
    switch (kind) {
    case CompositeKind::kAttention:
        break;
    case CompositeKind::kLayerNorm:
        return "layer norm";
    case CompositeKind::kRmsNorm:
        return "RMS norm";
    case CompositeKind::kGelu:
        return "gelu";
    case CompositeKind::kRotaryEmbedding:
        return "rotary embedding";
    case CompositeKind::kSoftmaxCrossEntropy:
        return "softmax cross-entropy";
    }
    return "attention";
}

std::vector<Composite> findComposites(const Graph& graph)
{
    const Program program = graphProgram(graph, 1);
    StageGraph stage(program, 0, 0);
    std::vector<Composite> found;
    for (size_t n = 0; n < stage.nodes().size(); ++n) {
        const Node& node = stage.nodes()[n];
        if (node.segment != SegmentKind::kForward ||
            node.instruction->kind != InstructionKind::kCompute)
            continue;
        if (std::optional<Composite> one = compositeAt(stage, static_cast<int>(n), graph))
            found.push_back(std::move(*one));
    }
    const std::set<OpId> fused = fusedOps(stage);
    for (Composite& one : found)
        one.isOneKernel = one.kind == CompositeKind::kAttention &&
                          std::ranges::all_of(one.ops, [&](OpId op) { return fused.contains(op); });
    std::ranges::stable_sort(found, {}, [](const Composite& one) { return one.ops.front(); });
    return found;
}

std::string formatComposites(const Graph& graph)
{
    struct Group {
        size_t count = 0, ops = 0, gradients = 0, oneKernel = 0;
        std::string first, last;
    };
    std::map<std::string, Group> groups;
    for (const Composite& one : findComposites(graph)) {
        Group& group = groups[std::string(compositeName(one.kind))];
        const std::string& scope = graph.scopePath(graph.op(one.ops.front()).scope);
        if (group.count++ == 0)
            group.first = scope;
        group.last = scope;
        group.ops += one.ops.size();
        group.gradients += one.gradients.size();
        group.oneKernel += one.isOneKernel ? 1 : 0;
    }
    std::string text = fmt::format("{:<22}  {:>5}  {:>7}  {:>8}  where\n", "composite", "count",
                                   "forward", "backward");
    for (const auto& [name, group] : groups)
        text += fmt::format(
            "{:<22}  {:>5}  {:>7}  {:>8}  {}{}{}\n", name, group.count, group.ops, group.gradients,
            group.first, group.first == group.last ? "" : " to " + group.last,
            group.oneKernel == 0 ? "" : fmt::format(", {} as one kernel on GPUs", group.oneKernel));
    return groups.empty() ? "no composites were recognised\n" : text;
}

} // namespace alpa::fusion
