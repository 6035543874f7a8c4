// What the arguments of a model function are: parameters, optimizer state or the batch, and their
// names.
#pragma once

#include "core/graph/graph.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

struct ArgumentDescription {
    std::string_view
        path; ///< "params['fc']['kernel']" or "x"; empty when the file has no name for it.
    std::string_view spelling; ///< "arg0"
    TensorType type;
    /// It is (perhaps converted or reshaped) the left operand of a dot or convolution whose right
    /// operand is another argument: x in x * w.
    bool isContractedWithArgument = false;
};

struct ArgumentRole {
    std::string name;
    InputRole role = InputRole::kBatch;
    friend bool operator==(const ArgumentRole&, const ArgumentRole&) = default;
};

/// One entry per argument, with different names. The path decides: a component params, param,
/// weights, ... makes a parameter, opt_state, mu, nu, ... optimizer state, the root batch, inputs,
/// x, labels, ... a batch input; the root is dropped from the name when something remains
/// ("params['fc']['kernel']" is "fc.kernel"). Without such a word: integers and predicates are
/// batch inputs, scalars are optimizer state (a learning rate, a step count), and other
/// floating-point tensors are parameters unless they are contracted with an argument (x in x * w).
std::vector<ArgumentRole> assignRoles(const std::vector<ArgumentDescription>& arguments);

/// The name that an argument of that path has, without its root: "result[1][0].mu['w']" with two
/// parts dropped is "0.mu.w". Empty when nothing remains.
std::string nameWithoutRoot(const std::vector<std::string>& parts, size_t dropped);

} // namespace alpa
