#include "core/import/name_stack.h"

#include <algorithm>
#include <array>

namespace alpa
{
namespace
{

template <size_t kCount>
bool contains(const std::array<std::string_view, kCount>& words, std::string_view word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Functions that were compiled or kept apart: their names say nothing about the model.
constexpr std::array<std::string_view, 10> kCompiled = {
    "jit",   "pjit", "xla_call",        "core_call", "closed_call",
    "named", "pmap", "custom_jvp_call", "shard_map", "custom_vjp_call"};
/// Components that control flow and rematerialisation insert.
constexpr std::array<std::string_view, 16> kInserted = {"while",
                                                        "body",
                                                        "cond",
                                                        "scan",
                                                        "eval_jaxpr",
                                                        "closed_call",
                                                        "checkpoint",
                                                        "remat",
                                                        "remat2",
                                                        "core_call",
                                                        "body_fun",
                                                        "cond_fun",
                                                        "custom_jvp_call",
                                                        "custom_vjp_call",
                                                        "pjit",
                                                        "rematted_computation"};

/// Calls `use` with every component of `text` that is not inside parentheses.
template <typename Use>
void forEachComponent(std::string_view text, Use use)
{
    size_t begin = 0;
    int depth = 0;
    for (size_t at = 0; at <= text.size(); ++at) {
        const char c = at < text.size() ? text[at] : '/';
        depth += c == '(' ? 1 : 0;
        depth -= c == ')' ? 1 : 0;
        if (c == '/' && (depth <= 0 || at == text.size())) {
            use(text.substr(begin, at - begin));
            begin = at + 1;
        }
    }
}

void addComponent(std::string_view component, NameStack& stack, int depth)
{
    const size_t open = component.find('(');
    if (open != std::string_view::npos && open > 0 && component.back() == ')' && depth < 16) {
        const std::string_view wrapper = component.substr(0, open);
        if (contains(kCompiled, wrapper))
            return;
        stack.isDerivative = stack.isDerivative || wrapper == "jvp";
        stack.isBackward = stack.isBackward || wrapper == "transpose";
        const std::string_view inner = component.substr(open + 1, component.size() - open - 2);
        forEachComponent(inner,
                         [&](std::string_view part) { addComponent(part, stack, depth + 1); });
        return;
    }
    if (component.empty() || contains(kInserted, component) ||
        component.find("->") != std::string_view::npos)
        return;
    if (!stack.path.empty())
        stack.path += '/';
    stack.path += component;
}

} // namespace

NameStack parseNameStack(std::string_view name)
{
    NameStack stack;
    std::string_view previous;
    bool hasPrevious = false;
    forEachComponent(
        name, [&](std::string_view component) { // One behind, so that the last one is left out.
            if (hasPrevious)
                addComponent(previous, stack, 0);
            previous = component;
            hasPrevious = true;
        });
    // The primitive itself may carry a transformation:
    // "jit(step)/transpose(jvp(jit(log_softmax)))".
    NameStack last;
    addComponent(previous, last, 0);
    stack.isDerivative = stack.isDerivative || last.isDerivative;
    stack.isBackward = stack.isBackward || last.isBackward;
    return stack;
}

std::string joinScopes(std::string_view caller, std::string_view path)
{
    if (caller.empty())
        return std::string(path);
    if (path.empty())
        return std::string(caller);
    const bool isAbsolute = path.substr(0, caller.size()) == caller &&
                            (path.size() == caller.size() || path[caller.size()] == '/');
    return isAbsolute ? std::string(path) : std::string(caller) + '/' + std::string(path);
}

LocationNames::LocationNames(const MlirModule& module)
    : module_(module)
    , stacks_(module.locations.size())
    , isKnown_(module.locations.size(), false)
{
}

std::string_view LocationNames::name(MlirLocationId location) const
{
    // Aliases and children may refer to each other in a circle in a broken file.
    for (int steps = 0; steps < 64; ++steps) {
        const MlirLocation& entry = module_.locations[location];
        if (!entry.name.empty())
            return entry.name;
        if (!entry.alias.empty()) {
            const auto alias = module_.locationAliases.find(entry.alias);
            if (alias == module_.locationAliases.end())
                return {};
            location = alias->second;
        } else if (!entry.children.empty()) {
            location = entry.children.front();
        } else {
            return {};
        }
    }
    return {};
}

const NameStack& LocationNames::stack(MlirLocationId location)
{
    // Every use of #loc12 is a location of its own; they share the stack of the alias.
    if (const MlirLocation& entry = module_.locations[location];
        entry.name.empty() && !entry.alias.empty()) {
        const auto alias = module_.locationAliases.find(entry.alias);
        location = alias == module_.locationAliases.end() ? kUnknownLocation : alias->second;
    }
    if (!isKnown_[location]) {
        stacks_[location] = parseNameStack(name(location));
        isKnown_[location] = true;
    }
    return stacks_[location];
}

std::vector<std::string> splitArgumentPath(std::string_view path)
{
    std::vector<std::string> parts;
    size_t at = 0;
    const auto readName = [&]() {
        const size_t begin = at;
        while (at < path.size() && path[at] != '[' && path[at] != '.')
            ++at;
        parts.emplace_back(path.substr(begin, at - begin));
        const bool isName = std::all_of(parts.back().begin(), parts.back().end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '_';
        });
        return isName && !parts.back().empty();
    };
    if (!readName())
        return {};
    while (at < path.size()) {
        if (path[at] == '.') {
            ++at;
            if (!readName())
                return {};
            continue;
        }
        const size_t close = path.find(']', at); // ['fc'], ["fc"] or [0]
        if (close == std::string_view::npos)
            return {};
        std::string_view key = path.substr(at + 1, close - at - 1);
        if (key.size() >= 2 && (key.front() == '\'' || key.front() == '"') &&
            key.back() == key.front())
            key = key.substr(1, key.size() - 2);
        if (key.empty())
            return {};
        parts.emplace_back(key);
        at = close + 1;
    }
    return parts;
}

} // namespace alpa
