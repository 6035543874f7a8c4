// A model that PyTorch exported, with the inputs that its reference was computed from.
#pragma once

#include "core/import/import_model.h"
#include "runtime/reference/host_tensor.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace alpa
{

struct OnnxSample {
    Graph graph;
    std::map<std::string, HostTensor> values;  ///< Of inputs: from the file, or the reference.
    std::map<std::string, HostTensor> outputs; ///< As PyTorch computed them.
};

/// Reads tests/numeric/data/onnx/NAME.{onnx.gz, reference.safetensors}; what fails, fails the test.
OnnxSample readOnnxSample(const std::string& name, std::optional<LossKind> loss = {});

/// By input: its known value, or labels that count up.
std::vector<HostTensor> inputsOf(const OnnxSample& sample, const Graph& graph);

} // namespace alpa
