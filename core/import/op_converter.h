// The conversion of one operation, shared by its sources: stablehlo_ops.cpp (what converts what),
// the convert_* beside it. Nothing else includes this.
#pragma once

#include "core/import/elementary_functions.h"
#include "core/import/known_scalars.h"
#include "core/import/scalar_region.h"
#include "core/import/stablehlo_ops.h"

#include <fmt/format.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace alpa
{

/// A call of cuDNN's fused attention; convert_attention.cpp.
struct FusedAttention;
/// The shapes of a call of cuDNN's layer norm; convert_norm.cpp.
struct NormShapes;

/// Adds the ops of one operation. The first problem is kept; after it nothing more is added.
class OpConverter
{
public:
    OpConverter(Graph& graph, const StablehloOp& op)
        : graph_(graph)
        , op_(op)
        , syntax_(op.syntax)
    {
    }

    Conversion convert();

private:
    using Values = std::vector<ValueId>;
    using Handler = void (OpConverter::*)();
    static const std::unordered_map<std::string_view, Handler>& handlers();
    static const std::unordered_map<std::string_view, OpKind>& elementwiseKinds();

    // Each makes results_ or a problem.
    void convertElementwise(OpKind kind);
    void convertAtan2();
    void convertFunction();
    ElementaryFunctions elementary(const TensorType& type);
    void convertBitcast();
    void convertBroadcast();
    void convertCbrt();
    void convertClamp() { finish(OpKind::kClamp, op_.operands); }
    void convertCompare();
    void convertConcatenate();
    void convertConstant();
    void convertConvolution();
    void convertCustomCall();
    void convertDot();
    void convertDotGeneral();
    void convertDynamicSlice();
    std::optional<SliceAttributes> staticSlice(const std::vector<int64_t>& sizes) const;
    void convertDynamicUpdateSlice() { finish(OpKind::kDynamicUpdateSlice, op_.operands); }
    void convertErfInv();
    void convertErfc();
    void convertGather();
    void convertIota();
    void convertPad();
    void convertReduce();
    void convertReduceOfSeveral(const std::vector<int>& dims);
    void convertIndexedExtremum(const IndexedExtremum& place, const std::vector<int>& dims);
    std::optional<ReduceKind> combinerOf(size_t at, size_t count) const;
    void convertReducePrecision();
    void convertReduceWindow();
    void convertReshape() { finish(OpKind::kReshape, op_.operands); }
    void convertReverse() { convertDims(OpKind::kReverse, {"dims", "dimensions"}); }
    void convertRoundAway();
    void convertScatter();
    void convertSelect() { finish(OpKind::kSelect, op_.operands); }
    void convertSelectAndScatter();
    void convertSlice();
    void convertSort();
    void convertSquare();
    void convertTan();
    void convertTopK();
    void convertTranspose() { convertDims(OpKind::kTranspose, {"dims", "permutation"}); }
    void convertDims(OpKind kind, std::initializer_list<std::string_view> names);
    void convertWhile()
    {
        unsupported("the number of its iterations does not follow from constants");
    }
    void passOperands() { results_ = op_.operands; }

    // convert_attention.cpp
    void convertAttention(std::string_view target);
    std::optional<FusedAttention> readAttention(std::string_view target);
    void convertAttentionForward(const FusedAttention& attention);
    void convertAttentionBackward(const FusedAttention& attention);
    ValueId headsFirst(ValueId x, const FusedAttention& attention, int64_t heads);
    ValueId headProduct(ValueId left, ValueId right, int leftSum, int rightSum, DType dtype);
    ValueId rowsOver(ValueId rows, const TensorType& type);
    ValueId attentionMask(const FusedAttention& attention, const TensorType& scores,
                          ValueId keyLengths);
    ValueId attentionScores(const FusedAttention& attention, ValueId q, ValueId k, ValueId bias,
                            ValueId keyLengths);

    // convert_norm.cpp
    void convertNorm();
    std::optional<NormShapes> readNorm(size_t operands);
    void convertNormForward(const NormShapes& norm, double epsilon);
    void convertNormBackward(const NormShapes& norm);
    ValueId spreadFeatures(ValueId x, const NormShapes& norm);
    ValueId spreadRows(ValueId x, const NormShapes& norm);
    ValueId meanOfRows(ValueId x, const NormShapes& norm);
    void finishNorm(Values results);

    ValueId emit(OpKind kind, const Values& operands, Attributes attributes,
                 const TensorType& declared);
    void finish(OpKind kind, const Values& operands, Attributes attributes = {});
    ValueId splat(double value, const TensorType& type);
    void finishFromInit(ReduceKind kind, ValueId reduced, ValueId init);
    std::optional<double> constantValue(ValueId id) const { return knownScalar(graph_, id); }
    const TensorType& declared() const { return op_.resultTypes.front(); }
    bool hasOperands(size_t count);
    void unsupported(std::string reason)
    {
        stop(Conversion::Outcome::kUnsupported, std::move(reason));
    }
    void invalid(std::string reason) { stop(Conversion::Outcome::kInvalid, std::move(reason)); }
    void missing(std::string_view attribute)
    {
        invalid(fmt::format("attribute '{}' is missing or malformed", attribute));
    }
    void stop(Conversion::Outcome outcome, std::string reason);

    Graph& graph_;
    const StablehloOp& op_;
    const MlirOp& syntax_;
    Values results_;
    std::optional<Conversion> problem_;
};

} // namespace alpa
