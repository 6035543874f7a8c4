// Interned tables behind the intra-op problem on one mesh: lists of specs (one per strategy of a
// decision), how ops carry them from operands to results, and resharding costs between them. Equal
// layers ask the same questions, so each is answered once.
#pragma once

#include "core/graph/factor_rule.h"
#include "core/mesh/device_mesh.h"
#include "core/sharding/reshard.h"
#include "core/sharding/strategy.h"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace alpa
{

/// The factor rules of a graph, each distinct one once.
struct GraphRules {
    std::vector<FactorRule> rules;
    std::vector<int> ofOp; ///< Index into rules, per op.
    BatchDims batch;
};
GraphRules collectRules(const Graph& graph);

/// Index of an interned list of specs. Entry k belongs to strategy k of the decision that the value
/// follows.
using SpecListId = int;

/// x carries the batch of every stage.
constexpr int kDataAxis = 0;

/// What an op needs and yields for every strategy of the decision it follows.
struct Carried {
    std::vector<SpecListId> operands; ///< Required specs.
    SpecListId produced = 0; ///< Of result 0, with partial sums where a reduction factor is split.
    std::vector<double> share; ///< Part of the op's work that one device does, per strategy.
};

class SpecTables
{
public:
    SpecTables(const Cluster& cluster, const DeviceMesh& mesh, const GraphRules& rules);

    const std::vector<int>& axisSizes() const { return axisSizes_; }
    const DeviceMesh& mesh() const { return mesh_; }

    SpecListId intern(const std::vector<ShardingSpec>& list);
    const std::vector<ShardingSpec>& list(SpecListId id) const
    {
        return lists_[static_cast<size_t>(id)];
    }
    int strategies(SpecListId id) const { return static_cast<int>(list(id).size()); }
    bool hasPartial(SpecListId id) const { return hasPartial_[static_cast<size_t>(id)]; }
    /// The list with all partial axes dropped (what it is after an all-reduce).
    SpecListId resolved(SpecListId id);

    /// The op follows `operand`, whose specs are `list`. Partial sums pass through where the rule
    /// is linear in it.
    const Carried& followOperand(int rule, int operand, SpecListId list);
    /// The op yields what its only reader needs.
    const Carried& followResult(int rule, SpecListId list);
    /// The op decides: one entry per strategy.
    Carried decide(int rule, const std::vector<Strategy>& strategies);

    /// Index of the interned matrix of resharding seconds from each spec of one list to each of the
    /// other.
    int matrix(const TensorType& type, SpecListId from, SpecListId to);
    /// Resharding seconds entry by entry; both lists belong to the same decision. Empty if all
    /// zero.
    const std::vector<double>& diagonal(const TensorType& type, SpecListId from, SpecListId to);
    struct Matrix {
        int rows = 0;
        int columns = 0;
        std::vector<double> entries;
        bool isZero = false;
    };
    const Matrix& matrixAt(int index) const { return matrices_[static_cast<size_t>(index)]; }
    /// Bytes of one device's part, per strategy.
    const std::vector<int64_t>& localBytes(const TensorType& type, SpecListId list);
    /// Roughly, of lists and matrices.
    Bytes size() const;

private:
    void append(Carried& carried, std::vector<std::vector<ShardingSpec>>& operands,
                std::vector<ShardingSpec>& produced, const FactorRule& rule,
                const Strategy& strategy, int passedOperand, AxisSet passedPartial);
    int typeId(const TensorType& type);
    double shareOf(const Strategy& strategy) const;

    DeviceMesh mesh_;
    const GraphRules& rules_;
    std::vector<int> axisSizes_;
    Resharder resharder_;
    std::vector<std::vector<ShardingSpec>> lists_;
    std::vector<char> hasPartial_;
    std::unordered_map<std::string, int> listIds_, typeIds_;
    std::unordered_map<uint64_t, Carried> followed_;
    std::unordered_map<uint64_t, int> matrixIds_;
    std::unordered_map<uint64_t, std::vector<double>> diagonals_;
    std::unordered_map<uint64_t, std::vector<int64_t>> localBytes_;
    std::vector<Matrix> matrices_;
};

} // namespace alpa
