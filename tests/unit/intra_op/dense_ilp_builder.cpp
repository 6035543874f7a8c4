#include "tests/unit/intra_op/dense_ilp_builder.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

int64_t bytesOf(const TensorShape& shape, int64_t elementBytes)
{
    int64_t bytes = elementBytes;
    for (int64_t extent : shape)
        bytes *= extent;
    return bytes;
}

} // namespace

double DenseIlpBuilder::shards(const MeshSpec& spec) const
{
    return (spec[0] >= 0 ? mesh_[0] : 1) * (spec[1] >= 0 ? mesh_[1] : 1);
}

double DenseIlpBuilder::allGather(double bytes, size_t axis) const
{
    const int n = mesh_[axis];
    return n > 1 ? kLatency[axis] + (n - 1.0) / n * bytes / kBandwidth[axis] * 1e9 : 0;
}

double DenseIlpBuilder::allReduce(double bytes, size_t axis) const
{
    const int n = mesh_[axis];
    return n > 1 ? kLatency[axis] + 2.0 * (n - 1) / n * bytes / kBandwidth[axis] * 1e9 : 0;
}

double DenseIlpBuilder::allToAll(double bytes, size_t axis) const
{
    const int n = mesh_[axis];
    return n > 1 ? kLatency[axis] + (n - 1.0) / n / n * bytes / kBandwidth[axis] * 1e9 : 0;
}

double DenseIlpBuilder::reshard(int64_t bytes, MeshSpec from, const MeshSpec& to) const
{
    double cost = 0;
    for (size_t axis : {size_t{1}, size_t{0}}) {
        if (from[axis] >= 0 && to[axis] < 0) {
            cost += allGather(static_cast<double>(bytes) / shards(from) * mesh_[axis], axis);
            from[axis] = -1;
        }
    }
    for (size_t axis : {size_t{0}, size_t{1}}) {
        if (from[axis] == to[axis])
            continue;
        if (from[axis] >= 0)
            cost += allToAll(static_cast<double>(bytes) / shards(from) * mesh_[axis], axis);
        from[axis] = to[axis];
    }
    return cost;
}

bool DenseIlpBuilder::isEven(const TensorShape& extents, const MeshSpec& spec) const
{
    for (size_t d = 0; d < extents.size(); ++d) {
        const int64_t parts = (spec[0] == static_cast<int>(d) ? mesh_[0] : 1) *
                              (spec[1] == static_cast<int>(d) ? mesh_[1] : 1);
        if (extents[d] % parts != 0)
            return false;
    }
    return true;
}

std::vector<MeshSpec> DenseIlpBuilder::specsOf(const TensorShape& shape) const
{
    std::vector<MeshSpec> specs;
    for (int s0 = -1; s0 < static_cast<int>(shape.size()); ++s0) {
        for (int s1 = -1; s1 < static_cast<int>(shape.size()); ++s1) {
            if ((mesh_[0] == 1 && s0 >= 0) || (mesh_[1] == 1 && s1 >= 0))
                continue;
            if (isEven(shape, {s0, s1}))
                specs.push_back({s0, s1});
        }
    }
    return specs;
}

int DenseIlpBuilder::addNode(std::vector<double> costs)
{
    nodeCosts_.push_back(std::move(costs));
    return static_cast<int>(nodeCosts_.size()) - 1;
}

int DenseIlpBuilder::addTensor(int leader, std::vector<MeshSpec> specs, TensorShape shape,
                               int64_t elementBytes)
{
    tensors_.push_back({leader, std::move(specs), std::move(shape), elementBytes, elementBytes,
                        false, time_, time_});
    return static_cast<int>(tensors_.size()) - 1;
}

int DenseIlpBuilder::parameter(TensorShape shape)
{
    // Weight, gradient and optimizer state take 16 bytes per element.
    std::vector<MeshSpec> specs = specsOf(shape);
    const int node = addNode(std::vector<double>(specs.size(), 0.0));
    const int tensor = addTensor(node, std::move(specs), std::move(shape), 2);
    tensors_[at(tensor)].heldBytes = 16;
    tensors_[at(tensor)].isParameter = true;
    return tensor;
}

void DenseIlpBuilder::use(int tensor, int node, const std::vector<MeshSpec>& required)
{
    FollowingTensor& t = tensors_[at(tensor)];
    t.lastTime = time_;
    const int64_t bytes = bytesOf(t.shape, t.elementBytes);
    if (t.leader == node) {
        for (size_t s = 0; s < required.size(); ++s)
            nodeCosts_[at(node)][s] += reshard(bytes, t.specs[s], required[s]);
        return;
    }
    const auto [place, isNew] = edgeIndex_.try_emplace({t.leader, node}, edges_.size());
    if (isNew)
        edges_.push_back(
            {t.leader, node, std::vector<double>(t.specs.size() * required.size(), 0.0)});
    std::vector<double>& costs = edges_[place->second].costs;
    for (size_t i = 0; i < t.specs.size(); ++i) {
        for (size_t j = 0; j < required.size(); ++j)
            costs[i * required.size() + j] += reshard(bytes, t.specs[i], required[j]);
    }
}

