#include "app/session/scope_tree.h"

#include "core/training/scope_group.h"

#include <unordered_map>

namespace alpa::app
{

namespace
{

/// Adds scopes on demand, parents first.
class TreeBuilder
{
public:
    TreeBuilder()
    {
        tree_.nodes.emplace_back();
        numbers_.emplace("", 0);
    }

    int scope(const std::string& path)
    {
        const auto known = numbers_.find(path);
        if (known != numbers_.end())
            return known->second;
        const size_t slash = path.rfind('/');
        const int parent = slash == std::string::npos ? 0 : scope(path.substr(0, slash));
        const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
        const int number = add(parent, name, path);
        numbers_.emplace(path, number);
        return number;
    }

    int add(int parent, const std::string& name, const std::string& path)
    {
        const int number = int(tree_.nodes.size());
        ScopeNode node;
        node.name = name;
        node.path = path;
        node.parent = parent;
        tree_.nodes.push_back(std::move(node));
        at(parent).children.push_back(number);
        return number;
    }

    ScopeNode& at(int number) { return tree_.nodes[static_cast<size_t>(number)]; }
    ScopeTree take() { return std::move(tree_); }

private:
    ScopeTree tree_;
    std::unordered_map<std::string, int> numbers_;
};

} // namespace

ScopeTree buildScopeTree(const Graph& graph)
{
    TreeBuilder builder;
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const int number = builder.scope(graph.scopePath(graph.ops[i].scope));
        for (int n = number; n >= 0; n = builder.at(n).parent) {
            ++builder.at(n).ops;
            if (!builder.at(n).firstOp.isValid())
                builder.at(n).firstOp = OpId(i);
        }
    }
    const std::vector<std::vector<OpId>> users = valueUsers(graph);
    for (const GraphInput& input : graph.inputs) {
        if (input.role != InputRole::kParameter)
            continue;
        const std::vector<OpId>& uses = users[input.value.index()];
        const int scope =
            uses.empty() ? 0 : builder.scope(graph.scopePath(graph.op(uses.front()).scope));
        const std::string& name = graph.value(input.value).name;
        const int leaf = builder.add(scope, name, builder.at(scope).path);
        builder.at(leaf).parameter = input.value;
        const int64_t elements = graph.type(input.value).elementCount();
        for (int n = leaf; n >= 0; n = builder.at(n).parent)
            builder.at(n).parameters += elements;
    }
    return builder.take();
}

LayerGroups groupByScope(const Graph& graph)
{
    // A run shorter than this (an addition between two blocks) is not worth a box of its own.
    constexpr size_t kSmallestRun = 6;
    LayerGroups groups;
    groups.layerOfOp.resize(graph.ops.size());
    const std::vector<int> groupOfScope = scopeGroups(graph);
    size_t begin = 0;
    size_t firstOfLayer = 0;
    while (begin < graph.ops.size()) {
        size_t end = begin;
        const int group = groupOfScope[graph.ops[begin].scope.index()];
        while (end < graph.ops.size() && groupOfScope[graph.ops[end].scope.index()] == group)
            ++end;
        const bool isLast = end == graph.ops.size();
        if (end - begin >= kSmallestRun || isLast) {
            std::string name = graph.scopePath(graph.ops[begin].scope);
            // The shortest path of the run names it: GPT/block_0 rather than GPT/block_0/ln1.
            for (size_t i = begin; i < end; ++i) {
                const std::string& path = graph.scopePath(graph.ops[i].scope);
                if (path.size() < name.size())
                    name = path;
            }
            for (size_t i = firstOfLayer; i < end; ++i)
                groups.layerOfOp[i] = int(groups.names.size());
            groups.names.push_back(name.empty() ? "model" : name);
            firstOfLayer = end;
        }
        begin = end;
    }
    return groups;
}

} // namespace alpa::app
