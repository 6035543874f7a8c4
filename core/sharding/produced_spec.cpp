#include "core/sharding/produced_spec.h"

namespace alpa
{

ShardingSpec producedSpec(const FactorRule& rule, const OpSharding& sharding)
{
    ShardingSpec produced = sharding.results[0];
    produced.partial = 0;
    produced.partialKind = ReduceKind::kAdd;
    for (size_t o = 0; o < sharding.operands.size() && o < rule.operands.size(); ++o) {
        const ShardingSpec& operand = sharding.operands[o];
        produced.partial |= operand.partial;
        for (size_t dim = 0; dim < rule.operands[o].size(); ++dim) {
            if (operand.dims[dim] == 0 || rule.operands[o][dim].empty())
                continue;
            const Factor& factor = rule.factors[static_cast<size_t>(rule.operands[o][dim].front())];
            if (factor.kind != FactorKind::kReduction)
                continue;
            produced.partial |= operand.dims[dim];
            produced.partialKind = factor.reduction;
        }
    }
    return produced;
}

} // namespace alpa
