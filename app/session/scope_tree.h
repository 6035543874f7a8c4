// The scopes of a graph as a tree, with what lies in each: the outline's content.
#pragma once

#include "core/graph/graph.h"

#include <string>
#include <vector>

namespace alpa::app
{

/// One scope, or one parameter (a leaf under the scope that first uses it).
struct ScopeNode {
    std::string name; ///< Last part of the path, or the parameter's name.
    std::string path; ///< "GPT/block_1/ln1"; empty for the root.
    int parent = -1;  ///< Index of the parent; -1 for the root.
    std::vector<int> children;
    int ops = 0;            ///< In the scope and below it.
    int64_t parameters = 0; ///< Elements of the parameters in the scope and below it.
    ValueId parameter;      ///< Valid for parameters.
    OpId firstOp;           ///< Invalid when the scope has none.
};

/// Entry 0 is the root and has the whole graph in it; children come after their parents.
struct ScopeTree {
    std::vector<ScopeNode> nodes;
};

ScopeTree buildScopeTree(const Graph& graph);

/// Ops grouped for the graph view when no plan has clustered them yet: runs of consecutive ops in
/// one scope group, so that the groups form no cycle. Small runs between groups are joined to their
/// successor.
struct LayerGroups {
    std::vector<std::string> names;
    std::vector<int> layerOfOp;
};
LayerGroups groupByScope(const Graph& graph);

} // namespace alpa::app
