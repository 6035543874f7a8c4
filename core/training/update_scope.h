// Where the update of a parameter belongs. Internal to core/training.
#pragma once

#include <string>
#include <vector>

namespace alpa
{

/// "block_0.fc.kernel": the model's scope that ends in block_0/fc, the shortest if there are
/// several; if there is none, block_0/fc under the model's root.
std::string updateScope(const std::vector<std::string>& scopes, const std::string& name);

} // namespace alpa
