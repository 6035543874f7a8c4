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

/// What a microbatch pays again under strategy `k`.
double repeatedTime(const StageRequest& request, const MeshNode& node, size_t k)
{
    if (runsAgain(request, node.layer))
        return node.forward[k];
    return request.repeatsCheapOps ? node.repeatedForward[k] : 0.0;
}

/// How many layers run again, one at a time.
int turnsOf(const StageRequest& request)
{
    if (request.turns > 0)
        return request.turns;
    const int layers = request.endLayer - request.firstLayer;
    return std::max(1, request.recomputes ? layers : std::min(layers, request.recomputedLayers));
}

} // namespace

int64_t keptBytes(const StageRequest& request, const MeshNode& node, size_t k)
{
    // Nothing in the stage reads the last layer's results but itself.
    if (runsAgain(request, node.layer))
        return node.layer + 1 < request.endLayer ? node.checkpointBytes[k] : 0;
    return request.repeatsCheapOps ? node.selectiveBytes[k] : node.activationBytes[k];
}

int64_t repeatedBytes(const StageRequest& request, const MeshNode& node, size_t k)
{
    if (!runsAgain(request, node.layer))
        return 0;
    const bool isKept = node.layer + 1 < request.endLayer;
    return node.activationBytes[k] - (isKept ? node.savedCheckpointBytes[k] : 0);
}

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

/// Bytes per node of nodesOf() and strategy, as a limit counts them.
std::vector<std::vector<int64_t>> StageSharder::usesOf(const StageRequest& request,
                                                       const std::vector<int>& nodes) const
{
    std::vector<std::vector<int64_t>> uses;
    std::vector<int> position(problem_->nodes.size(), -1);
    const int turns = turnsOf(request);
    for (const int index : nodes) {
        const MeshNode& node = problem_->nodes[static_cast<size_t>(index)];
        position[static_cast<size_t>(index)] = static_cast<int>(uses.size());
        std::vector<int64_t>& bytes = uses.emplace_back(node.perMicrobatch.size());
        // Layers are much alike: the largest holds about the mean while it runs again.
        for (size_t k = 0; k < bytes.size(); ++k)
            bytes[k] = node.fixedBytes[k] + request.inFlight * keptBytes(request, node, k) +
                       repeatedBytes(request, node, k) / turns;
    }
    for (const LayerCopy& copy : copiesIn(request.firstLayer, request.endLayer)) {
        if (!isOutside(copy, request.firstLayer, request.endLayer))
            continue;
        const std::vector<int64_t>& local = bytesOf(copy);
        const bool isNeeded = copy.isReadBackward || runsAgain(request, copy.layer);
        const int64_t kept = copy.isPerStep ? 1 : isNeeded ? request.inFlight : 0;
        auto& bytes = uses[static_cast<size_t>(position[static_cast<size_t>(copy.node)])];
        for (size_t k = 0; k < bytes.size(); ++k)
            bytes[k] += kept * local[k];
    }
    return uses;
}

Bytes StageSharder::leastUse(const StageRequest& request) const
{
    Bytes least;
    for (const auto& bytes : usesOf(request, nodesOf(request.firstLayer, request.endLayer)))
        least += Bytes(std::ranges::min(bytes));
    return least;
}

IlpProblem StageSharder::ilp(const StageRequest& request) const
{
    IlpProblem ilp;
    const std::vector<int> nodes = nodesOf(request.firstLayer, request.endLayer);
    std::vector<int> position(problem_->nodes.size(), -1);
    const double perStepWeight = 1.0 / request.microbatches;
    for (const int index : nodes) {
        const MeshNode& node = problem_->nodes[static_cast<size_t>(index)];
        position[static_cast<size_t>(index)] = static_cast<int>(ilp.nodes.size());
        IlpNode decision;
        decision.costs.resize(node.perMicrobatch.size());
        for (size_t k = 0; k < decision.costs.size(); ++k)
            decision.costs[k] = node.perMicrobatch[k] + perStepWeight * node.perStep[k] +
                                repeatedTime(request, node, k);
        ilp.nodes.push_back(std::move(decision));
    }
    if (request.forbidden) {
        for (const auto& [index, flags] : *request.forbidden) {
            const int place = position[static_cast<size_t>(index)];
            for (size_t k = 0; place >= 0 && k < flags.size(); ++k) {
                if (flags[k] != 0)
                    ilp.nodes[static_cast<size_t>(place)].costs[k] = kForbidden;
            }
        }
    }
    if (request.memoryLimit || request.secondsPerByte != 0) {
        std::vector<std::vector<int64_t>> uses = usesOf(request, nodes);
        for (size_t n = 0; n < ilp.nodes.size(); ++n) {
            for (size_t k = 0; k < uses[n].size(); ++k)
                ilp.nodes[n].costs[k] += request.secondsPerByte * static_cast<double>(uses[n][k]);
            if (request.memoryLimit)
                ilp.nodes[n].usages.push_back({.begin = 0, .end = 1, .bytes = std::move(uses[n])});
        }
    }
    std::map<std::pair<int, double>, int> matrices;
    for (int layer = request.firstLayer; layer < request.endLayer; ++layer) {
        auto pair = edgesBetween_.lower_bound({layer, request.firstLayer});
        for (; pair != edgesBetween_.end() && pair->first.first == layer &&
               pair->first.second < request.endLayer;
             ++pair) {
            for (const int index : pair->second) {
                const MeshEdge& edge = problem_->edges[static_cast<size_t>(index)];
                const double weight = edge.isPerStep ? perStepWeight * exposedShare(edge)
                                                     : timesPaid(edge, layerOf(edge), request);
                const auto [place, isNew] = matrices.try_emplace(
                    {edge.matrix, weight}, static_cast<int>(ilp.matrices.size()));
                if (isNew) {
                    const SpecTables::Matrix& source = tables_->matrixAt(edge.matrix);
                    IlpMatrix matrix{source.rows, source.columns, source.entries};
                    for (double& entry : matrix.entries)
                        entry *= weight;
                    ilp.matrices.push_back(std::move(matrix));
                }
                ilp.edges.push_back({position[static_cast<size_t>(edge.from)],
                                     position[static_cast<size_t>(edge.to)], place->second});
            }
        }
    }
    if (request.memoryLimit)
        ilp.usageLimit = request.memoryLimit->count;
    return ilp;
}

