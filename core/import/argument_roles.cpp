#include "core/import/argument_roles.h"

#include "core/import/name_stack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace alpa
{
namespace
{

constexpr std::array<std::string_view, 8> kParameterWords = {
    "params", "param", "parameters", "weights", "weight", "kernel", "variables", "model_params"};
constexpr std::array<std::string_view, 10> kStateWords = {
    "opt_state", "optimizer_state", "optimizer", "opt",     "mu",
    "nu",        "momentum",        "exp_avg",   "moments", "exp_avg_sq"};
constexpr std::array<std::string_view, 4> kStateRoots = {"state", "states", "opt_states",
                                                         "train_state"};
constexpr std::array<std::string_view, 22> kBatchRoots = {
    "batch",  "batches", "b",     "inputs", "input",     "data",   "x",     "y",
    "xs",     "ys",      "ids",   "labels", "input_ids", "tokens", "token", "targets",
    "target", "image",   "label", "images", "mask",      "example"};

template <typename Words>
bool contains(const Words& words, std::string_view word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

InputRole roleOf(const ArgumentDescription& argument, const std::vector<std::string>& parts)
{
    const auto hasAny = [&](const auto& words) {
        return std::any_of(parts.begin(), parts.end(),
                           [&](const std::string& part) { return contains(words, part); });
    };
    if (hasAny(kStateWords))
        return InputRole::kOptimizerState;
    if (!parts.empty() && contains(kBatchRoots, parts.front()))
        return InputRole::kBatch;
    if (hasAny(kParameterWords))
        return InputRole::kParameter;
    if (!parts.empty() && contains(kStateRoots, parts.front()))
        return InputRole::kOptimizerState;
    // A key of random numbers is no batch of two samples.
    const bool isKey = argument.type == TensorType{DType::kU32, {2}} ||
                       argument.type == TensorType{DType::kU32, {4}};
    if (isKey)
        return InputRole::kOptimizerState;
    if (!isFloating(argument.type.dtype))
        return InputRole::kBatch;
    if (argument.type.rank() == 0)
        return InputRole::kOptimizerState;
    return argument.isContractedWithArgument ? InputRole::kBatch : InputRole::kParameter;
}

/// "0:64": a part of a separated projection, which is "kernel[0:64]".
bool isRange(const std::string& part)
{
    const size_t colon = part.find(':');
    const auto isDigit = [](char c) { return (c >= '0' && c <= '9') || c == ':'; };
    return colon != std::string::npos && colon == part.rfind(':') && colon > 0 &&
           colon + 1 < part.size() && std::ranges::all_of(part, isDigit);
}

} // namespace

std::string nameWithoutRoot(const std::vector<std::string>& parts, size_t dropped)
{
    std::string name;
    for (size_t at = dropped; at < parts.size(); ++at) {
        if (isRange(parts[at]) && !name.empty()) {
            name += '[' + parts[at] + ']';
            continue;
        }
        if (!name.empty())
            name += '.';
        name += parts[at];
    }
    return name;
}

std::vector<ArgumentRole> assignRoles(const std::vector<ArgumentDescription>& arguments)
{
    std::vector<ArgumentRole> roles;
    std::set<std::string> taken;
    for (const ArgumentDescription& argument : arguments) {
        const std::vector<std::string> parts = splitArgumentPath(argument.path);
        std::string name = parts.size() > 1 ? nameWithoutRoot(parts, 1) : nameWithoutRoot(parts, 0);
        const bool isPositional = parts.size() > 1 && (parts[0] == "args" || parts[0] == "kwargs");
        if (isPositional) // args[0]['w']
            name.insert(0, parts[0] == "args" ? "arg" : "");
        if (name.empty())
            name = std::string(argument.spelling);
        if (taken.count(name) > 0 && parts.size() > 1)
            name = nameWithoutRoot(parts, 0);
        const std::string base = name;
        for (int number = 2; !taken.insert(name).second; ++number)
            name = fmt::format("{}_{}", base, number);
        roles.push_back(ArgumentRole{std::move(name), roleOf(argument, parts)});
    }
    return roles;
}

} // namespace alpa
