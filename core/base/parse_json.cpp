#include "core/base/parse_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace alpa
{
namespace
{

using Json = nlohmann::ordered_json;

/// Bytes of a line that are shown on either side of a place.
constexpr size_t kShownBytes = 48;

struct Excess {
    size_t offset;
    std::string what;
};

/// Where the text first passes a limit. Looks at brackets and commas outside of quotes only;
/// whether they fit together is the parser's business.
std::optional<Excess> findExcess(std::string_view text, const JsonLimits& limits)
{
    std::vector<size_t> commas; // Of every open object or list.
    std::vector<bool> isObject;
    size_t values = 1;
    bool isQuoted = false;
    for (size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (isQuoted) {
            if (c == '\\')
                ++at;
            else
                isQuoted = c != '"';
            continue;
        }
        if (c == '"') {
            isQuoted = true;
        } else if (c == '{' || c == '[') {
            if (commas.size() == static_cast<size_t>(limits.depth))
                return Excess{at, fmt::format("nested more than {} deep", limits.depth)};
            commas.push_back(0);
            isObject.push_back(c == '{');
            ++values;
        } else if ((c == '}' || c == ']') && !commas.empty()) {
            commas.pop_back();
            isObject.pop_back();
        } else if (c == ',') {
            ++values;
            if (!commas.empty() && ++commas.back() >= limits.members && isObject.back())
                return Excess{at, fmt::format("an object of more than {} members", limits.members)};
        }
        if (values > limits.values)
            return Excess{at, fmt::format("more than {} values", limits.values)};
    }
    return std::nullopt;
}

bool isContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

/// The line around `offset` and a caret under it; control characters and what is not ASCII are
/// shown as dots, so that the caret stands where it should.
std::string excerpt(std::string_view line, size_t column)
{
    const size_t begin = column > kShownBytes ? column - kShownBytes : 0;
    std::string shown;
    size_t caret = 0;
    for (size_t at = begin; at < std::min(line.size(), column + kShownBytes); ++at) {
        if (isContinuation(line[at]))
            continue;
        caret += at < column ? 1 : 0;
        shown += line[at] >= ' ' && line[at] < 0x7f ? line[at] : '.';
    }
    return fmt::format("  {}\n  {}^", shown, std::string(caret, ' '));
}

} // namespace

Error errorAt(std::string_view text, size_t offset, std::string_view what)
{
    offset = std::min(offset, text.size());
    const std::string_view before = text.substr(0, offset);
    const size_t start = before.rfind('\n') + 1; // npos + 1 is 0.
    const size_t column = offset - start;
    const std::string_view line = text.substr(start, text.find('\n', offset) - start);
    return {ErrorCode::kInvalidInput,
            fmt::format("line {}, column {}: {}\n{}", 1 + std::ranges::count(before, '\n'),
                        column + 1, what, excerpt(line, column))};
}

Status checkJsonLimits(std::string_view text, const JsonLimits& limits)
{
    if (const std::optional<Excess> excess = findExcess(text, limits))
        return errorAt(text, excess->offset, excess->what);
    return {};
}

Result<Json> parseJson(std::string_view text, const JsonLimits& limits)
{
    RETURN_IF_ERROR(checkJsonLimits(text, limits));
    try {
        return Json::parse(text.begin(), text.end());
    } catch (const Json::parse_error& error) {
        // The parser counts bytes from 1 and has already read the offending one.
        const size_t offset = error.byte > 0 ? error.byte - 1 : 0;
        return errorAt(text, offset,
                       offset >= text.size() ? "the file ends too early" : "not valid JSON");
    } catch (const Json::exception& error) {
        return Error(ErrorCode::kInvalidInput, fmt::format("not valid JSON ({})", error.what()));
    }
}

} // namespace alpa
