// Operations: a StableHLO-like set of kinds with typed attributes. Dimension numbers follow
// StableHLO.
#pragma once

#include "core/base/ids.h"
#include "core/graph/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace alpa
{

using OpId = Id<struct OpTag>;
using ValueId = Id<struct ValueTag>;
using ScopeId = Id<struct ScopeTag>;

// clang-format off
enum class OpKind {
    // Element-wise, one operand.
    kAbs, kBitcast, kCeil, kConvert, kCosine, kErf, kExp, kExpm1, kFloor, kIsFinite, kLog, kLog1p,
    kLogistic, kNegate, kNot, kPopulationCount, kRound, kRsqrt, kSign, kSine, kSqrt, kTanh,
    // Element-wise, two or three operands of one shape; clamp's bounds and select's predicate may
    // be scalars.
    kAdd, kAnd, kClamp, kCompare, kDivide, kMaximum, kMinimum, kMultiply, kOr, kPower, kRemainder,
    kSelect, kShiftLeft, kShiftRightArithmetic, kShiftRightLogical, kSubtract, kXor,
    // Without operands.
    kConstant, kIota,
    // Shape.
    kBroadcast, kConcatenate, kDynamicSlice, kDynamicUpdateSlice, kPad, kReshape, kReverse, kSlice,
    kTranspose,
    // Contractions, reductions and indexing.
    kConvolution, kDot, kGather, kReduce, kReduceWindow, kScatter, kSelectAndScatter, kSort,
    // Training: the mean over the microbatches of one step of its operand; read only in the update.
    kAccumulate,
    // An operation nobody knows: kept with its text, replicated, never executed.
    kOpaque,
};
// clang-format on

/// "add", "dot", "broadcast": the spelling of the text form.
std::string_view opKindName(OpKind kind);
std::optional<OpKind> opKindFromName(std::string_view name);
/// convert, compare, select and clamp count too; accumulate does not.
bool isElementwise(OpKind kind);

enum class ReduceKind { kAdd, kMultiply, kMaximum, kMinimum, kAnd, kOr };
enum class CompareDirection { kEq, kNe, kLt, kLe, kGt, kGe };
/// "add", "maximum", "and".
std::string_view reduceKindName(ReduceKind kind);
std::optional<ReduceKind> reduceKindFromName(std::string_view name);
/// "eq", "lt".
std::string_view compareDirectionName(CompareDirection direction);
std::optional<CompareDirection> compareDirectionFromName(std::string_view name);

/// Values in row-major order; one value stands for all elements.
struct ConstantAttributes {
    std::vector<double> values;
    friend bool operator==(const ConstantAttributes&, const ConstantAttributes&) = default;
};
struct IotaAttributes {
    int dim = 0;
    friend bool operator==(const IotaAttributes&, const IotaAttributes&) = default;
};
struct CompareAttributes {
    CompareDirection direction = CompareDirection::kEq;
    friend bool operator==(const CompareAttributes&, const CompareAttributes&) = default;
};
/// dims: broadcast, operand dimension i becomes result dimension dims[i] (a size of 1 is expanded);
/// transpose, result dimension i is operand dimension dims[i]; reverse, the reversed dimensions.
struct DimsAttributes {
    std::vector<int> dims;
    friend bool operator==(const DimsAttributes&, const DimsAttributes&) = default;
};
struct ReduceAttributes {
    ReduceKind kind =
        ReduceKind::kAdd; ///< The init value is the identity of `kind` (importers check).
    std::vector<int> dims;
    friend bool operator==(const ReduceAttributes&, const ReduceAttributes&) = default;
};
struct SliceAttributes {
    std::vector<int64_t> starts, limits, strides;
    friend bool operator==(const SliceAttributes&, const SliceAttributes&) = default;
};
/// Operands: the tensor and a scalar padding value. Low and high may be negative.
struct PadAttributes {
    std::vector<int64_t> low, high, interior;
    friend bool operator==(const PadAttributes&, const PadAttributes&) = default;
};
struct ConcatenateAttributes {
    int dim = 0;
    friend bool operator==(const ConcatenateAttributes&, const ConcatenateAttributes&) = default;
};
/// Dynamic slice: operands tensor, scalar starts...; dynamic update slice: tensor, update,
/// starts... (no sizes).
struct DynamicSliceAttributes {
    std::vector<int64_t> sizes;
    friend bool operator==(const DynamicSliceAttributes&, const DynamicSliceAttributes&) = default;
};
/// Result dimensions: batch, left free, right free.
struct DotAttributes {
    std::vector<int> lhsBatch, rhsBatch, lhsContracting, rhsContracting;
    friend bool operator==(const DotAttributes&, const DotAttributes&) = default;
};
/// Dimension numbers as in StableHLO: operand (batch, feature, spatial...), and so on.
struct ConvolutionAttributes {
    std::vector<int64_t> strides, paddingLow, paddingHigh, lhsDilation, rhsDilation;
    std::vector<bool> reversal;
    int inputBatch = 0, inputFeature = 0, kernelInputFeature = 0, kernelOutputFeature = 0;
    int outputBatch = 0, outputFeature = 0;
    std::vector<int> inputSpatial, kernelSpatial, outputSpatial;
    int64_t featureGroups = 1, batchGroups = 1;
    friend bool operator==(const ConvolutionAttributes&, const ConvolutionAttributes&) = default;
};
/// Operands: tensor, indices. As stablehlo.gather; indices are clamped.
struct GatherAttributes {
    std::vector<int> offsetDims, collapsedSliceDims, operandBatchingDims, indicesBatchingDims,
        startIndexMap;
    int indexVectorDim = 0;
    std::vector<int64_t> sliceSizes;
    friend bool operator==(const GatherAttributes&, const GatherAttributes&) = default;
};
/// Operands: tensor, indices, updates. As stablehlo.scatter; `kind` combines, or replaces when
/// isReplace.
struct ScatterAttributes {
    std::vector<int> updateWindowDims, insertedWindowDims, inputBatchingDims, indicesBatchingDims,
        scatterDimsToOperandDims;
    int indexVectorDim = 0;
    ReduceKind kind = ReduceKind::kAdd;
    bool isReplace = false;
    friend bool operator==(const ScatterAttributes&, const ScatterAttributes&) = default;
};
struct ReduceWindowAttributes {
    ReduceKind kind = ReduceKind::kAdd;
    std::vector<int64_t> window, strides, paddingLow, paddingHigh;
    friend bool operator==(const ReduceWindowAttributes&, const ReduceWindowAttributes&) = default;
};
struct SortAttributes {
    int dim = 0;
    bool isDescending = false;
    friend bool operator==(const SortAttributes&, const SortAttributes&) = default;
};
struct OpaqueAttributes {
    std::string name; ///< "stablehlo.fft"
    std::string text; ///< The operation as it stood in the file.
    /// How it may be split, in the form of opaque_rule.h; empty: it stays whole on every device.
    std::string rule;
    std::string flops; ///< Of the rule's sizes: "4*b*s*s"; empty: none.
    friend bool operator==(const OpaqueAttributes&, const OpaqueAttributes&) = default;
};

using Attributes =
    std::variant<std::monostate, ConstantAttributes, IotaAttributes, CompareAttributes,
                 DimsAttributes, ReduceAttributes, SliceAttributes, PadAttributes,
                 ConcatenateAttributes, DynamicSliceAttributes, DotAttributes,
                 ConvolutionAttributes, GatherAttributes, ScatterAttributes, ReduceWindowAttributes,
                 SortAttributes, OpaqueAttributes>;

/// The alternative that ops of `kind` carry, with default fields. Dynamic update slice carries
/// none, select and scatter (which selects the maximum and adds) a ReduceWindowAttributes.
Attributes defaultAttributes(OpKind kind);

} // namespace alpa
