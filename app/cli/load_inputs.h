// What a run begins with: parameters, optimizer state and one batch, from a file or drawn at
// random.
#pragma once

#include "core/graph/graph.h"
#include "core/training/split_projections.h"
#include "runtime/executor/run_program.h"

#include <map>
#include <optional>
#include <span>
#include <string>

namespace alpa::cli
{

struct InputOptions {
    /// A safetensors file with "param:NAME" and "batch:NAME". Unset: random values.
    std::optional<std::string> file;
    std::span<const ParameterView> views; ///< Inputs that are parts of the file's parameters.
    int64_t microbatches = 1;             ///< Batch inputs have so many times the graph's rows.
    double learningRate = 1e-3;
    uint64_t seed = 1;
};

using HostInputs = std::map<std::string, HostBuffer>;

/// One whole tensor per input of `graph`, by name.
/// * From a file: parameters and batch, converted to the graph's element types.
/// * Random: parameters nearly normal with deviation 0.02, but one for "*.scale" and zero for "*.bias", as
///   models begin; batches normal, or integers within the bounds that the graph implies. A tensor's
///   values depend on its name and the seed only, so that different plans begin alike.
/// * "learning_rate" is the given one, "NAME.master" begins as parameter NAME, all other optimizer
///   state is zero.
/// Fails with kInvalidInput naming the tensor, its shape and the expected one; as reading fails.
Result<HostInputs> loadInputs(const Graph& graph, const InputOptions& options);

/// The elements as doubles, for the reference interpreter.
Result<std::vector<double>> bufferValues(const HostBuffer& buffer);

} // namespace alpa::cli