void DenseIlpBuilder::useAsLeader(int tensor, int like)
{
    use(tensor, tensors_[at(like)].leader, tensors_[at(like)].specs);
}

int DenseIlpBuilder::product(const Loops& loops, int a, std::string_view aDims, int b,
                             std::string_view bDims, std::string_view resultDims, double flopShare)
{
    ++time_;
    const auto extentOf = [&](char name) {
        return std::find_if(loops.begin(), loops.end(),
                            [&](const auto& l) { return l.first == name; })
            ->second;
    };
    TensorShape extents;
    double flops = 2.0 * flopShare;
    for (const auto& [name, extent] : loops) {
        extents.push_back(extent);
        flops *= static_cast<double>(extent);
    }
    TensorShape shape;
    for (char name : resultDims)
        shape.push_back(extentOf(name));
    std::vector<double> costs;
    std::vector<MeshSpec> aSpecs, bSpecs, resultSpecs;
    const int count = static_cast<int>(loops.size());
    for (int s0 = -1; s0 < (mesh_[0] > 1 ? count : 0); ++s0) {
        for (int s1 = -1; s1 < (mesh_[1] > 1 ? count : 0); ++s1) {
            const bool leavesAxis = (s0 < 0 && mesh_[0] > 1) || (s1 < 0 && mesh_[1] > 1);
            if ((!hasReplicatedCompute_ && leavesAxis) || !isEven(extents, {s0, s1}))
                continue;
            const auto specOf = [&](std::string_view dims) {
                MeshSpec spec{-1, -1};
                for (size_t axis = 0; axis < 2; ++axis) {
                    const int loop = axis == 0 ? s0 : s1;
                    const size_t found = loop < 0 ? dims.npos : dims.find(loops[at(loop)].first);
                    spec[axis] = found == dims.npos ? -1 : static_cast<int>(found);
                }
                return spec;
            };
            const MeshSpec result = specOf(resultDims);
            aSpecs.push_back(specOf(aDims));
            bSpecs.push_back(specOf(bDims));
            resultSpecs.push_back(result);
            double cost = flops / shards({s0, s1}) / kFlops * 1e9;
            for (size_t axis = 0; axis < 2; ++axis) {
                const int loop = axis == 0 ? s0 : s1;
                if (loop >= 0 && resultDims.find(loops[at(loop)].first) == resultDims.npos)
                    cost +=
                        allReduce(static_cast<double>(bytesOf(shape, 2)) / shards(result), axis);
            }
            costs.push_back(cost);
        }
    }
    const int node = addNode(std::move(costs));
    use(a, node, aSpecs);
    use(b, node, bSpecs);
    return addTensor(node, std::move(resultSpecs), std::move(shape), 2);
}

int DenseIlpBuilder::follow(int tensor, TensorShape shape, const MeshSpecMap& map,
                            int64_t elementBytes)
{
    ++time_;
    FollowingTensor& t = tensors_[at(tensor)];
    t.lastTime = time_;
    std::vector<MeshSpec> specs = t.specs;
    if (map)
        std::transform(specs.begin(), specs.end(), specs.begin(), map);
    TensorShape newShape = shape.empty() ? t.shape : std::move(shape);
    return addTensor(t.leader, std::move(specs), std::move(newShape), elementBytes);
}

void DenseIlpBuilder::reduceLast(int tensor, int64_t bytes, int times)
{
    const FollowingTensor& t = tensors_[at(tensor)];
    const int last = static_cast<int>(t.shape.size()) - 1;
    for (size_t s = 0; s < t.specs.size(); ++s) {
        for (size_t axis = 0; axis < 2; ++axis) {
            if (t.specs[s][axis] == last)
                nodeCosts_[at(t.leader)][s] +=
                    times * allReduce(static_cast<double>(bytes) / shards(t.specs[s]), axis);
        }
    }
}

void DenseIlpBuilder::useBias(int bias, int tensor)
{
    const FollowingTensor& t = tensors_[at(tensor)];
    const int last = static_cast<int>(t.shape.size()) - 1;
    std::vector<MeshSpec> required;
    for (const MeshSpec& spec : t.specs)
        required.push_back({spec[0] == last ? 0 : -1, spec[1] == last ? 0 : -1});
    use(bias, t.leader, required);
}

