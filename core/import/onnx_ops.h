// The operators of ONNX by name.
#pragma once

#include "core/import/onnx_context.h"

#include <span>
#include <string_view>

namespace alpa
{

/// Appends to the context's results, one per output of the node, or leaves a problem in it.
using OnnxHandler = void (*)(OnnxContext&);

struct OnnxOperator {
    std::string_view name;
    OnnxHandler convert;
};

std::span<const OnnxOperator> onnxElementwise();
std::span<const OnnxOperator> onnxShapes();
std::span<const OnnxOperator> onnxContractions();
std::span<const OnnxOperator> onnxConvolutions();
std::span<const OnnxOperator> onnxWindows();
std::span<const OnnxOperator> onnxResizing();
std::span<const OnnxOperator> onnxReductions();
std::span<const OnnxOperator> onnxRecurrent();
std::span<const OnnxOperator> onnxSampling();
std::span<const OnnxOperator> onnxTrigonometry();
std::span<const OnnxOperator> onnxIndexing();
std::span<const OnnxOperator> onnxSequences();

/// The handler of an operator of the default domain; null if there is none.
OnnxHandler findOnnxOperator(std::string_view name);

/// The results of a node whose inputs are all known, if it is one that shapes are computed with;
/// nothing otherwise. What it gives is small.
std::optional<std::vector<OnnxConstant>> foldOnnxNode(OnnxContext& context);

} // namespace alpa
