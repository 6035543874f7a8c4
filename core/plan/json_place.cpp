#include "core/plan/json_place.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

const Json kNothing;

std::string shown(const Json& json)
{
    // A long text or object would bury the message.
    const std::string text =
        json.is_structured() ? "" : json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return text.empty() || text.size() > 40 ? std::string(json.type_name()) : text;
}

bool isCount(const Json& json, int64_t least, int64_t most)
{
    if (!json.is_number_integer())
        return false;
    if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
        return false;
    const int64_t number = json.get<int64_t>();
    return number >= least && number <= most;
}

std::optional<double> asNumber(const Json& json)
{
    if (json.is_number() && std::isfinite(json.get<double>()))
        return json.get<double>();
    if (!json.is_string())
        return std::nullopt;
    const auto& text = json.get_ref<const std::string&>();
    if (text == "inf")
        return std::numeric_limits<double>::infinity();
    if (text == "-inf")
        return -std::numeric_limits<double>::infinity();
    return std::nullopt;
}

std::string countExpected(int64_t least, int64_t most)
{
    return fmt::format("a whole number from {} to {}", least, most);
}

} // namespace

void JsonPlace::fail(const std::string& what) const
{
    if (!failed())
        problem_->emplace(ErrorCode::kInvalidInput,
                          path_.empty() ? what : fmt::format("{}: {}", path_, what));
}

bool JsonPlace::mustBe(bool condition, const char* expected) const
{
    if (!condition)
        fail(fmt::format("got {}, expected {}", shown(*json_), expected));
    return condition;
}

bool JsonPlace::has(const char* name) const { return json_->is_object() && json_->contains(name); }

JsonPlace JsonPlace::member(const char* name) const
{
    const std::string step = path_.empty() ? std::string(name) : fmt::format(".{}", name);
    if (failed() || !mustBe(json_->is_object(), "an object"))
        return at(kNothing, step);
    const auto found = json_->find(name);
    if (found == json_->end()) {
        at(kNothing, step).fail("missing");
        return at(kNothing, step);
    }
    return at(*found, step);
}

std::vector<JsonPlace> JsonPlace::elements() const
{
    std::vector<JsonPlace> places;
    if (failed() || !mustBeList())
        return places;
    places.reserve(json_->size());
    for (size_t i = 0; i < json_->size(); ++i)
        places.push_back(at((*json_)[i], fmt::format("[{}]", i)));
    return places;
}

std::vector<std::pair<std::string, JsonPlace>> JsonPlace::members() const
{
    std::vector<std::pair<std::string, JsonPlace>> places;
    if (failed() || !mustBe(json_->is_object(), "an object"))
        return places;
    places.reserve(json_->size());
    for (const auto& [name, value] : json_->items())
        places.emplace_back(name, at(value, (path_.empty() ? "" : ".") + name));
    return places;
}

std::string JsonPlace::text() const
{
    return !failed() && mustBe(json_->is_string(), "a text") ? json_->get<std::string>() : "";
}

std::string JsonPlace::dump() const
{
    return json_->dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool JsonPlace::flag() const
{
    return !failed() && mustBe(json_->is_boolean(), "true or false") && json_->get<bool>();
}

int64_t JsonPlace::count(int64_t least, int64_t most) const
{
    if (failed() || !mustBe(isCount(*json_, least, most), countExpected(least, most).c_str()))
        return least;
    return json_->get<int64_t>();
}

double JsonPlace::number() const
{
    const std::optional<double> number = failed() ? std::nullopt : asNumber(*json_);
    if (failed() || !mustBe(number.has_value(), "a number"))
        return 0;
    return *number;
}

std::vector<int64_t> JsonPlace::counts64(int64_t least, int64_t most) const
{
    std::vector<int64_t> numbers;
    if (failed() || !mustBeList())
        return numbers;
    numbers.reserve(json_->size());
    for (const Json& element : *json_) {
        if (!isCount(element, least, most)) {
            at(element, fmt::format("[{}]", numbers.size()))
                .fail(
                    fmt::format("got {}, expected {}", shown(element), countExpected(least, most)));
            return {};
        }
        numbers.push_back(element.get<int64_t>());
    }
    return numbers;
}

std::vector<int> JsonPlace::counts(int least, int most) const
{
    std::vector<int> numbers;
    for (const int64_t number : counts64(least, most))
        numbers.push_back(static_cast<int>(number));
    return numbers;
}

std::vector<double> JsonPlace::numbers() const
{
    std::vector<double> numbers;
    if (failed() || !mustBeList())
        return numbers;
    numbers.reserve(json_->size());
    for (const Json& element : *json_) {
        const std::optional<double> number = asNumber(element);
        if (!number) {
            at(element, fmt::format("[{}]", numbers.size()))
                .fail(fmt::format("got {}, expected a number", shown(element)));
            return {};
        }
        numbers.push_back(*number);
    }
    return numbers;
}

std::vector<std::string> JsonPlace::texts() const
{
    std::vector<std::string> texts;
    for (const JsonPlace& element : elements())
        texts.push_back(element.text());
    return texts;
}

Json jsonNumber(double number)
{
    if (std::isfinite(number))
        return number;
    return number > 0 ? "inf" : "-inf";
}

Json jsonNumbers(const std::vector<double>& numbers)
{
    Json json = Json::array();
    for (const double number : numbers)
        json.push_back(jsonNumber(number));
    return json;
}

} // namespace alpa
