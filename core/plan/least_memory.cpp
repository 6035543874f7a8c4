#include "core/plan/least_memory.h"

#include "core/plan/draft_model.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Of the model's layers, each of which stands for blocks.
std::vector<LeastMemory::Layer> layersOf(const LayeredGraph& layered)
{
    std::vector<LeastMemory::Layer> layers(static_cast<size_t>(layered.layerCount));
    for (size_t index = 0; index < layered.graph->values.size(); ++index) {
        const ValueId value(index);
        const OpId producer = layered.graph->value(value).producer;
        if (!producer.isValid() || layered.graph->op(producer).phase != Phase::kForward ||
            layered.rules.batch.ofValue[index] < 0)
            continue;
        const Bytes bytes = layered.graph->type(value).bytes();
        const int own = layered.layerOfValue[index];
        if (layered.isSaved[index] != 0) {
            LeastMemory::Layer& layer = layers[static_cast<size_t>(own)];
            layer.saved += bytes;
            layer.kept += layered.selective.isKept[index] != 0 ? bytes : Bytes(0);
        }
        int reader = layered.layerCount;
        for (const OpId user : layered.users[index]) {
            const int at = layered.layerOfOp[user.index()];
            if (layered.graph->op(user).phase == Phase::kForward && at != own)
                reader = std::min(reader, at);
        }
        if (reader < layered.layerCount)
            layers[static_cast<size_t>(reader)].read += bytes;
    }
    return layers;
}

} // namespace

LeastMemory leastMemory(const DraftModel& draft)
{
    const LayeredGraph& layered = *draft.model->layered;
    std::vector<int64_t> times(static_cast<size_t>(layered.layerCount), 0);
    for (const int layer : draft.layerOfBlock)
        ++times[static_cast<size_t>(layer)];
    LeastMemory least;
    for (const GraphInput& input : layered.graph->inputs) {
        const int layer = layered.layerOfValue[input.value.index()];
        if (input.role != InputRole::kBatch)
            least.states += layered.graph->type(input.value).bytes() *
                            ((input.role == InputRole::kParameter ? 2 : 1) *
                             (layer < 0 ? 1 : times[static_cast<size_t>(layer)]));
    }
    const std::vector<LeastMemory::Layer> ofModel = layersOf(layered);
    for (int at = 0; at < draft.layerCount(); ++at) {
        LeastMemory::Layer layer;
        const int first = draft.begins[static_cast<size_t>(at)];
        for (int block = first; block < draft.begins[static_cast<size_t>(at) + 1]; ++block) {
            const LeastMemory::Layer& own =
                ofModel[static_cast<size_t>(draft.layerOfBlock[static_cast<size_t>(block)])];
            layer.saved += own.saved;
            layer.kept += own.kept;
            layer.read += block == first ? own.read : Bytes(0);
        }
        least.layers.push_back(layer);
    }
    return least;
}

Bytes LeastMemory::total(const std::vector<RecomputationKind>& allowed) const
{
    const auto isAllowed = [&](RecomputationKind kind) {
        return std::ranges::find(allowed, kind) != allowed.end();
    };
    const bool repeatsCheapOps = isAllowed(RecomputationKind::kSelective);
    const bool runsAgain =
        isAllowed(RecomputationKind::kFull) || isAllowed(RecomputationKind::kLayers);
    Bytes all = states;
    Bytes most; // That a layer holds beyond what it keeps, while its backward pass runs.
    for (const Layer& layer : layers) {
        const Bytes held = repeatsCheapOps ? layer.kept : layer.saved;
        const Bytes kept = runsAgain ? std::min(held, layer.read) : held;
        all += kept;
        most = std::max(most, held - kept);
    }
    return all + most;
}

} // namespace alpa
