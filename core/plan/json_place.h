// A JSON document read with its places: the first thing that is not as expected is remembered with
// its path ("stages[2].memory.inFlight: missing"), and everything read after it is empty.
#pragma once

#include "core/base/result.h"
#include "core/base/units.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace alpa
{

using Json = nlohmann::ordered_json;

/// One value of a document. Copies share the document and its first problem, which must both
/// outlive them.
class JsonPlace
{
public:
    JsonPlace(const Json& json, std::optional<Error>& problem, std::string path = "")
        : json_(&json)
        , problem_(&problem)
        , path_(std::move(path))
    {
    }

    /// Remembers that this value is not as expected, unless something else was not before it.
    void fail(const std::string& what) const;
    bool failed() const { return problem_->has_value(); }

    JsonPlace member(const char* name) const; ///< Fails if this is no object or lacks it.
    bool has(const char* name) const;
    std::vector<JsonPlace> elements() const;
    std::vector<std::pair<std::string, JsonPlace>> members() const; ///< Of an object, in order.

    std::string text() const;
    std::string dump() const; ///< As JSON text.
    bool flag() const;
    int64_t count(int64_t least, int64_t most) const;
    int countInt(int least, int most) const { return static_cast<int>(count(least, most)); }
    /// A finite number; the texts "inf" and "-inf" stand for what JSON cannot say.
    double number() const;
    Seconds seconds() const { return Seconds(number()); }
    Bytes bytes() const { return Bytes(count(0, int64_t{1} << 60)); }
    std::vector<int> counts(int least, int most) const;
    std::vector<int64_t> counts64(int64_t least, int64_t most) const;
    std::vector<double> numbers() const;
    std::vector<std::string> texts() const;

    /// What `read` makes of the member, or nothing if there is none.
    template <typename Read>
    auto optional(const char* name, Read&& read) const
        -> std::optional<decltype(read(std::declval<JsonPlace>()))>
    {
        if (failed() || !has(name))
            return std::nullopt;
        return read(member(name));
    }

private:
    JsonPlace at(const Json& json, const std::string& step) const
    {
        return {json, *problem_, path_ + step};
    }
    bool mustBe(bool condition, const char* expected) const;
    bool mustBeList() const { return mustBe(json_->is_array(), "a list"); }

    const Json* json_;
    std::optional<Error>* problem_;
    std::string path_;
};

/// A number as JsonPlace::number reads it.
Json jsonNumber(double number);
Json jsonNumbers(const std::vector<double>& numbers);

} // namespace alpa
