#include "core/graph/opaque_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace alpa
{
namespace
{

bool isNamePart(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// A text read from left to right; the first mistake is kept with its column.
class Reader
{
public:
    explicit Reader(std::string_view text)
        : text_(text)
    {
    }

    void skipSpace()
    {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t'))
            ++at_;
    }
    bool isAtEnd()
    {
        skipSpace();
        return at_ == text_.size();
    }
    bool accept(std::string_view token)
    {
        skipSpace();
        if (text_.substr(at_, token.size()) != token)
            return false;
        at_ += token.size();
        return true;
    }
    bool expect(std::string_view token)
    {
        return accept(token) || fail(fmt::format("expected '{}'", token));
    }
    std::string word()
    {
        skipSpace();
        const size_t begin = at_;
        while (at_ < text_.size() && isNamePart(text_[at_]))
            ++at_;
        return std::string(text_.substr(begin, at_ - begin));
    }
    std::optional<double> number()
    {
        skipSpace();
        double value = 0;
        const char* begin = text_.data() + at_;
        const auto [end, code] = std::from_chars(begin, text_.data() + text_.size(), value);
        if (code != std::errc() || !std::isfinite(value) || value < 0)
            return std::nullopt;
        at_ += static_cast<size_t>(end - begin);
        return value;
    }
    bool startsNumber()
    {
        skipSpace();
        return at_ < text_.size() &&
               ((text_[at_] >= '0' && text_[at_] <= '9') || text_[at_] == '.');
    }
    bool fail(std::string message)
    {
        if (!error_)
            error_ = Error(ErrorCode::kInvalidInput,
                           fmt::format("column {}: {}", at_ + 1, std::move(message)));
        return false;
    }
    const std::optional<Error>& error() const { return error_; }

private:
    std::string_view text_;
    size_t at_ = 0;
    std::optional<Error> error_;
};

/// [b, s, _]
bool readTensor(Reader& in, DimNames& names)
{
    if (!in.expect("["))
        return false;
    if (in.accept("]"))
        return true;
    do {
        names.push_back(in.word());
        const std::string& name = names.back();
        if (name.empty() || (name[0] >= '0' && name[0] <= '9'))
            return in.fail("expected the name of a dimension, or '_'");
        if (name != "_" && std::ranges::count(names, name) > 1)
            return in.fail(fmt::format("'{}' names two dimensions of one tensor", name));
    } while (in.accept(","));
    return in.expect("]");
}

bool readTensors(Reader& in, std::vector<DimNames>& tensors)
{
    if (!in.expect("("))
        return false;
    if (in.accept(")"))
        return true;
    do {
        if (!readTensor(in, tensors.emplace_back()))
            return false;
    } while (in.accept(","));
    return in.expect(")");
}

bool readReductions(Reader& in, OpaqueRule& rule)
{
    do {
        const std::string name = in.word();
        if (name.empty() || !in.expect(":"))
            return in.fail("expected NAME: KIND, such as k: add");
        const std::optional<ReduceKind> kind = reduceKindFromName(in.word());
        if (!kind)
            return in.fail("expected a reduction such as add or maximum");
        rule.reductions[name] = *kind;
    } while (in.accept(","));
    return in.expect("}");
}

bool readBlocked(Reader& in, OpaqueRule& rule)
{
    do {
        rule.blocked.push_back(in.word());
        if (rule.blocked.back().empty())
            return in.fail("expected a name");
    } while (in.accept(","));
    std::ranges::sort(rule.blocked);
    return in.expect("}");
}

std::set<std::string> namesOf(const std::vector<DimNames>& tensors)
{
    std::set<std::string> names;
    for (const DimNames& tensor : tensors)
        names.insert(tensor.begin(), tensor.end());
    names.erase("_");
    return names;
}

bool isBlocked(const OpaqueRule& rule, const std::string& name)
{
    return name == "_" || std::ranges::binary_search(rule.blocked, name);
}

/// What the words of a rule must be to each other.
Status checkNames(const OpaqueRule& rule)
{
    const auto invalid = [](std::string message) {
        return Error(ErrorCode::kInvalidInput, std::move(message));
    };
    const std::set<std::string> in = namesOf(rule.operands);
    const std::set<std::string> out = namesOf(rule.results);
    for (const std::string& name : in) {
        if (!out.contains(name) && !rule.reductions.contains(name) && !isBlocked(rule, name))
            return invalid(fmt::format("'{}' is in no result: say 'reduction {{{}: add}}' or "
                                       "'blocked {{{}}}'",
                                       name, name, name));
    }
    for (const auto& [name, kind] : rule.reductions) {
        if (!in.contains(name) || out.contains(name) || isBlocked(rule, name))
            return invalid(fmt::format("'{}' is summed, so it must be in operands only", name));
    }
    for (const std::string& name : rule.blocked) {
        if (!in.contains(name) && !out.contains(name))
            return invalid(fmt::format("'{}' is blocked, but no dimension has that name", name));
    }
    for (size_t at = 1; at < rule.results.size(); ++at) {
        const DimNames& names = rule.results[at];
        const bool isWhole = names.size() != rule.results[0].size() &&
                             std::ranges::all_of(names, [&](const std::string& name) {
                                 return isBlocked(rule, name);
                             });
        if (names != rule.results[0] && !isWhole)
            return invalid(
                fmt::format("result {} must be split as result 0 is, or not at all", at));
    }
    return {};
}

std::string formatTensors(const std::vector<DimNames>& tensors)
{
    std::string text = "(";
    for (size_t at = 0; at < tensors.size(); ++at)
        text += fmt::format("{}[{}]", at == 0 ? "" : ", ", fmt::join(tensors[at], ", "));
    return text + ")";
}

} // namespace

Result<OpaqueRule> parseOpaqueRule(std::string_view text)
{
    Reader in(text);
    OpaqueRule rule;
    bool isRead =
        readTensors(in, rule.operands) && in.expect("->") && readTensors(in, rule.results);
    while (isRead && !in.isAtEnd()) {
        const std::string part = in.word();
        if (part != "reduction" && part != "blocked")
            isRead = in.fail("expected 'reduction {...}', 'blocked {...}' or the end");
        else
            isRead = in.expect("{") &&
                     (part == "reduction" ? readReductions(in, rule) : readBlocked(in, rule));
    }
    if (!isRead)
        return *in.error();
    if (rule.results.empty())
        return Error(ErrorCode::kInvalidInput, "the rule has no result");
    RETURN_IF_ERROR(checkNames(rule));
    return rule;
}

std::string formatOpaqueRule(const OpaqueRule& rule)
{
    std::string text = formatTensors(rule.operands) + " -> " + formatTensors(rule.results);
    std::string reductions;
    for (const auto& [name, kind] : rule.reductions)
        reductions +=
            fmt::format("{}{}: {}", reductions.empty() ? "" : ", ", name, reduceKindName(kind));
    if (!reductions.empty())
        text += fmt::format(" reduction {{{}}}", reductions);
    if (!rule.blocked.empty())
        text += fmt::format(" blocked {{{}}}", fmt::join(rule.blocked, ", "));
    return text;
}

Result<std::map<std::string, int64_t>> opaqueSizes(const OpaqueRule& rule,
                                                   const std::vector<TensorType>& operands,
                                                   const std::vector<TensorType>& results)
{
    std::map<std::string, int64_t> sizes;
    const auto invalid = [](std::string message) {
        return Error(ErrorCode::kInvalidInput, std::move(message));
    };
    const auto fit = [&](const std::vector<DimNames>& names, const std::vector<TensorType>& types,
                         std::string_view what) -> Status {
        if (names.size() != types.size())
            return invalid(fmt::format("the rule has {} {}s, the operation {}", names.size(), what,
                                       types.size()));
        for (size_t at = 0; at < names.size(); ++at) {
            if (names[at].size() != types[at].dims.size())
                return invalid(fmt::format("{} {} has {} dimensions in the rule, but is {}", what,
                                           at, names[at].size(), formatType(types[at])));
            for (size_t dim = 0; dim < names[at].size(); ++dim) {
                const auto [known, isNew] = sizes.emplace(names[at][dim], types[at].dims[dim]);
                if (names[at][dim] != "_" && known->second != types[at].dims[dim])
                    return invalid(fmt::format("'{}' is {} before, but {} in {} {}", names[at][dim],
                                               known->second, types[at].dims[dim], what, at));
            }
        }
        return {};
    };
    RETURN_IF_ERROR(fit(rule.operands, operands, "operand"));
    RETURN_IF_ERROR(fit(rule.results, results, "result"));
    sizes.erase("_");
    return sizes;
}

Result<double> opaqueCost(std::string_view text, const std::map<std::string, int64_t>& sizes)
{
    Reader in(text);
    double total = 0;
    do {
        double product = 1;
        do {
            if (in.startsNumber()) {
                const std::optional<double> number = in.number();
                if (!number)
                    in.fail("expected a number");
                product *= number.value_or(0);
                continue;
            }
            const std::string name = in.word();
            const auto size = sizes.find(name);
            if (size == sizes.end())
                in.fail(name.empty() ? "expected a number or a name"
                                     : fmt::format("'{}' is no name of the rule", name));
            else
                product *= static_cast<double>(size->second);
        } while (!in.error() && in.accept("*"));
        total += product;
    } while (!in.error() && in.accept("+"));
    if (!in.error() && !in.isAtEnd())
        in.fail("expected '*', '+' or the end");
    if (in.error())
        return *in.error();
    if (!std::isfinite(total))
        return Error(ErrorCode::kInvalidInput, "the cost is too large");
    return total;
}

Status checkOpaqueRule(const Graph& graph, const Op& op)
{
    const auto& attributes = std::get<OpaqueAttributes>(op.attributes);
    if (attributes.rule.empty())
        return {};
    std::vector<TensorType> operands, results;
    for (const ValueId id : op.operands)
        operands.push_back(graph.type(id));
    for (const ValueId id : op.results)
        results.push_back(graph.type(id));
    ASSIGN_OR_RETURN(const OpaqueRule rule, parseOpaqueRule(attributes.rule));
    ASSIGN_OR_RETURN(const auto sizes, opaqueSizes(rule, operands, results));
    if (!attributes.flops.empty()) {
        const Result<double> flops = opaqueCost(attributes.flops, sizes);
        if (!flops)
            return flops.error().in("flops");
    }
    return {};
}

OpaqueRule derivativeRule(const OpaqueRule& rule, size_t operand,
                          const std::vector<size_t>& cotangents)
{
    OpaqueRule derivative;
    derivative.operands = rule.operands;
    for (const size_t result : cotangents)
        derivative.operands.push_back(rule.results[result]);
    derivative.results = {rule.operands[operand]};
    std::set<std::string> blocked(rule.blocked.begin(), rule.blocked.end());
    // Only parts of a sum have derivatives of their own; those of a maximum need its place.
    for (const auto& [name, kind] : rule.reductions) {
        if (kind != ReduceKind::kAdd)
            blocked.insert(name);
    }
    const std::set<std::string> in = namesOf(derivative.operands);
    const std::set<std::string> out = namesOf(derivative.results);
    for (const std::string& name : in) {
        if (!out.contains(name) && !blocked.contains(name))
            derivative.reductions[name] = ReduceKind::kAdd;
    }
    for (const std::string& name : blocked) {
        if (in.contains(name) || out.contains(name))
            derivative.blocked.push_back(name);
    }
    return derivative;
}

} // namespace alpa
