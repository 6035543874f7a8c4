#include "core/import/library_call.h"

#include "core/base/parse_json.h"
#include "core/import/attribute_access.h"

#include <charconv>
#include <string>

namespace alpa
{
namespace
{

using Json = nlohmann::ordered_json;

/// An MLIR string without its escapes: \22 is a quote.
std::string unescaped(std::string_view text)
{
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                      : -1;
    };
    std::string out;
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\' || at + 1 == text.size()) {
            out += text[at];
        } else if (at + 2 < text.size() && digit(text[at + 1]) >= 0 && digit(text[at + 2]) >= 0) {
            out += static_cast<char>(digit(text[at + 1]) * 16 + digit(text[at + 2]));
            at += 2;
        } else {
            out += text[++at];
        }
    }
    return out;
}

} // namespace

Json libraryCallConfig(const MlirOp& op, const char* name)
{
    const MlirAttribute* config = findAny(op, {"backend_config", "mhlo.backend_config"});
    if (config == nullptr)
        return {};
    const Result<Json> json = parseJson(unescaped(config->text));
    const bool isFound = json.ok() && json->is_object() && json->contains(name);
    return isFound && json->at(name).is_object() ? json->at(name) : Json();
}

std::optional<double> configNumber(const Json& config, const char* name)
{
    const auto member = config.is_object() ? config.find(name) : config.end();
    if (member == config.end())
        return std::nullopt;
    if (member->is_number())
        return member->get<double>();
    if (!member->is_string())
        return std::nullopt;
    const std::string text = member->get<std::string>();
    double number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    return parsed.ec == std::errc() ? std::optional(number) : std::nullopt;
}

} // namespace alpa
