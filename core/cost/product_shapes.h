// Which matrix products a model's plans may run: what a profile of a machine should measure.
#pragma once

#include "core/cost/product_time.h"

namespace alpa
{

/// The products of 16-bit floats of `graph`, without those in ops that `leftOut` marks (see
/// attentionOps), whole and with one or two of their dimensions split in up to `devices` parts.
/// Each once, rows and columns being alike; the largest first.
std::vector<ProductShape> productShapes(const Graph& graph, const std::vector<uint8_t>& leftOut,
                                        int devices);

} // namespace alpa
