// JSON texts from outside: parsed only if no reader can be hurt by their shape. Limits and errors
// are the same for plans, clusters, sessions and plans of other programs.
#pragma once

#include "core/base/result.h"

#include <nlohmann/json.hpp>

#include <string_view>

namespace alpa
{

/// What no file of ours comes near. The parser keeps objects in the order of the file and so takes
/// time quadratic in the members of one; copying and printing values recurses; each value takes up
/// to 64 bytes.
struct JsonLimits {
    int depth = 64;                  ///< Objects and lists inside each other.
    size_t members = 4096;           ///< Of one object.
    size_t values = size_t{1} << 24; ///< In all.
};

/// Fails with kInvalidInput: "line 3, column 7: not valid JSON", then that line with a caret below
/// the place.
Result<nlohmann::ordered_json> parseJson(std::string_view text, const JsonLimits& limits = {});

/// Does the text keep to the limits? Linear, and needs no memory to speak of. Fails with
/// kInvalidInput and the place.
Status checkJsonLimits(std::string_view text, const JsonLimits& limits);

/// "WHAT" at a byte offset: "line 3, column 7: WHAT", then the line (what fits of it) with a caret
/// below the place.
Error errorAt(std::string_view text, size_t offset, std::string_view what);

} // namespace alpa
