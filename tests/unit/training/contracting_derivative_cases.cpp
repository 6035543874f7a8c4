// Contractions, windows and indexing.
#include "core/graph/builder.h"
#include "tests/support/convolutions.h"
#include "tests/unit/training/derivative_cases.h"

#include <utility>

namespace alpa
{
namespace
{

ConvolutionAttributes grouped(ConvolutionAttributes attributes, int64_t featureGroups)
{
    attributes.featureGroups = featureGroups;
    return attributes;
}

/// ONNX's layouts: N C H W, kernels O I H W.
ConvolutionAttributes channelsFirst(ConvolutionAttributes attributes)
{
    attributes.inputFeature = attributes.outputFeature = attributes.kernelInputFeature = 1;
    attributes.kernelOutputFeature = 0;
    attributes.inputSpatial = attributes.outputSpatial = attributes.kernelSpatial = {2, 3};
    return attributes;
}

ValueId integers(GraphBuilder& b, std::vector<double> values, std::vector<int64_t> dims)
{
    return b.constant(std::move(values), {DType::kS32, std::move(dims)});
}

using P = const std::vector<ValueId>&;

GraphBody reduce(ReduceKind kind, std::vector<int> dims)
{
    return [=](GraphBuilder& b, P p) { return b.reduce(kind, p[0], dims); };
}
GraphBody dot(DotAttributes attributes)
{
    return [=](GraphBuilder& b, P p) { return b.dot(p[0], p[1], attributes); };
}
GraphBody convolve(ConvolutionAttributes attributes)
{
    return [=](GraphBuilder& b, P p) { return b.convolution(p[0], p[1], attributes); };
}
GraphBody window(ReduceWindowAttributes attributes)
{
    return [=](GraphBuilder& b, P p) { return b.reduceWindow(p[0], attributes); };
}

} // namespace

std::vector<DerivativeCase> contractionCases()
{
    const std::vector<int64_t> one = {1, 1};
    const std::vector<int64_t> zero = {0, 0};
    const std::vector<std::vector<int64_t>> conv = {{2, 5, 6, 3}, {3, 2, 3, 4}};
    return {
        {"Matmul", {{3, 4}, {4, 2}}, dot({{}, {}, {1}, {0}}), {}},
        {"MatmulTransposed", {{3, 4}, {2, 4}}, dot({{}, {}, {1}, {1}}), {}},
        {"MatmulLeftTransposed", {{4, 3}, {4, 2}}, dot({{}, {}, {0}, {0}}), {}},
        {"DotOuter", {{3}, {2}}, dot({}), {}},
        {"DotInner", {{3}, {3}}, dot({{}, {}, {0}, {0}}), {}},
        {"DotBatched", {{2, 5, 3, 4}, {2, 6, 3, 4}}, dot({{0, 2}, {0, 2}, {3}, {3}}), {}},
        {"DotBatchedCrossed", {{5, 3, 2, 4}, {4, 2, 3, 6}}, dot({{2, 1}, {1, 2}, {3}, {0}}), {}},
        {"DotTwoContractions", {{2, 3, 4}, {4, 5, 3}}, dot({{}, {}, {1, 2}, {2, 0}}), {}},
        {"DotSquare",
         {{3, 3}},
         [](GraphBuilder& b, P p) {
             return b.dot(p[0], p[0], {{}, {}, {1}, {0}});
         },
         {}},
        {"Convolution", conv, convolve(convolution2d(one, one, one, one, one)), {}},
        {"ConvolutionStrided", conv, convolve(convolution2d({2, 3}, {1, 0}, {0, 2}, one, one)), {}},
        {"ConvolutionDilated",
         conv,
         convolve(convolution2d({2, 1}, {2, 1}, {1, 3}, {2, 1}, {1, 2})),
         {}},
        {"ConvolutionReversed",
         conv,
         convolve(convolution2d({1, 2}, zero, one, one, one, {true, false})),
         {}},
        {"ConvolutionGrouped",
         {{2, 5, 6, 4}, {3, 2, 2, 6}},
         convolve(grouped(convolution2d({2, 1}, {1, 0}, {0, 1}, one, {1, 2}), 2)),
         {}},
        {"ConvolutionOfPaddingOnly",
         {{2, 0, 4, 3}, {2, 2, 3, 2}},
         convolve(convolution2d(one, {2, 0}, {1, 0}, {2, 1}, one)),
         {}},
        {"WindowSumOfPaddingOnly",
         {{0, 2}, {3, 2}},
         [](GraphBuilder& b, P p) {
             const ValueId windows =
                 b.reduceWindow(p[0], {ReduceKind::kAdd, {2, 1}, {1, 1}, {2, 0}, {2, 0}});
             return b.multiply(windows, p[1]);
         },
         {}},
        {"ReduceOfNothing",
         {{3, 0}, {3}},
         [](GraphBuilder& b, P p) {
             return b.multiply(b.reduce(ReduceKind::kAdd, p[0], {1}), p[1]);
         },
         {}},
        {"DotOfNothing",
         {{3, 0}, {0, 2}, {3, 2}},
         [](GraphBuilder& b, P p) { return b.multiply(b.matmul(p[0], p[1]), p[2]); },
         {}},
        {"ConcatenateWithNothing",
         {{3, 0}, {3, 2}},
         [](GraphBuilder& b, P p) {
             return b.concatenate({p[0], b.exp(p[1]), p[0]}, 1);
         },
         {}},
        {"ConvolutionGroupedChannelsFirst",
         {{2, 4, 5, 6}, {6, 2, 3, 2}},
         convolve(channelsFirst(grouped(convolution2d({2, 1}, {1, 0}, {0, 1}, one, one), 2))),
         {}},
        {"ConvolutionDepthwise",
         {{2, 4, 4, 3}, {2, 2, 1, 3}},
         convolve(grouped(convolution2d(one, one, zero, one, one), 3)),
         {}},
        {"ReduceAdd", {{2, 3, 4}}, reduce(ReduceKind::kAdd, {0, 2}), {}},
        {"ReduceMaximum", {{2, 3, 4}}, reduce(ReduceKind::kMaximum, {1}), {}},
        {"ReduceMinimum", {{2, 3, 4}}, reduce(ReduceKind::kMinimum, {2, 0}), {}},
        {"ReduceMultiply", {{2, 3}}, reduce(ReduceKind::kMultiply, {1}), {.low = 0.5, .high = 2.0}},
        {"WindowSum", {{5, 6}}, window({ReduceKind::kAdd, {3, 2}, {2, 1}, {1, 0}, {2, 1}}), {}},
        {"CumulativeSum", {{6}}, window({ReduceKind::kAdd, {6}, {1}, {5}, {0}}), {}},
        {"WindowMaximum",
         {{5, 6}},
         window({ReduceKind::kMaximum, {2, 2}, {1, 2}, {1, 0}, {0, 0}}),
         {}},
        {"WindowMinimum",
         {{5, 6}},
         window({ReduceKind::kMinimum, {2, 2}, {2, 2}, {0, 0}, {1, 0}}),
         {}},
    };
}

std::vector<DerivativeCase> indexingCases()
{
    const GatherAttributes rowsOf{.offsetDims = {2},
                                  .collapsedSliceDims = {0},
                                  .operandBatchingDims = {},
                                  .indicesBatchingDims = {},
                                  .startIndexMap = {0},
                                  .indexVectorDim = 2,
                                  .sliceSizes = {1, 3}};
    const GatherAttributes alongLast{.offsetDims = {},
                                     .collapsedSliceDims = {1},
                                     .operandBatchingDims = {0},
                                     .indicesBatchingDims = {0},
                                     .startIndexMap = {1},
                                     .indexVectorDim = 2,
                                     .sliceSizes = {1, 1}};
    const ScatterAttributes addRows{.updateWindowDims = {1},
                                    .insertedWindowDims = {0},
                                    .inputBatchingDims = {},
                                    .indicesBatchingDims = {},
                                    .scatterDimsToOperandDims = {0},
                                    .indexVectorDim = 1};
    return {
        {"GatherRows",
         {{4, 3}},
         [=](GraphBuilder& b, P p) {
             return b.gather(p[0], integers(b, {3, 1, 1, 0}, {2, 2, 1}), rowsOf);
         },
         {}},
        {"GatherAlong",
         {{3, 4}},
         [=](GraphBuilder& b, P p) {
             return b.gather(p[0], integers(b, {3, 0, 2, 1, 1, 1}, {3, 2, 1}), alongLast);
         },
         {}},
        {"ScatterAdd",
         {{4, 3}, {3, 3}},
         [=](GraphBuilder& b, P p) {
             return b.scatter(p[0], integers(b, {3, 1, 3}, {3, 1}), p[1], addRows);
         },
         {}},
        {"ScatterDropsOutside",
         {{4, 3}, {3, 3}},
         [=](GraphBuilder& b, P p) {
             return b.scatter(p[0], integers(b, {3, 4, -1}, {3, 1}), p[1], addRows);
         },
         {}},
        {"Sort",
         {{4, 3}},
         [](GraphBuilder& b, P p) {
             return b.emit(OpKind::kSort, {p[0]}, SortAttributes{.dim = 0, .isDescending = true});
         },
         {}},
        {"SortOfSeveral",
         {{3, 4}, {3, 4}},
         [](GraphBuilder& b, P p) {
             const SortAttributes sort{.dim = 1, .isDescending = false};
             const std::vector<ValueId> sorted = b.emitAll(OpKind::kSort, {p[0], p[1]}, sort);
             return b.multiply(sorted[0], sorted[1]);
         },
         {}},
        {"SortOnlyThePassenger",
         {{3, 4}, {3, 4}},
         [](GraphBuilder& b, P p) {
             const SortAttributes sort{.dim = 1, .isDescending = true};
             return b.emitAll(OpKind::kSort, {p[0], p[1]}, sort)[1];
         },
         {}},
        {"TiedUses",
         {{4, 3}},
         [=](GraphBuilder& b, P p) {
             const ValueId looked = b.gather(p[0], integers(b, {3, 1, 1, 0}, {2, 2, 1}), rowsOf);
             return b.dot(looked, b.transpose(p[0], {1, 0}), {{}, {}, {2}, {0}});
         },
         {}},
    };
}

} // namespace alpa
