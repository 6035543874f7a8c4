#include "core/training/sample_mixing.h"

#include "core/training/batch_dims.h"
#include "core/training/rebatch.h"

#include <algorithm>

namespace alpa
{

std::optional<OpId> firstSampleMixing(const Graph& loss)
{
    const int64_t batch = batchSize(loss);
    if (batch < 2)
        return std::nullopt;
    const Result<BatchDims> dims = findBatchDims(loss, batch);
    if (!dims)
        return std::nullopt;
    const auto isPerSample = [&](ValueId id) {
        return std::ranges::any_of((*dims)[id.index()], [](bool isBatch) { return isBatch; });
    };
    // Values that depend on the samples, and no longer have a place for each of them.
    std::vector<bool> isPooled(loss.values.size(), false);
    std::vector<bool> isFromSamples(loss.values.size(), false);
    for (const GraphInput& input : loss.inputs)
        isFromSamples[input.value.index()] =
            input.role == InputRole::kBatch && isPerSample(input.value);
    for (size_t index = 0; index < loss.ops.size(); ++index) {
        const Op& op = loss.ops[index];
        const bool readsSamples =
            std::ranges::any_of(op.operands, [&](ValueId id) { return isFromSamples[id.index()]; });
        const bool readsPool =
            std::ranges::any_of(op.operands, [&](ValueId id) { return isPooled[id.index()]; });
        for (const ValueId result : op.results) {
            isFromSamples[result.index()] = readsSamples;
            isPooled[result.index()] = readsSamples && !isPerSample(result);
            if (readsPool && isPerSample(result))
                return OpId(index);
        }
    }
    return std::nullopt;
}

} // namespace alpa
