// Modules and numbered blocks of a model, by the names of its parameters.
#pragma once

#include <optional>
#include <string>

namespace alpa
{

/// "block_0.fc" of "block_0.fc.kernel" and of its part "block_0.fc.kernel[0:64]".
std::string moduleOf(const std::string& parameter);

/// Blocks of a model: "block_0.fc" is {"block_", 0, ".fc"} as prefix, number and rest.
struct BlockName {
    std::string prefix;
    int number = 0;
    std::string rest;
};
/// Split at the first run of digits that is a path component or ends one; nothing without.
std::optional<BlockName> blockOf(const std::string& module);

} // namespace alpa
