// What an ONNX file says, as plain data: the only part of the importer that knows protobuf is
// onnx_protobuf.cpp.
#pragma once

#include "core/base/result.h"
#include "core/graph/types.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace alpa
{

struct OnnxTensor {
    std::string name;
    std::optional<DType> dtype; ///< Nothing for element types that we lack (strings, 8-bit floats).
    std::vector<int64_t> dims;
    std::string bytes;   ///< Row-major, little-endian.
    bool hasData = true; ///< False when the data lie in another file.
};

struct OnnxGraph;

struct OnnxAttribute {
    std::string name;
    int64_t integer = 0;
    double real = 0;
    std::string text;
    std::vector<int64_t> integers;
    std::vector<double> reals;
    std::vector<std::string> texts;
    std::shared_ptr<const OnnxTensor> tensor;
    std::shared_ptr<const OnnxGraph> graph;
    std::string reference; ///< Inside a function: the caller's attribute that this one is.
};

struct OnnxNode {
    std::string name, opType, domain;
    std::vector<std::string> inputs, outputs; ///< Optional inputs that are left out are "".
    std::vector<OnnxAttribute> attributes;
    std::string scope; ///< Module path as exported: "m.transformer.h.0.ln_1"; may be empty.

    const OnnxAttribute* find(std::string_view attribute) const;
    /// "node 'mm3' (MatMul)"
    std::string label() const;
};

struct OnnxDim {
    std::optional<int64_t> size;
    std::string parameter; ///< "batch", where the size is open.
};

struct OnnxValue {
    std::string name;
    std::optional<DType> dtype;
    std::optional<std::vector<OnnxDim>> dims; ///< Nothing if even the rank is open.
};

struct OnnxGraph {
    std::string name;
    std::vector<OnnxNode> nodes;
    std::vector<OnnxTensor> initializers;
    std::vector<OnnxValue> inputs, outputs;
    std::vector<OnnxValue> values; ///< Types of intermediate values, as far as the file has them.
};

/// A function of the model's own, called like an operator.
struct OnnxFunction {
    std::string domain, name;
    std::vector<std::string> inputs, outputs, attributes;
    std::vector<OnnxNode> nodes;
};

struct OnnxModel {
    OnnxGraph graph;
    std::vector<OnnxFunction> functions;
    int64_t opset = 0; ///< Of the default domain.
};

/// Could `content` be an ONNX file? Looks at its first fields only.
bool looksLikeOnnx(std::string_view content);

/// Fails with kInvalidInput if `content` is no ONNX model or tensors contradict their sizes, with
/// kUnsupported where ONNX's schema was not there to build with.
Result<OnnxModel> parseOnnx(std::string_view content);

/// The elements as doubles. Assumes that the tensor has a dtype and data of its size.
std::vector<double> onnxValues(const OnnxTensor& tensor);

} // namespace alpa
