// A sample model with what JAX computed for it: graph, inputs, gradients, losses of ten training
// steps.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"
#include "runtime/reference/host_tensor.h"

#include <map>
#include <string>
#include <vector>

namespace alpa
{

struct SampleModel {
    Graph graph;
    std::vector<HostTensor> inputs;              ///< One per graph input.
    std::map<std::string, HostTensor> gradients; ///< By parameter name.
    double loss = 0.0;
    std::vector<double>
        adamLosses;                ///< lr 1e-3, optax's defaults; loss before each of five updates.
    std::vector<double> sgdLosses; ///< lr 0.1.
};

/// Reads folder/NAME/NAME.{loss.stablehlo.mlir.gz, json, reference.safetensors}.
Result<SampleModel> readSampleModel(const std::string& folder, const std::string& name);

/// Inputs of `graph` by name: those of `model` that it has, zero for optimizer states,
/// `learningRate` for the input of that name.
std::vector<HostTensor> stepInputs(const Graph& graph, const SampleModel& model,
                                   double learningRate);

} // namespace alpa