void DenseIlpBuilder::biasGradient(int bias, int tensor)
{
    const FollowingTensor& t = tensors_[at(tensor)];
    const int last = static_cast<int>(t.shape.size()) - 1;
    const double bytes = static_cast<double>(tensors_[at(bias)].shape[0] * 2);
    for (size_t s = 0; s < t.specs.size(); ++s) {
        for (size_t axis = 0; axis < 2; ++axis) {
            if (t.specs[s][axis] >= 0 && t.specs[s][axis] != last)
                nodeCosts_[at(t.leader)][s] += allReduce(bytes, axis);
        }
    }
    useBias(bias, tensor);
}

void DenseIlpBuilder::update(int weight, int gradient)
{
    ++time_;
    useAsLeader(gradient, weight);
}

MeshSpecMap DenseIlpBuilder::renamed(std::array<int, 4> newDimension)
{
    return [newDimension](MeshSpec spec) {
        for (int& dimension : spec)
            dimension = dimension < 0 ? -1 : newDimension[at(dimension)];
        return spec;
    };
}

IlpProblem DenseIlpBuilder::finish(std::optional<double> memoryRatio)
{
    IlpProblem problem;
    for (const std::vector<double>& costs : nodeCosts_) {
        IlpNode node;
        for (double cost : costs)
            node.costs.push_back(std::nearbyint(cost));
        problem.nodes.push_back(std::move(node));
    }
    std::map<std::pair<int, std::vector<double>>, int> interned;
    for (EdgeCosts& edge : edges_) {
        if (std::all_of(edge.costs.begin(), edge.costs.end(),
                        [](double c) { return std::abs(c) < 0.5; }))
            continue;
        for (double& cost : edge.costs)
            cost = std::nearbyint(cost);
        const int rows = static_cast<int>(nodeCosts_[at(edge.from)].size());
        const int columns = static_cast<int>(nodeCosts_[at(edge.to)].size());
        const auto [place, isNew] =
            interned.try_emplace({rows, edge.costs}, static_cast<int>(problem.matrices.size()));
        if (isNew)
            problem.matrices.push_back({rows, columns, edge.costs});
        problem.edges.push_back({edge.from, edge.to, place->second});
    }
    if (memoryRatio)
        addMemory(problem, *memoryRatio);
    return problem;
}

/// The first tensor of a node is its own usage; every further one becomes a node tied to it, as in
/// a raw HLO graph.
void DenseIlpBuilder::addMemory(IlpProblem& problem, double memoryRatio)
{
    std::map<int, int> identities;
    std::vector<bool> hasUsage(problem.nodes.size(), false);
    for (const FollowingTensor& tensor : tensors_) {
        if (tensor.heldBytes == 0)
            continue;
        IlpUsage usage{tensor.isParameter ? 0 : tensor.firstTime,
                       tensor.isParameter ? time_ : tensor.lastTime + 1,
                       {}};
        for (const MeshSpec& spec : tensor.specs)
            usage.bytes.push_back(bytesOf(tensor.shape, tensor.heldBytes) /
                                  static_cast<int64_t>(shards(spec)));
        if (!hasUsage[at(tensor.leader)]) {
            hasUsage[at(tensor.leader)] = true;
            problem.nodes[at(tensor.leader)].usages.push_back(std::move(usage));
            continue;
        }
        const int count = static_cast<int>(tensor.specs.size());
        const auto [place, isNew] =
            identities.try_emplace(count, static_cast<int>(problem.matrices.size()));
        if (isNew) {
            IlpMatrix identity{count, count,
                               std::vector<double>(at(count) * at(count), kForbidden)};
            for (size_t s = 0; s < at(count); ++s)
                identity.entries[s * at(count) + s] = 0;
            problem.matrices.push_back(std::move(identity));
        }
        problem.edges.push_back(
            {tensor.leader, static_cast<int>(problem.nodes.size()), place->second});
        problem.nodes.push_back({std::vector<double>(at(count), 0.0), {std::move(usage)}});
    }
    std::vector<int64_t> change(at(time_) + 2, 0);
    for (const IlpNode& node : problem.nodes) {
        for (const IlpUsage& usage : node.usages) {
            const int64_t least = *std::min_element(usage.bytes.begin(), usage.bytes.end());
            change[at(usage.begin)] += least;
            change[at(usage.end)] -= least;
        }
    }
    int64_t now = 0;
    int64_t peak = 0;
    for (int64_t c : change) {
        now += c;
        peak = std::max(peak, now);
    }
    problem.usageLimit = static_cast<int64_t>(static_cast<double>(peak) * memoryRatio);
}

} // namespace alpa