StageSharding StageSharder::readBack(const StageRequest& request, const IlpProblem& ilp,
                                     const IlpSolution& solution) const
{
    StageSharding stage;
    stage.choice = solution.choice;
    stage.objective = solution.cost;
    stage.lowerBound = solution.lowerBound;
    stage.isOptimal = solution.lowerBound >= solution.cost; // Not just within a tolerance.
    stage.method = solution.statistics.method;
    stage.decisions = static_cast<int>(ilp.nodes.size());
    const std::vector<int> nodes = nodesOf(request.firstLayer, request.endLayer);
    std::vector<int> chosen(problem_->nodes.size(), -1);
    std::vector<Bytes> repeated(static_cast<size_t>(request.endLayer)); // By layer.
    for (size_t n = 0; n < nodes.size(); ++n) {
        const MeshNode& node = problem_->nodes[static_cast<size_t>(nodes[n])];
        const auto k = static_cast<size_t>(solution.choice[n]);
        chosen[static_cast<size_t>(nodes[n])] = solution.choice[n];
        stage.strategies += static_cast<int>(node.perMicrobatch.size());
        stage.perMicrobatch += Seconds(node.perMicrobatch[k] + repeatedTime(request, node, k));
        stage.perStep += Seconds(node.perStep[k]);
        stage.fixedMemory += Bytes(node.fixedBytes[k]);
        stage.activations += Bytes(keptBytes(request, node, k));
        Bytes& held = repeated[static_cast<size_t>(node.layer)];
        held += Bytes(repeatedBytes(request, node, k));
        stage.recomputed = std::max(stage.recomputed, held);
    }
    for (const LayerCopy& copy : copiesIn(request.firstLayer, request.endLayer)) {
        if (!isOutside(copy, request.firstLayer, request.endLayer))
            continue;
        const Bytes local(
            bytesOf(copy)[static_cast<size_t>(chosen[static_cast<size_t>(copy.node)])]);
        if (copy.isPerStep)
            stage.fixedMemory += local;
        else if (copy.isReadBackward || runsAgain(request, copy.layer))
            stage.activations += local;
    }
    for (int layer = request.firstLayer; layer < request.endLayer; ++layer) {
        auto pair = edgesBetween_.lower_bound({layer, request.firstLayer});
        for (; pair != edgesBetween_.end() && pair->first.first == layer &&
               pair->first.second < request.endLayer;
             ++pair) {
            for (const int index : pair->second) {
                const MeshEdge& edge = problem_->edges[static_cast<size_t>(index)];
                const SpecTables::Matrix& matrix = tables_->matrixAt(edge.matrix);
                const Seconds seconds(matrix.entries[static_cast<size_t>(
                    chosen[static_cast<size_t>(edge.from)] * matrix.columns +
                    chosen[static_cast<size_t>(edge.to)])]);
                if (edge.isPerStep)
                    stage.perStep += seconds * exposedShare(edge);
                else
                    stage.perMicrobatch += seconds * timesPaid(edge, layerOf(edge), request);
            }
        }
    }
    for (int layer = request.firstLayer; layer < request.endLayer; ++layer) {
        const auto at = static_cast<size_t>(layer);
        const Seconds perMicrobatch(problem_->scalarPerMicrobatch[at]);
        const Seconds perStep(problem_->scalarPerStep[at]);
        stage.perMicrobatch += perMicrobatch;
        stage.perStep += perStep;
        stage.scalars += perMicrobatch + perStep * (1.0 / request.microbatches);
    }
    return stage;
}

} // namespace alpa
