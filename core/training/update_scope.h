// Where the update of a parameter belongs. Internal to core/training.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

namespace alpa
{

/// The scopes of a model, by how their paths end.
class UpdateScopes
{
public:
    explicit UpdateScopes(const std::vector<std::string>& scopes);

    /// "block_0.fc.kernel": the model's scope that ends in block_0/fc, the shortest if there are
    /// several; if there is none, block_0/fc under the model's root.
    std::string of(const std::string& parameter) const;

private:
    /// The shortest scope by what it ends in; the first of equally long ones.
    std::unordered_map<std::string, std::string> byTail_;
    std::string root_; ///< "GPT", if all scopes of the model begin with it; else empty.
};

} // namespace alpa
