// Which tensors of an ONNX file are trained: the format does not say.
#pragma once

#include "core/import/onnx_model.h"

#include <string>
#include <unordered_set>

namespace alpa
{

/// Names that a graph uses in a telling way.
struct OnnxUses {
    std::unordered_set<std::string> weights; ///< Kernels, tables, scales and biases of layers.
    std::unordered_set<std::string> frozen;  ///< Running statistics.
};

/// Also through transposes, casts and reshapes between the tensor and the layer.
OnnxUses findOnnxUses(const OnnxModel& model);

/// "m.layer1.0.conv1.weight": a path whose last component is a word.
bool isParameterPath(std::string_view name);

/// "m.transformer.h.0/ln_1" for "m.transformer.h.0.ln_1" or "/m/transformer/h.0/ln_1": the
/// components up to the first with a number are one, so that the blocks of a model differ in the
/// first.
std::string onnxScope(std::string_view path);

/// The module of a node: as exported, from its name, or from the weight that it uses; empty if
/// nothing says.
std::string onnxModule(const OnnxNode& node, const OnnxUses& uses);

/// The tensor is a weight: by its use, or by its name.
bool isOnnxWeight(const OnnxUses& uses, const std::string& name);

} // namespace alpa
