// Reads a stage's dataflow for known patterns of ops, and remembers which nodes a match covers.
#pragma once

#include "core/fusion/stage_graph.h"

#include <optional>
#include <set>
#include <vector>

namespace alpa::fusion
{

/// Broadcasts and reshapes in a row between rows and the tensor that they are spread over.
constexpr int kMostSpreads = 4;

class OpPattern
{
public:
    /// `graph` outlives the pattern.
    explicit OpPattern(const StageGraph& graph)
        : graph_(graph)
    {
    }

    const Instruction& at(int node) const
    {
        return *graph_.nodes()[static_cast<size_t>(node)].instruction;
    }
    BufferId out(int node) const { return at(node).outputs[0]; }
    const TensorType& type(BufferId id) const { return graph_.type(id); }
    /// Does `node` compute an op of `kind`?
    bool is(int node, OpKind kind) const;
    /// The compute node that makes `id`, if it is of `kind`; -1 otherwise.
    int made(BufferId id, OpKind kind) const;
    /// The only user of `id` of `kind`; -1 if there is none or several.
    int user(BufferId id, OpKind kind) const;
    /// The first user of `kind` that takes `id` and `other`, in either order; -1 if there is none.
    int binaryUser(BufferId id, OpKind kind, BufferId other) const;
    /// The value of a constant of one element, perhaps broadcast.
    std::optional<double> constant(BufferId id) const;
    /// Is `id` (batch, head, query, key) true exactly where query >= key?
    bool isCausalMask(BufferId id) const;

    /// The node that broadcasts `id` to `dims`, perhaps through shapes with dimensions of one; -1
    /// if there is none. What lies between is covered.
    int spread(BufferId id, const std::vector<int64_t>& dims);
    /// Does `id` follow from `rows` by broadcasts and reshapes alone? They are covered.
    bool isSpreadOf(BufferId id, BufferId rows);

    void cover(int node) { covered_.insert(node); }
    const std::set<int>& covered() const { return covered_; }
    /// Are covered nodes' results read by covered nodes alone, but for those in `results`?
    bool isClosed(const std::set<BufferId>& results) const;

private:
    const StageGraph& graph_;
    std::set<int> covered_;
};

} // namespace alpa::fusion
