#include "core/fusion/composites.h"

#include "core/fusion/attention_shape.h"
#include "core/fusion/composite_match.h"
#include "core/fusion/graph_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace alpa::fusion
{
namespace
{

/// What the ops of one attention are, forward and backward.
Composite attentionOf(const StageGraph& stage, const Attention& attention, const Graph& graph)
{
    Composite found;
    for (const int node : attention.replaced) {
        const OpId op = stage.nodes()[static_cast<size_t>(node)].instruction->op;
        (graph.op(op).phase == Phase::kForward ? found.ops : found.gradients).push_back(op);
    }
    std::ranges::sort(found.ops);
    std::ranges::sort(found.gradients);
    found.x = ValueId(attention.q.index());
    found.result = ValueId(attention.o.index());
    return found;
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
        const int at = static_cast<int>(n);
        if (node.segment != SegmentKind::kForward)
            continue;
        const OpKind anchor = node.instruction->opKind;
        CompositeMatch norm(stage, CompositeKind::kRmsNorm);
        CompositeMatch gelu(stage, CompositeKind::kGelu);
        CompositeMatch entropy(stage, CompositeKind::kSoftmaxCrossEntropy);
        if (anchor == OpKind::kRsqrt && norm.norm(at))
            found.push_back(norm.take(graph));
        else if ((anchor == OpKind::kTanh || anchor == OpKind::kErf) && gelu.gelu(at))
            found.push_back(gelu.take(graph));
        else if (anchor == OpKind::kLog && entropy.crossEntropy(at))
            found.push_back(entropy.take(graph));
    }
    for (const Attention& attention : findAttentions(stage))
        found.push_back(attentionOf(stage, attention, graph));
    std::ranges::stable_sort(found, {}, [](const Composite& one) { return one.ops.front(); });
    return found;
}

std::string formatComposites(const Graph& graph)
{
    struct Group {
        size_t count = 0, ops = 0, gradients = 0;
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
    }
    std::string text = fmt::format("{:<22}  {:>5}  {:>7}  {:>8}  where\n", "composite", "count",
                                   "forward", "backward");
    for (const auto& [name, group] : groups)
        text += fmt::format("{:<22}  {:>5}  {:>7}  {:>8}  {}{}\n", name, group.count, group.ops,
                            group.gradients, group.first,
                            group.first == group.last ? "" : " to " + group.last);
    return groups.empty() ? "no composites were recognised\n" : text;
}

} // namespace alpa::fusion
