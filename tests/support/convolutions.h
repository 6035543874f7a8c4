// Attributes of convolutions for tests.
#pragma once

#include "core/graph/op.h"

#include <utility>
#include <vector>

namespace alpa
{

/// Over two spatial dimensions: batch, rows, columns and channels of the input and the output; the
/// kernel's rows, columns, input and output channels.
inline ConvolutionAttributes convolution2d(std::vector<int64_t> strides, std::vector<int64_t> low,
                                           std::vector<int64_t> high,
                                           std::vector<int64_t> lhsDilation,
                                           std::vector<int64_t> rhsDilation,
                                           std::vector<bool> reversal = {false, false})
{
    return {.strides = std::move(strides),
            .paddingLow = std::move(low),
            .paddingHigh = std::move(high),
            .lhsDilation = std::move(lhsDilation),
            .rhsDilation = std::move(rhsDilation),
            .reversal = std::move(reversal),
            .inputBatch = 0,
            .inputFeature = 3,
            .kernelInputFeature = 2,
            .kernelOutputFeature = 3,
            .outputBatch = 0,
            .outputFeature = 3,
            .inputSpatial = {1, 2},
            .kernelSpatial = {0, 1},
            .outputSpatial = {1, 2}};
}

} // namespace alpa
