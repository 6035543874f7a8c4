// What people demand of the sharding of tensors and ops that a pattern names, and what that leaves
// of the decisions of a mesh problem.
#pragma once

#include "core/intra_op/mesh_problem.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// Keeps (or, with `forbids`, drops) the strategies that give `spec` to what matches `pattern`: a
/// parameter's name, or "scope:kind" of a forward op. Tensors of another rank are not meant.
struct SpecConstraint {
    std::string pattern;
    ShardingSpec spec; ///< Over the stage's axes: x is the data axis, y and z the tensor axes.
    bool forbids = false;
    friend bool operator==(const SpecConstraint&, const SpecConstraint&) = default;
};

/// Whether stored tensors may, must, or must not be split over the data axis.
enum class StorageRule { kFree, kReplicated, kSplit };

struct ShardingRules {
    /// May the tensor axis also split the batch?
    bool tensorAxisMaySplitBatch = true;
    /// This axis splits the sequence in every op that has one (attention's queries; its keys and
    /// values are gathered).
    std::optional<int> contextAxis;
    StorageRule parameters = StorageRule::kFree;
    StorageRule states = StorageRule::kFree;
    friend auto operator<=>(const ShardingRules&, const ShardingRules&) = default;
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

/// Must what is matched have as many dimensions as the constraint's spec?
enum class MatchedRank { kOfSpec, kAny };

/// What `constraints` name in one layer, in graph order: a pattern that names tensors of several
/// ranks means those of its spec's. `rename` may be empty: names as they are.
std::vector<SpecMatch> matchSpecs(const LayeredGraph& layered, int layer,
                                  const std::vector<SpecConstraint>& constraints,
                                  const RenameFunction& rename = {},
                                  MatchedRank rank = MatchedRank::kOfSpec);

/// Per node of a mesh problem with strategies taken away: 1 for each of them.
using ForbiddenStrategies = std::map<int, std::vector<uint8_t>>;

/// Adds what `rules` take from the decisions of layers [first, end). A rule that would leave a
/// decision nothing leaves it everything. `sequence`: where the sequence is, if the rules name a
/// context axis.
void forbidByRules(const LayeredGraph& layered, const BatchDims* sequence,
                   const MeshProblem& problem, const SpecTables& tables, const ShardingRules& rules,
                   int first, int end, ForbiddenStrategies& forbidden);

/// Adds what `matches` take from the decisions of `problem`.
void forbidStrategies(const MeshProblem& problem, const SpecTables& tables,
                      const std::vector<SpecConstraint>& constraints,
                      const std::vector<SpecMatch>& matches, ForbiddenStrategies& forbidden);

} // namespace alpa
