// Rules that a person gives for operations nobody knows, in a small JSON file:
//
//   {"rules": [{"op": "stablehlo.custom_call @my_attention*",
//               "rule": "([b, s, h], [b, t, h]) -> ([b, s, h]) blocked {t}",
//               "flops": "4*b*s*t*h"}]}
//
// "op" is the name that the warning about the operation gives, * for any text; "rule" and "flops"
// are as core/graph/opaque_rule.h says. "flops" may be left out: then the operation costs what its
// memory traffic costs.
#pragma once

#include "core/base/diagnostic.h"
#include "core/base/result.h"
#include "core/graph/graph.h"

#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

struct UserRule {
    std::string op; ///< Pattern.
    std::string rule;
    std::string flops;
    friend bool operator==(const UserRule&, const UserRule&) = default;
};

/// Fails with kInvalidInput and the place: for what is no JSON or passes its limits as
/// core/base/parse_json.h does, else "rules[1].rule: column 9: ...".
Result<std::vector<UserRule>> parseUserRules(std::string_view json);
/// Of a file. Fails as reading it does.
Result<std::vector<UserRule>> loadUserRules(const std::string& path);

/// Gives each opaque op of `graph` the first rule whose pattern matches. Returns an error for each
/// op that its rule does not fit, with the op's line, and a warning for each rule that no op
/// matches.
std::vector<Diagnostic> applyUserRules(Graph& graph, const std::vector<UserRule>& rules);

} // namespace alpa
