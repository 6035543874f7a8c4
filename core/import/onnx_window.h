// The window that an ONNX node moves over its input: kernels of convolutions and of pooling.
#pragma once

#include "core/import/onnx_context.h"

#include <optional>
#include <vector>

namespace alpa
{

/// Of n spatial dimensions, with auto_pad resolved.
struct OnnxWindow {
    std::vector<int64_t> kernel, strides, dilations, low, high;
};

/// From the node's attributes, for an input of `spatial` sizes. Nothing after a problem.
std::optional<OnnxWindow> readOnnxWindow(OnnxContext& c, const std::vector<int64_t>& spatial,
                                         std::vector<int64_t> kernel);

} // namespace alpa
