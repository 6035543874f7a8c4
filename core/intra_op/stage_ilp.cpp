// A stage as the integer programme that the solver sees, and its answer read back.
#include "core/intra_op/stage_sharding.h"

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

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

/// The usages of the node at `position`, which keeps `kept`: the times are the moments.
std::vector<IlpUsage> usagesOver(const StageMoments& moments, int position,
                                 const std::vector<int64_t>& kept)
{
    std::vector<IlpUsage> usages;
    bool isOnlyKept = false; // In the last of them.
    for (int time = 0; time < std::max(1, static_cast<int>(moments.size())); ++time) {
        const StageMoment::value_type* held = nullptr;
        if (!moments.empty()) {
            const StageMoment& moment = *moments[static_cast<size_t>(time)];
            const auto found = moment.find(position);
            held = found == moment.end() ? nullptr : &*found;
        }
        if (held == nullptr && isOnlyKept) {
            ++usages.back().end;
            continue;
        }
        usages.push_back({.begin = time, .end = time + 1, .bytes = kept});
        for (size_t k = 0; held != nullptr && k < kept.size(); ++k)
            usages.back().bytes[k] += held->second[k];
        isOnlyKept = held == nullptr;
    }
    return usages;
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

/// Of other stages; what comes with the batch counts nowhere.
bool StageSharder::isHeld(const LayerCopy& copy, int firstLayer, int endLayer) const
{
    return layered_->layerOfValue[copy.value.index()] >= 0 && isOutside(copy, firstLayer, endLayer);
}

StageMoment StageSharder::momentOf(int firstLayer, int endLayer,
                                   std::span<const ValueId> values) const
{
    std::vector<int> positions(problem_->nodes.size(), -1);
    const std::vector<int> nodes = nodesOf(firstLayer, endLayer);
    for (size_t n = 0; n < nodes.size(); ++n)
        positions[static_cast<size_t>(nodes[n])] = static_cast<int>(n);
    StageMoment moment;
    for (const ValueId value : values) {
        const OpDecision& op = problem_->ops[layered_->graph->value(value).producer.index()];
        if (op.node < 0)
            continue; // Scalars.
        const auto& specs = tables_->list(op.result);
        auto& bytes = moment[positions[static_cast<size_t>(op.node)]];
        bytes.resize(specs.size());
        for (size_t k = 0; k < specs.size(); ++k)
            bytes[k] += layered_->graph->type(value).bytes().count /
                        tables_->mesh().groupSize(specs[k].splitAxes());
    }
    return moment;
}

/// Bytes per node of nodesOf() and strategy, as a limit counts them beside moments.
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
        for (size_t k = 0; k < bytes.size(); ++k) {
            bytes[k] = node.fixedBytes[k] + request.inFlight * keptBytes(request, node, k);
            // Layers are much alike: the largest holds about the mean while it runs again.
            if (request.moments.empty())
                bytes[k] += repeatedBytes(request, node, k) / turns;
        }
    }
    for (const LayerCopy& copy : copiesIn(request.firstLayer, request.endLayer)) {
        if (!isHeld(copy, request.firstLayer, request.endLayer))
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
    const auto uses = usesOf(request, nodesOf(request.firstLayer, request.endLayer));
    std::vector<Bytes> least(std::max<size_t>(1, request.moments.size()));
    for (size_t n = 0; n < uses.size(); ++n) {
        for (const IlpUsage& usage : usagesOver(request.moments, static_cast<int>(n), uses[n])) {
            for (int time = usage.begin; time < usage.end; ++time)
                least[static_cast<size_t>(time)] += Bytes(std::ranges::min(usage.bytes));
        }
    }
    return std::ranges::max(least);
}

/// Those of the problem between nodes of the layers, by (layer of from, layer of to).
std::vector<int> StageSharder::edgesIn(int firstLayer, int endLayer) const
{
    std::vector<int> edges;
    for (int layer = firstLayer; layer < endLayer; ++layer) {
        auto pair = edgesBetween_.lower_bound({layer, firstLayer});
        for (; pair != edgesBetween_.end() && pair->first.first == layer &&
               pair->first.second < endLayer;
             ++pair)
            edges.insert(edges.end(), pair->second.begin(), pair->second.end());
    }
    return edges;
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
        const std::vector<std::vector<int64_t>> uses = usesOf(request, nodes);
        for (size_t n = 0; n < ilp.nodes.size(); ++n) {
            for (size_t k = 0; k < uses[n].size(); ++k)
                ilp.nodes[n].costs[k] += request.secondsPerByte * static_cast<double>(uses[n][k]);
            if (request.memoryLimit)
                ilp.nodes[n].usages = usagesOver(request.moments, static_cast<int>(n), uses[n]);
        }
    }
    std::map<std::pair<int, double>, int> matrices;
    for (const int index : edgesIn(request.firstLayer, request.endLayer)) {
        const MeshEdge& edge = problem_->edges[static_cast<size_t>(index)];
        const double weight = edge.isPerStep ? perStepWeight * exposedShare(edge)
                                             : timesPaid(edge, layerOf(edge), request);
        const auto [place, isNew] =
            matrices.try_emplace({edge.matrix, weight}, static_cast<int>(ilp.matrices.size()));
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
        if (!isHeld(copy, request.firstLayer, request.endLayer))
            continue;
        const Bytes local(
            bytesOf(copy)[static_cast<size_t>(chosen[static_cast<size_t>(copy.node)])]);
        if (copy.isPerStep)
            stage.fixedMemory += local;
        else if (copy.isReadBackward || runsAgain(request, copy.layer))
            stage.activations += local;
    }
    for (const int index : edgesIn(request.firstLayer, request.endLayer)) {
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
