#include "core/training/batch_dims.h"

#include "core/graph/factor_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

namespace alpa
{
namespace
{

Error refusal(const Op& op, std::string_view why)
{
    const std::string place =
        op.sourceLine > 0 ? fmt::format("line {}: ", op.sourceLine) : std::string();
    return Error(ErrorCode::kUnsupported, fmt::format("{}{}: the batch cannot be changed, {}",
                                                      place, opKindName(op.kind), why));
}

/// Dimensions that share the major factor of an op are of one class: all follow the batch, or none.
class DimClasses
{
public:
    explicit DimClasses(const Graph& graph)
    {
        for (const Value& value : graph.values) {
            first_.push_back(parents_.size());
            for (int d = 0; d < value.type.rank(); ++d)
                parents_.push_back(parents_.size());
        }
        isBatch_.assign(parents_.size(), false);
    }

    size_t node(ValueId id, size_t dim) const { return first_[id.index()] + dim; }
    size_t find(size_t node)
    {
        while (parents_[node] != node) {
            parents_[node] = parents_[parents_[node]];
            node = parents_[node];
        }
        return node;
    }
    void unite(size_t a, size_t b)
    {
        const size_t x = find(a);
        const size_t y = find(b);
        parents_[std::max(x, y)] = std::min(x, y);
    }
    void markBatch(size_t node) { isBatch_[find(node)] = true; }
    bool isBatch(size_t node) { return isBatch_[find(node)]; }

private:
    std::vector<size_t> first_; ///< Node of dimension 0, by value.
    std::vector<size_t> parents_;
    std::vector<bool> isBatch_; ///< Of roots, once all is united.
};

/// Where a factor occurs in an op.
struct FactorPlaces {
    std::vector<size_t> majors; ///< Nodes whose first factor it is.
    bool isMinorSomewhere = false;
    bool isInResult = false;
    bool isInFirstOperand = false;
    bool isInOtherOperand = false;
};

std::vector<FactorPlaces> placesOf(const FactorRule& rule, const Op& op, const DimClasses& classes)
{
    std::vector<FactorPlaces> places(rule.factors.size());
    const auto collect = [&](ValueId id, const std::vector<DimFactors>& dims, auto mark) {
        for (size_t d = 0; d < dims.size(); ++d) {
            for (size_t i = 0; i < dims[d].size(); ++i) {
                FactorPlaces& place = places[static_cast<size_t>(dims[d][i])];
                mark(place);
                if (i == 0)
                    place.majors.push_back(classes.node(id, d));
                else
                    place.isMinorSomewhere = true;
            }
        }
    };
    for (size_t i = 0; i < op.operands.size(); ++i)
        collect(op.operands[i], rule.operands[i], [i](FactorPlaces& place) {
            (i == 0 ? place.isInFirstOperand : place.isInOtherOperand) = true;
        });
    for (size_t i = 0; i < op.results.size(); ++i)
        collect(op.results[i], rule.results[i],
                [](FactorPlaces& place) { place.isInResult = true; });
    return places;
}

/// Why a factor that carries the batch does not scale; nothing if it does.
std::optional<std::string_view> problem(const Op& op, const Factor& factor,
                                        const FactorPlaces& places, int64_t batch)
{
    if (places.isMinorSomewhere)
        return "a reshape puts it behind another dimension";
    if (factor.size % batch != 0)
        return "a reshape splits it";
    if (op.kind == OpKind::kGather && places.isInFirstOperand && !places.isInOtherOperand &&
        !places.isInResult)
        return "its rows are looked up by index";
    if (op.kind == OpKind::kConstant && factor.kind == FactorKind::kBlocked)
        return "a constant has a number for each example";
    if (factor.kind != FactorKind::kBlocked)
        return std::nullopt;
    // Kinds whose factor is blocked only because partial results on several devices could not be
    // combined.
    if (op.kind == OpKind::kReduce || (op.kind == OpKind::kScatter && !places.isInResult))
        return std::nullopt;
    return "the op needs to know its size";
}

Status checkInputs(const Graph& graph, DimClasses& classes)
{
    for (const GraphInput& input : graph.inputs) {
        const int rank = graph.type(input.value).rank();
        for (int d = 0; d < rank; ++d) {
            const bool mayBeBatch = input.role == InputRole::kBatch;
            if (!mayBeBatch && classes.isBatch(classes.node(input.value, static_cast<size_t>(d))))
                return Error(ErrorCode::kUnsupported,
                             fmt::format("'{}' has a dimension of the batch's size that meets the "
                                         "batch, so the batch "
                                         "cannot be changed",
                                         graph.value(input.value).name));
        }
    }
    return {};
}

} // namespace

Result<BatchDims> findBatchDims(const Graph& graph, int64_t batch)
{
    DimClasses classes(graph);
    std::vector<FactorRule> rules;
    std::vector<std::vector<FactorPlaces>> places;
    for (const Op& op : graph.ops) {
        rules.push_back(factorRule(graph, op));
        places.push_back(placesOf(rules.back(), op, classes));
        for (const FactorPlaces& factor : places.back()) {
            for (const size_t node : factor.majors)
                classes.unite(factor.majors[0], node);
        }
    }
    for (const GraphInput& input : graph.inputs) {
        if (input.role == InputRole::kBatch && graph.type(input.value).rank() > 0)
            classes.markBatch(classes.node(input.value, 0));
    }
    RETURN_IF_ERROR(checkInputs(graph, classes));
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        for (size_t f = 0; f < places[i].size(); ++f) {
            const FactorPlaces& factor = places[i][f];
            if (factor.majors.empty() || !classes.isBatch(factor.majors[0]))
                continue;
            if (const auto why = problem(graph.ops[i], rules[i].factors[f], factor, batch))
                return refusal(graph.ops[i], *why);
        }
    }
    BatchDims dims(graph.values.size());
    for (size_t v = 0; v < graph.values.size(); ++v) {
        for (size_t d = 0; d < graph.values[v].type.dims.size(); ++d)
            dims[v].push_back(classes.isBatch(classes.node(ValueId(v), d)));
    }
    return dims;
}

} // namespace alpa
