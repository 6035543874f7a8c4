// MeshProblemBuilder: one pass over a layered training graph that turns it into a MeshProblem.
// Internal to this folder. Nodes in mesh_problem_builder.cpp, where values come from and what
// moving them costs in mesh_problem_sources.cpp, what ops decide in mesh_problem_ops.cpp.
#pragma once

#include "core/intra_op/mesh_problem.h"

#include <map>
#include <set>
#include <tuple>

namespace alpa
{

class MeshProblemBuilder
{
public:
    MeshProblemBuilder(const LayeredGraph& layered, SpecTables& tables)
        : layered_(layered)
        , graph_(*layered.graph)
        , tables_(tables)
    {
    }

    Result<MeshProblem> build();

private:
    /// Where a reader finds a value: the deciding node (-1 for scalars) and its specs.
    struct Source {
        int node = -1;
        SpecListId list = 0;
    };

    const std::vector<int>& sizes() const { return tables_.axisSizes(); }
    bool isSplit(int axis) const { return sizes()[static_cast<size_t>(axis)] > 1; }
    int axes() const { return static_cast<int>(sizes().size()); }
    const TensorType& type(ValueId value) const { return graph_.type(value); }
    int ruleOf(OpId op) const { return layered_.rules.ofOp[op.index()]; }
    const FactorRule& factors(OpId op) const
    {
        return layered_.rules.rules[static_cast<size_t>(ruleOf(op))];
    }
    MeshNode& node(int index) { return problem_.nodes[static_cast<size_t>(index)]; }

    // Nodes.
    Status checkBatch();
    int addNode(DecisionKind kind, int layer, ValueId value, OpId op, SpecListId specs);
    void addBytes(std::vector<int64_t>& bytes, const TensorType& tensor, SpecListId list);
    SpecListId tensorSpecs(const TensorType& tensor, int batchDim, bool withPartial);
    void addAxis(std::vector<ShardingSpec>& wider, const ShardingSpec& spec, int axis,
                 const TensorType& tensor, int onlyDim, bool withPartial);
    void addInput(const GraphInput& input);
    void setInput(ValueId value, int index, SpecListId specs);
    int updateNode(ValueId parameter);

    // Sources and the cost of moving values.
    Source source(ValueId value, int layer, Phase phase);
    Source ownSource(ValueId value);
    Source readerSource(ValueId value, int layer, const Op& reader);
    bool isShared(ValueId value, int layer, Phase phase) const;
    int addCopy(ValueId value, int layer);
    /// When a resharding is paid.
    struct Paid {
        Phase phase = Phase::kForward;
        bool isRepeated = false; ///< Again, with the cheap ops of selective recomputation.
    };
    Paid paidBy(const Op& reader) const;
    void addDiagonal(int index, const TensorType& tensor, SpecListId from, SpecListId to,
                     Paid paid);
    void addEdge(ValueId value, const Source& from, int to, SpecListId required, Paid paid);
    void needOperand(ValueId value, SpecListId required, int index, const Op& reader, int layer);
    void addCompute(int index, OpId op, const std::vector<double>& share);
    const std::vector<double>& computeSeconds(OpId op, const std::vector<double>& share);

    // Ops.
    static bool alwaysDecides(OpKind kind);
    void addOp(OpId id);
    void carry(OpId id, int index, const Carried& carriedRef, int layer);
    bool resolvesAtOnce(const Op& op, SpecListId produced);
    int operandToFollow(OpId id, int layer);
    bool isAllowed(const Strategy& strategy, int batchFactor) const;
    void decide(OpId id, int layer);
    void addPartialVariants(OpId id, int layer, const FactorRule& rule,
                            std::vector<Strategy>& allowed, Carried& carried);
    bool isReadByBothPhases(ValueId value) const;
    std::vector<ShardingSpec> movedSpecs(OpId id, const ShardingSpec& produced) const;
    SpecListId addMovedVariants(OpId id, std::vector<Strategy>& allowed, Carried& carried);
    void addAccumulator(OpId id, int layer);
    void addSavedBytes(OpId id);
    void connectUpdatedParameters();

    const LayeredGraph& layered_;
    const Graph& graph_;
    SpecTables& tables_;
    MeshProblem problem_;
    std::vector<int> updateNode_; ///< Per parameter value.
    std::map<std::pair<uint32_t, int>, int>
        copyOf_; ///< (value, layer) -> index of copies, before sorting.
    std::map<std::tuple<uint32_t, int, int>, int> sharedOf_; ///< (value, layer, phase) -> node.
    std::set<std::tuple<uint32_t, int, SpecListId, int>> needs_;
    std::vector<double> seconds_; ///< Scratch of computeSeconds.
    std::map<std::tuple<int, SpecListId, SpecListId>, std::vector<double>>
        productSeconds_; ///< (product, specs of lhs, of rhs) -> seconds.
    std::map<std::tuple<std::vector<int64_t>, int, bool>, SpecListId> specsOfTensor_;
};

} // namespace alpa
