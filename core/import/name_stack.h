// The names that JAX leaves in locations: which module an operation came from, and what an argument
// was called.
#pragma once

#include "core/import/mlir_syntax.h"

#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// A name stack without what the transformations of the program put around and between the modules:
/// "jit(step)/transpose(jvp(GPT))/block_0/qkv/dot_general" is the path "GPT/block_0/qkv", backward.
struct NameStack {
    std::string path;
    bool isDerivative = false; ///< Inside jvp(...): computed for a gradient, forward or backward.
    bool isBackward = false;   ///< Inside transpose(...).

    friend bool operator==(const NameStack&, const NameStack&) = default;
};

/// Drops the last component (the primitive), compiled functions such as jit(relu), einsum formulas
/// such as "bqhd,bkhd->bhqk" and the bodies of control flow ("while/body"); opens jvp(...),
/// transpose(...), vmap(...).
NameStack parseNameStack(std::string_view name);

/// The path of a function called from `caller` whose own names may be relative to the call or
/// absolute.
std::string joinScopes(std::string_view caller, std::string_view path);

/// Name stacks by location, each taken apart once. Assumes that the module outlives it.
class LocationNames
{
public:
    explicit LocationNames(const MlirModule& module);

    /// Of the first name found in the location: its own, its alias's, its first child's.
    const NameStack& stack(MlirLocationId location);
    /// The name as it stands; empty when there is none.
    std::string_view name(MlirLocationId location) const;

private:
    const MlirModule& module_;
    std::vector<NameStack> stacks_;
    std::vector<bool> isKnown_;
};

/// "params['block_0']['fc']" as {"params", "block_0", "fc"}, "state[0].mu" as {"state", "0", "mu"};
/// empty when the text is not such a path.
std::vector<std::string> splitArgumentPath(std::string_view path);

} // namespace alpa
