// Any bytes as the rules that a person gives for unknown operations, then fitted to such
// operations: their factors, their cost and the rules of their derivatives.
#include "core/graph/factor_rule.h"
#include "core/graph/op_cost.h"
#include "core/graph/opaque_rule.h"
#include "core/import/user_rules.h"

#include <cstdint>
#include <string_view>

namespace
{

/// A product and a reduction that nobody knows.
alpa::Graph unknownOps()
{
    alpa::Graph graph;
    graph.scopes = {""};
    const auto f32 = [](std::vector<int64_t> dims) {
        return alpa::TensorType{alpa::DType::kF32, std::move(dims)};
    };
    const alpa::ValueId x = graph.addInput("x", f32({4, 8}), alpa::InputRole::kBatch);
    const alpa::ValueId w = graph.addInput("w", f32({8, 6}), alpa::InputRole::kParameter);
    const auto add = [&](const char* name, std::vector<alpa::ValueId> operands,
                         alpa::TensorType result) {
        alpa::Op op;
        op.kind = alpa::OpKind::kOpaque;
        op.operands = std::move(operands);
        op.attributes = alpa::OpaqueAttributes{name, "", "", ""};
        return graph.op(graph.addOp(std::move(op), {std::move(result)})).results[0];
    };
    const alpa::ValueId product = add("custom_call @product", {x, w}, f32({4, 6}));
    add("custom_call @sum", {product}, f32({4}));
    return graph;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const auto rules =
        alpa::parseUserRules(std::string_view(reinterpret_cast<const char*>(data), size));
    if (!rules.ok())
        return 0;
    alpa::Graph graph = unknownOps();
    for (const alpa::Diagnostic& problem : alpa::applyUserRules(graph, *rules)) {
        if (problem.severity == alpa::Severity::kError)
            return 0; // The program stops here too.
    }
    for (const alpa::Op& op : graph.ops) {
        (void)alpa::factorRule(graph, op);
        (void)alpa::opFlops(graph, op);
        (void)alpa::opBytes(graph, op);
        const auto& opaque = std::get<alpa::OpaqueAttributes>(op.attributes);
        if (opaque.rule.empty())
            continue;
        if (const auto rule = alpa::parseOpaqueRule(opaque.rule); rule.ok())
            (void)alpa::derivativeRule(*rule, 0, {0});
    }
    return 0;
}
