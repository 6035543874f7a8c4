#include "core/sharding/produced_spec.h"

#include <optional>
#include <vector>

namespace alpa
{

ShardingSpec producedSpec(const FactorRule& rule, const OpSharding& sharding)
{
    ShardingSpec produced = sharding.results[0];
    produced.partial = 0;
    produced.partialKind = ReduceKind::kAdd;
    // Which axes split a factor that some operand has; others are split as the result says.
    std::vector<std::optional<AxisSet>> axesOf(rule.factors.size());
    for (size_t o = 0; o < sharding.operands.size() && o < rule.operands.size(); ++o) {
        const ShardingSpec& operand = sharding.operands[o];
        produced.partial |= operand.partial;
        for (size_t dim = 0; dim < rule.operands[o].size(); ++dim) {
            if (rule.operands[o][dim].empty())
                continue;
            const auto first = static_cast<size_t>(rule.operands[o][dim].front());
            axesOf[first] = axesOf[first].value_or(0) | operand.dims[dim];
            if (operand.dims[dim] == 0 || rule.factors[first].kind != FactorKind::kReduction)
                continue;
            produced.partial |= operand.dims[dim];
            produced.partialKind = rule.factors[first].reduction;
        }
    }
    for (size_t dim = 0; dim < produced.dims.size() && dim < rule.results[0].size(); ++dim) {
        if (!rule.results[0][dim].empty())
            produced.dims[dim] = axesOf[static_cast<size_t>(rule.results[0][dim].front())].value_or(
                produced.dims[dim]);
    }
    return produced;
}

} // namespace alpa
