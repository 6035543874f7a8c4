// What people demand of the sharding of tensors and ops that a pattern names, and what that leaves
// of the decisions of a mesh problem.
#pragma once

#include "core/intra_op/mesh_problem.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// Keeps (or, with `forbids`, drops) the strategies that give `spec` to what matches `pattern`: a
/// parameter's name, or "scope:kind" of a forward op.
struct SpecConstraint {
    std::string pattern;
    ShardingSpec spec; ///< Over the stage's axes: x is the data axis, y and z the tensor axes.
    bool forbids = false;
    friend bool operator==(const SpecConstraint&, const SpecConstraint&) = default;
};

/// A stored tensor or a forward op that constraint number `constraint` names; the other id is
/// invalid.
struct SpecMatch {
    int constraint = 0;
    ValueId parameter;
    OpId op;
    friend auto operator<=>(const SpecMatch&, const SpecMatch&) = default;
};

/// Name by which the person's model knows a parameter or scope of the graph.
using RenameFunction = std::function<std::string(std::string_view)>;

/// What `constraints` name in one layer, in graph order. `rename` may be empty: names as they are.
std::vector<SpecMatch> matchSpecs(const LayeredGraph& layered, int layer,
                                  const std::vector<SpecConstraint>& constraints,
                                  const RenameFunction& rename = {});

/// Per node of a mesh problem with strategies taken away: 1 for each of them.
using ForbiddenStrategies = std::map<int, std::vector<uint8_t>>;

/// Adds what `matches` take from the decisions of `problem`.
void forbidStrategies(const MeshProblem& problem, const SpecTables& tables,
                      const std::vector<SpecConstraint>& constraints,
                      const std::vector<SpecMatch>& matches, ForbiddenStrategies& forbidden);

} // namespace alpa
