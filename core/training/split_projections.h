// Separates projections that a model computes as one (queries, keys and values by one matrix) into
// one parameter and one dot each, so that a split of the columns over a mesh axis flows through to
// the heads. Before rebatching and differentiation.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// A graph input that is a part of a parameter of the imported model: elements [begin, end) of its
/// dimension `dim`, all of the others. "qkv.kernel[64:128]" is {"qkv.kernel", 1, 64, 128}.
struct ParameterView {
    std::string input;  ///< In the graph: "block_0.qkv.kernel[64:128]".
    std::string source; ///< In the model: "block_0.qkv.kernel".
    int dim = 0;
    int64_t begin = 0;
    int64_t end = 0;
    friend bool operator==(const ParameterView&, const ParameterView&) = default;
};

struct SplitModel {
    Graph graph;
    std::vector<ParameterView> views; ///< In input order; the views of a source cover it, in order.
};

/// `loss` with every fused projection separated: a value that only slices read, which share out
/// one of its dimensions without gap or overlap, and that comes out of a dot with parameters by
/// element-wise ops, broadcasts, transposes and reshapes that nothing else reads. The dot and what
/// follows it is repeated for each slice with its part of the parameters, which become inputs in
/// the place of the whole ones. Every part computes what the slice gave, element by element.
/// Scopes and source lines stay. The graph itself, without views, if there is nothing to separate.
/// Linear in the size of the graph. The result is verified; fails only if `loss` is not sound.
Result<SplitModel> splitFusedProjections(const Graph& loss);

/// The view that input `name` is, or of whose parameter it is a state: for
/// "qkv.kernel[64:128].m" that of "qkv.kernel.m". Nothing if the model has `name` as it is.
std::optional<ParameterView> viewOfInput(std::span<const ParameterView> views,
                                         std::string_view name);

/// Dimensions of the part of a tensor of `sourceDims`.
std::vector<int64_t> viewDims(const ParameterView& view, std::vector<int64_t> sourceDims);
/// Bytes of the part, row-major, out of the whole tensor's. Assumes that the view lies in
/// `sourceDims` and that `source` has as many elements, of `elementBytes` each.
std::vector<std::byte> readView(const ParameterView& view, std::span<const std::byte> source,
                                std::span<const int64_t> sourceDims, int64_t elementBytes);
/// Puts `part` where readView takes it from.
void writeView(const ParameterView& view, std::span<const std::byte> part,
               std::span<std::byte> source, std::span<const int64_t> sourceDims,
               int64_t elementBytes);

} // namespace alpa
