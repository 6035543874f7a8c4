#include "core/intra_op/stage_sharding.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace alpa
{
namespace
{

uint64_t mix(uint64_t hash, uint64_t value)
{
    hash ^= value + 0x9E3779B97F4A7C15ull + (hash << 12) + (hash >> 4);
    hash *= 0xBF58476D1CE4E5B9ull;
    return hash ^ (hash >> 29);
}

uint64_t mix(uint64_t hash, double value) { return mix(hash, std::bit_cast<uint64_t>(value)); }

} // namespace

Result<std::shared_ptr<StageSharder>>
StageSharder::create(std::shared_ptr<const LayeredGraph> layered, const Cluster& cluster,
                     const DeviceMesh& mesh)
{
    std::shared_ptr<StageSharder> sharder(new StageSharder);
    sharder->layered_ = std::move(layered);
    sharder->tables_ = std::make_unique<SpecTables>(cluster, mesh, sharder->layered_->rules);
    ASSIGN_OR_RETURN(MeshProblem problem, buildMeshProblem(*sharder->layered_, *sharder->tables_));
    for (const LayerCopy& copy : problem.copies)
        sharder->bytesOfCopy_.push_back(
            sharder->tables_->localBytes(sharder->layered_->graph->type(copy.value),
                                         problem.nodes[static_cast<size_t>(copy.node)].specs));
    sharder->problem_ = std::make_unique<const MeshProblem>(std::move(problem));
    sharder->hashLayers();
    sharder->hashEdges();
    sharder->measure();
    return sharder;
}

void StageSharder::hashLayers()
{
    positionInLayer_.assign(problem_->nodes.size(), 0);
    for (const auto& nodes : problem_->nodesOfLayer) {
        uint64_t hash = nodes.size();
        Bytes least;
        for (size_t position = 0; position < nodes.size(); ++position) {
            const MeshNode& node = problem_->nodes[static_cast<size_t>(nodes[position])];
            positionInLayer_[static_cast<size_t>(nodes[position])] = static_cast<int>(position);
            hash = mix(hash, static_cast<uint64_t>(node.specs));
            int64_t leastOfNode = std::numeric_limits<int64_t>::max();
            for (size_t k = 0; k < node.perMicrobatch.size(); ++k) {
                leastOfNode = std::min(leastOfNode, node.fixedBytes[k] + node.activationBytes[k]);
                hash = mix(mix(mix(hash, node.perMicrobatch[k]), node.perStep[k]), node.forward[k]);
                hash = mix(mix(hash, static_cast<uint64_t>(node.fixedBytes[k])),
                           static_cast<uint64_t>(node.activationBytes[k]));
                hash = mix(mix(hash, node.repeatedForward[k]),
                           static_cast<uint64_t>(node.selectiveBytes[k]));
                hash = mix(mix(hash, static_cast<uint64_t>(node.checkpointBytes[k])),
                           static_cast<uint64_t>(node.savedCheckpointBytes[k]));
            }
            least += Bytes(leastOfNode);
        }
        const size_t layer = layerHash_.size();
        hash = mix(mix(hash, problem_->scalarPerMicrobatch[layer]), problem_->scalarPerStep[layer]);
        leastOfLayer_.push_back(least);
        layerHash_.push_back(hash);
    }
}

void StageSharder::hashEdges()
{
    for (size_t index = 0; index < problem_->edges.size(); ++index) {
        const MeshEdge& edge = problem_->edges[index];
        const std::pair key(problem_->nodes[static_cast<size_t>(edge.from)].layer,
                            problem_->nodes[static_cast<size_t>(edge.to)].layer);
        edgesBetween_[key].push_back(static_cast<int>(index));
        uint64_t& hash = edgeHash_[key];
        hash = mix(hash, static_cast<uint64_t>(positionInLayer_[static_cast<size_t>(edge.from)]));
        hash = mix(hash, static_cast<uint64_t>(positionInLayer_[static_cast<size_t>(edge.to)]));
        hash = mix(hash, static_cast<uint64_t>(edge.matrix) * 16 + (edge.isGather ? 8 : 0) +
                             (edge.isRepeated ? 4 : 0) + (edge.isPerStep ? 2 : 0) +
                             (edge.isForward ? 1 : 0));
    }
}

void StageSharder::measure()
{
    int64_t bytes = static_cast<int64_t>(problem_->ops.size() * sizeof(OpDecision) +
                                         problem_->edges.size() * sizeof(MeshEdge)) +
                    tables_->size().count;
    for (const MeshNode& node : problem_->nodes)
        bytes +=
            static_cast<int64_t>(sizeof(MeshNode) + node.perMicrobatch.size() * 5 * sizeof(double) +
                                 node.strategies.size() * sizeof(Strategy));
    size_ = Bytes(bytes);
}

const BatchDims& StageSharder::sequence() const
{
    std::call_once(sequenceIsFound_, [this] {
        sequence_ = findSequenceDims(*layered_->graph, layered_->rules.rules, layered_->rules.ofOp);
    });
    return sequence_;
}

Bytes StageSharder::leastMemory(int firstLayer, int endLayer) const
{
    Bytes least;
    for (int layer = firstLayer; layer < endLayer; ++layer)
        least += leastOfLayer_[static_cast<size_t>(layer)];
    return least;
}

bool StageSharder::isOutside(const LayerCopy& copy, int firstLayer, int endLayer) const
{
    const int source = layered_->layerOfValue[copy.value.index()];
    return source < firstLayer || source >= endLayer;
}

std::vector<uint64_t> StageSharder::runSignature(int firstLayer, int endLayer) const
{
    std::vector<uint64_t> words;
    for (int layer = firstLayer; layer < endLayer; ++layer) {
        words.push_back(layerHash_[static_cast<size_t>(layer)]);
        auto edges = edgeHash_.lower_bound({layer, firstLayer});
        for (; edges != edgeHash_.end() && edges->first.first == layer &&
               edges->first.second < endLayer;
             ++edges) {
            words.push_back(
                static_cast<uint64_t>(edges->first.second - layer + layered_->layerCount));
            words.push_back(edges->second);
        }
    }
    for (const LayerCopy& copy : copiesIn(firstLayer, endLayer)) {
        if (isOutside(copy, firstLayer, endLayer))
            words.push_back(
                mix(static_cast<uint64_t>(copy.layer - firstLayer),
                    static_cast<uint64_t>(positionInLayer_[static_cast<size_t>(copy.node)])));
    }
    return words;
}

std::span<const LayerCopy> StageSharder::copiesIn(int firstLayer, int endLayer) const
{
    const auto& copies = problem_->copies;
    const auto begin = std::ranges::lower_bound(copies, firstLayer, {}, &LayerCopy::layer);
    const auto end = std::ranges::lower_bound(copies, endLayer, {}, &LayerCopy::layer);
    return {begin, end};
}

std::vector<uint64_t> StageSharder::signature(const StageRequest& request) const
{
    // Without a price or a limit on memory it does not matter how many microbatches are in flight.
    const bool countsMemory = request.secondsPerByte > 0 || request.memoryLimit.has_value();
    std::vector<uint64_t> words{
        static_cast<uint64_t>(request.microbatches),
        countsMemory ? static_cast<uint64_t>(request.inFlight) : 0u,
        std::bit_cast<uint64_t>(request.secondsPerByte),
        request.memoryLimit ? static_cast<uint64_t>(request.memoryLimit->count) : 0u,
        static_cast<uint64_t>(request.effort) * 4 + (request.recomputes ? 2u : 0u) +
            (request.repeatsCheapOps ? 1u : 0u),
        static_cast<uint64_t>(request.recomputedLayers),
        // Whoever shares it, only who counts memory minds.
        countsMemory ? static_cast<uint64_t>(request.turns) : 0u};
    const std::vector<uint64_t> run = runSignature(request.firstLayer, request.endLayer);
    words.insert(words.end(), run.begin(), run.end());
    for (const auto& moment : request.moments) {
        uint64_t hash = moment->size();
        for (const auto& [position, bytes] : *moment) {
            hash = mix(hash, static_cast<uint64_t>(position));
            for (const int64_t count : bytes)
                hash = mix(hash, static_cast<uint64_t>(count));
        }
        words.push_back(hash);
    }
    words.push_back(request.moments.size());
    if (request.forbidden) {
        words.push_back(~uint64_t{0}); // Parts what is forbidden from what is copied.
        for (const auto& [index, flags] : *request.forbidden) {
            const int layer = problem_->nodes[static_cast<size_t>(index)].layer;
            if (layer < request.firstLayer || layer >= request.endLayer)
                continue;
            uint64_t hash =
                mix(static_cast<uint64_t>(layer - request.firstLayer),
                    static_cast<uint64_t>(positionInLayer_[static_cast<size_t>(index)]));
            for (const uint8_t flag : flags)
                hash = mix(hash, uint64_t{flag});
            words.push_back(hash);
        }
    }
    return words;
}

std::vector<int> StageSharder::nodesOf(int firstLayer, int endLayer) const
{
    std::vector<int> nodes;
    for (int layer = firstLayer; layer < endLayer; ++layer) {
        const auto& own = problem_->nodesOfLayer[static_cast<size_t>(layer)];
        nodes.insert(nodes.end(), own.begin(), own.end());
    }
    return nodes;
}

} // namespace alpa
