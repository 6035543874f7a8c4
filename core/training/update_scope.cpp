#include "core/training/update_scope.h"

#include <algorithm>
#include <string_view>

namespace alpa
{
namespace
{

bool endsWithPath(std::string_view path, std::string_view tail)
{
    return path == tail || (path.ends_with(tail) && path[path.size() - tail.size() - 1] == '/');
}

/// "GPT", if all scopes of the model begin with it; empty otherwise.
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

std::string updateScope(const std::vector<std::string>& scopes, const std::string& name)
{
    const size_t dot = name.rfind('.');
    std::string path = dot == std::string::npos ? name : name.substr(0, dot);
    std::ranges::replace(path, '.', '/');
    const std::string* best = nullptr;
    for (const std::string& scope : scopes) {
        // PyTorch's blocks are one component: "h.0/attn" for "h.0.attn".
        std::string components = scope;
        std::ranges::replace(components, '.', '/');
        if (endsWithPath(components, path) && (best == nullptr || scope.size() < best->size()))
            best = &scope;
    }
    if (best != nullptr)
        return *best;
    const std::string root = modelRoot(scopes);
    return root.empty() ? path : root + '/' + path;
}

} // namespace alpa
