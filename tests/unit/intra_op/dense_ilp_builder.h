// Builds sharding problems of dense networks on a two-axis mesh: contractions and parameters
// choose, all other tensors follow. Alpha-beta collectives; costs are whole nanoseconds.
#pragma once

#include "core/intra_op/ilp_problem.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace alpa
{

/// For each mesh axis the tensor dimension it splits, or -1.
using MeshSpec = std::array<int, 2>;
using TensorShape = std::vector<int64_t>;
using MeshSpecMap = std::function<MeshSpec(MeshSpec)>;

/// A value that follows the strategies of one node.
struct FollowingTensor {
    int leader = 0;
    std::vector<MeshSpec> specs; ///< One per strategy of the leader.
    TensorShape shape;
    int64_t elementBytes = 2; ///< What moves in a reshard.
    int64_t heldBytes = 2;    ///< What is held per element; 0: nothing.
    bool isParameter = false;
    int firstTime = 0;
    int lastTime = 0;
};

class DenseIlpBuilder
{
public:
    using Loops = std::vector<std::pair<char, int64_t>>; ///< A name and an extent each.

    DenseIlpBuilder(std::array<int, 2> mesh, bool hasReplicatedCompute)
        : mesh_(mesh)
        , hasReplicatedCompute_(hasReplicatedCompute)
    {
    }

    // Tensors are indices, in the order in which they are added.
    std::vector<MeshSpec> specsOf(const TensorShape& shape) const;
    int addNode(std::vector<double> costs);
    int addTensor(int leader, std::vector<MeshSpec> specs, TensorShape shape, int64_t elementBytes);
    int parameter(TensorShape shape);
    void useAsLeader(int tensor, int like);
    /// A contraction over named loops; strategies assign mesh axes to loops.
    int product(const Loops& loops, int a, std::string_view aDims, int b, std::string_view bDims,
                std::string_view resultDims, double flopShare = 1.0);
    int follow(int tensor, TensorShape shape = {}, const MeshSpecMap& map = {},
               int64_t elementBytes = 2);
    /// A reduction over the last dimension needs an all-reduce where that is split.
    void reduceLast(int tensor, int64_t bytes, int times);
    void useBias(int bias, int tensor);
    void biasGradient(int bias, int tensor);
    void update(int weight, int gradient);
    static MeshSpecMap renamed(std::array<int, 4> newDimension);
    /// Something runs that shards nothing.
    void pass() { ++time_; }

    /// The problem; with a `memoryRatio` its limit is this multiple of the sum of least usages at
    /// the worst time.
    IlpProblem finish(std::optional<double> memoryRatio);

private:
    double shards(const MeshSpec& spec) const;
    double allGather(double bytes, size_t axis) const;
    double allReduce(double bytes, size_t axis) const;
    double allToAll(double bytes, size_t axis) const;
    double reshard(int64_t bytes, MeshSpec from, const MeshSpec& to) const;
    /// Does splitting `extents` as `spec` says come out even?
    bool isEven(const TensorShape& extents, const MeshSpec& spec) const;
    /// `node` needs `tensor` in the layout required[s] when it takes strategy s.
    void use(int tensor, int node, const std::vector<MeshSpec>& required);
    void addMemory(IlpProblem& problem, double memoryRatio);

    static constexpr std::array<double, 2> kBandwidth{25e9, 200e9};
    static constexpr std::array<double, 2> kLatency{20e3, 8e3};
    static constexpr double kFlops = 120e12;

    struct EdgeCosts {
        int from;
        int to;
        std::vector<double> costs;
    };
    std::array<int, 2> mesh_;
    bool hasReplicatedCompute_;
    int time_ = 0;
    std::vector<std::vector<double>> nodeCosts_;
    std::vector<EdgeCosts> edges_;
    std::map<std::pair<int, int>, size_t> edgeIndex_;
    std::vector<FollowingTensor> tensors_;
};

} // namespace alpa
