#include "core/training/update_scope.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Each path's first component, if all have the same; empty otherwise.
std::string modelRoot(const std::vector<std::string>& scopes)
{
    std::string root;
    for (const std::string& scope : scopes) {
        const std::string first = scope.substr(0, scope.find('/'));
        if (first.empty())
            continue; // Ops outside all modules.
        if (!root.empty() && first != root)
            return "";
        root = first;
    }
    return root;
}

} // namespace

UpdateScopes::UpdateScopes(const std::vector<std::string>& scopes)
    : root_(modelRoot(scopes))
{
    for (const std::string& scope : scopes) {
        // PyTorch's blocks are one component: "h.0/attn" for "h.0.attn".
        std::string tail = scope;
        std::ranges::replace(tail, '.', '/');
        while (true) {
            const auto [known, isNew] = byTail_.try_emplace(tail, scope);
            if (!isNew && scope.size() < known->second.size())
                known->second = scope;
            const size_t slash = tail.find('/');
            if (slash == std::string::npos)
                break;
            tail.erase(0, slash + 1);
        }
    }
}

std::string UpdateScopes::of(const std::string& parameter) const
{
    const size_t dot = parameter.rfind('.');
    std::string path = dot == std::string::npos ? parameter : parameter.substr(0, dot);
    std::ranges::replace(path, '.', '/');
    if (const auto known = byTail_.find(path); known != byTail_.end())
        return known->second;
    return root_.empty() ? path : root_ + '/' + path;
}

} // namespace alpa
