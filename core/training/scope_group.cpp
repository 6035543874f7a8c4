#include "core/training/scope_group.h"

#include "core/base/text.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace alpa
{
namespace
{

/// Number of leading components that all paths share.
size_t commonDepth(const std::vector<std::vector<std::string>>& paths)
{
    size_t depth = 0;
    while (true) {
        const std::string* component = nullptr;
        for (const std::vector<std::string>& path : paths) {
            if (path.size() <= depth)
                continue; // A parent of the others (an op of the model itself) tells nothing.
            if (component != nullptr && *component != path[depth])
                return depth;
            component = &path[depth];
        }
        if (component == nullptr)
            return depth;
        ++depth;
    }
}

} // namespace

std::vector<int> scopeGroups(const Graph& graph)
{
    std::vector<bool> isUsed(graph.scopes.size(), false);
    for (const Op& op : graph.ops) {
        if (op.scope.isValid() && op.phase == Phase::kForward)
            isUsed[op.scope.index()] = true;
    }
    std::vector<std::vector<std::string>> paths;
    std::vector<std::vector<std::string>> usedPaths;
    for (size_t i = 0; i < graph.scopes.size(); ++i) {
        paths.push_back(graph.scopes[i].empty() ? std::vector<std::string>{}
                                                : splitText(graph.scopes[i], '/'));
        if (isUsed[i])
            usedPaths.push_back(paths.back());
    }
    const size_t depth = commonDepth(usedPaths) + 1;
    std::map<std::vector<std::string>, int> numbers;
    std::vector<int> groups;
    for (std::vector<std::string>& path : paths) {
        path.resize(std::min(path.size(), depth));
        groups.push_back(numbers.try_emplace(path, static_cast<int>(numbers.size())).first->second);
    }
    return groups;
}

} // namespace alpa
