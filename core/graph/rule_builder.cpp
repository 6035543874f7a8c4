#include "core/graph/rule_builder.h"

#include "core/base/check.h"

namespace alpa
{

RuleBuilder::RuleBuilder(const Graph& graph, const Op& op)
    : graph_(graph)
    , op_(op)
{
    for (const ValueId operand : op.operands)
        rule_.operands.emplace_back(graph.type(operand).dims.size());
    for (const ValueId result : op.results)
        rule_.results.emplace_back(graph.type(result).dims.size());
}

int64_t RuleBuilder::size(Place place) const
{
    const TensorType& type = place.isResult ? resultType(place.index) : operandType(place.index);
    return type.dims[static_cast<size_t>(place.dim)];
}

DimFactors& RuleBuilder::at(Place place)
{
    auto& tensors = place.isResult ? rule_.results : rule_.operands;
    return tensors[place.index][static_cast<size_t>(place.dim)];
}

void RuleBuilder::append(int64_t factorSize, FactorKind kind, const std::vector<Place>& places,
                         ReduceKind reduction)
{
    if (factorSize == 1 || places.empty())
        return;
    const int factor = static_cast<int>(rule_.factors.size());
    rule_.factors.push_back({factorSize, factorSize == 0 ? FactorKind::kBlocked : kind, reduction});
    for (const Place place : places)
        at(place).push_back(factor);
}

void RuleBuilder::share(FactorKind kind, const std::vector<Place>& places, ReduceKind reduction)
{
    for (const Place place : places)
        CHECK(size(place) == size(places[0]), "the places of a factor have one size");
    if (!places.empty())
        append(size(places[0]), kind, places, reduction);
}

void RuleBuilder::block(std::initializer_list<Place> places)
{
    for (const Place place : places)
        share(FactorKind::kBlocked, {place});
}

bool RuleBuilder::isZero(size_t index) const
{
    ValueId id = op_.operands[index];
    while (graph_.value(id).producer.isValid()) {
        const Op& producer = graph_.op(graph_.value(id).producer);
        if (const auto* constant = std::get_if<ConstantAttributes>(&producer.attributes))
            return constant->values.size() == 1 && constant->values[0] == 0;
        if (producer.kind != OpKind::kBroadcast && producer.kind != OpKind::kReshape &&
            producer.kind != OpKind::kConvert)
            return false;
        id = producer.operands[0];
    }
    return false;
}

FactorRule RuleBuilder::finish() const
{
    FactorRule rule = rule_;
    rule.factors.clear();
    std::vector<int> numbers(rule_.factors.size(), -1);
    for (auto* tensors : {&rule.operands, &rule.results}) {
        for (std::vector<DimFactors>& tensor : *tensors) {
            for (DimFactors& dim : tensor) {
                for (int& factor : dim) {
                    int& number = numbers[static_cast<size_t>(factor)];
                    if (number < 0) {
                        number = static_cast<int>(rule.factors.size());
                        rule.factors.push_back(rule_.factors[static_cast<size_t>(factor)]);
                    }
                    factor = number;
                }
            }
        }
    }
    return rule;
}

} // namespace alpa
