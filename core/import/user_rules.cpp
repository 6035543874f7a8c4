#include "core/import/user_rules.h"

#include "core/base/files.h"
#include "core/base/parse_json.h"
#include "core/base/text.h"
#include "core/graph/opaque_rule.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

using Json = nlohmann::ordered_json;

constexpr Bytes kLargestFile = Bytes(int64_t{1} << 20);

Error invalid(std::string message) { return Error(ErrorCode::kInvalidInput, std::move(message)); }

/// A member that is a text; `fallback` if it may be absent.
Result<std::string> textMember(const Json& entry, const char* name, const std::string& place,
                               bool mayBeAbsent)
{
    const auto member = entry.find(name);
    if (member == entry.end() && mayBeAbsent)
        return std::string();
    if (member == entry.end())
        return invalid(fmt::format("{}.{}: missing", place, name));
    if (!member->is_string())
        return invalid(
            fmt::format("{}.{}: got {}, expected a text", place, name, member->type_name()));
    return member->get<std::string>();
}

Result<UserRule> readRule(const Json& entry, const std::string& place)
{
    if (!entry.is_object())
        return invalid(fmt::format("{}: got {}, expected an object", place, entry.type_name()));
    for (const auto& [name, value] : entry.items()) {
        if (name != "op" && name != "rule" && name != "flops")
            return invalid(
                fmt::format("{}.{}: not known, expected op, rule and flops", place, name));
    }
    UserRule rule;
    ASSIGN_OR_RETURN(rule.op, textMember(entry, "op", place, false));
    ASSIGN_OR_RETURN(rule.rule, textMember(entry, "rule", place, false));
    ASSIGN_OR_RETURN(rule.flops, textMember(entry, "flops", place, true));
    const Result<OpaqueRule> parsed = parseOpaqueRule(rule.rule);
    if (!parsed.ok())
        return parsed.error().in(place + ".rule");
    std::map<std::string, int64_t>
        ones; // Names and numbers can be checked before any size is known.
    for (const auto* tensors : {&parsed->operands, &parsed->results}) {
        for (const DimNames& tensor : *tensors) {
            for (const std::string& name : tensor)
                ones[name] = 1;
        }
    }
    ones.erase("_");
    if (!rule.flops.empty()) {
        if (const Result<double> flops = opaqueCost(rule.flops, ones); !flops.ok())
            return flops.error().in(place + ".flops");
    }
    return rule;
}

} // namespace

Result<std::vector<UserRule>> parseUserRules(std::string_view text)
{
    ASSIGN_OR_RETURN(const Json json, parseJson(text));
    const auto list = json.is_object() ? json.find("rules") : json.end();
    if (!json.is_object() || list == json.end() || !list->is_array())
        return invalid("expected {\"rules\": [{\"op\": ..., \"rule\": ...}]}");
    std::vector<UserRule> rules;
    for (size_t at = 0; at < list->size(); ++at) {
        ASSIGN_OR_RETURN(UserRule rule, readRule((*list)[at], fmt::format("rules[{}]", at)));
        rules.push_back(std::move(rule));
    }
    return rules;
}

Result<std::vector<UserRule>> loadUserRules(const std::string& path)
{
    ASSIGN_OR_RETURN(const std::string text, readFile(path, kLargestFile));
    Result<std::vector<UserRule>> rules = parseUserRules(text);
    if (!rules.ok())
        return rules.error().in(path);
    return rules;
}

std::vector<Diagnostic> applyUserRules(Graph& graph, const std::vector<UserRule>& rules)
{
    std::vector<Diagnostic> problems;
    std::vector<bool> isUsed(rules.size(), false);
    for (Op& op : graph.ops) {
        auto* opaque = std::get_if<OpaqueAttributes>(&op.attributes);
        if (opaque == nullptr)
            continue;
        for (size_t at = 0; at < rules.size(); ++at) {
            if (!matchesPattern(opaque->name, rules[at].op))
                continue;
            isUsed[at] = true;
            opaque->rule = rules[at].rule;
            opaque->flops = rules[at].flops;
            if (const Status fits = checkOpaqueRule(graph, op); !fits.ok())
                problems.push_back({Severity::kError,
                                    fmt::format("the rule for '{}' does not fit: {}", opaque->name,
                                                fits.error().message),
                                    op.sourceLine, 1});
            break;
        }
    }
    for (size_t at = 0; at < rules.size(); ++at) {
        if (!isUsed[at])
            problems.push_back(
                {Severity::kWarning,
                 fmt::format("the rule for '{}' matches no unknown operation", rules[at].op), 0,
                 0});
    }
    return problems;
}

} // namespace alpa
