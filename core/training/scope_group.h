// Scope groups: the coarsest division of a model by its module paths ("GPT/block_0", "GPT/block_1",
// "GPT/ln_f").
#pragma once

#include "core/graph/graph.h"

#include <string>
#include <vector>

namespace alpa
{

/// For each scope of the graph the number of its group. A group is a path cut to the first depth at
/// which the scopes of the graph's ops differ: GPT/block_0/ln1 and GPT/block_0/mlp are one group,
/// GPT/block_1/ln1 is another, GPT itself a third. Groups are numbered in order of first appearance
/// among the scopes.
std::vector<int> scopeGroups(const Graph& graph);

} // namespace alpa
