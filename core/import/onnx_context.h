// One node of an ONNX graph while it is converted: what it reads, its attributes, and the ops that
// are made of it. After the first problem nothing more is made.
#pragma once

#include "core/graph/graph.h"
#include "core/import/onnx_model.h"

#include <memory>
#include <string>
#include <vector>

namespace alpa
{

/// A tensor whose elements the importer knows: shapes, axes, masks.
struct OnnxConstant {
    TensorType type;
    std::vector<double> values; ///< All of them, row-major.
    friend bool operator==(const OnnxConstant&, const OnnxConstant&) = default;
};

/// What a name of the file stands for: a value of the graph, known elements, or (for an optional
/// input that is left out) nothing.
struct OnnxOperand {
    ValueId value;
    std::shared_ptr<const OnnxConstant> known;
    /// A list of tensors, which only a few operators read; not present for the others.
    std::shared_ptr<const std::vector<OnnxOperand>> parts = nullptr;
    bool isPresent() const { return value.isValid() || known != nullptr; }
};

class OnnxContext
{
public:
    OnnxContext(Graph& graph, const OnnxNode& node, int64_t opset, ScopeId scope, int line)
        : graph_(graph)
        , node_(node)
        , opset_(opset)
        , scope_(scope)
        , line_(line)
    {
    }

    const OnnxNode& node() const { return node_; }
    int64_t opset() const { return opset_; }
    std::vector<OnnxOperand> inputs;
    std::vector<OnnxOperand> results; ///< Handlers append to it.

    // Problems.
    enum class Outcome { kConverted, kUnsupported, kInvalid };
    bool failed() const { return outcome_ != Outcome::kConverted; }
    Outcome outcome() const { return outcome_; }
    const std::string& reason() const { return reason_; }
    void unsupported(std::string reason) { fail(Outcome::kUnsupported, std::move(reason)); }
    void invalid(std::string reason) { fail(Outcome::kInvalid, std::move(reason)); }

    // Inputs.
    bool has(size_t input) const { return input < inputs.size() && inputs[input].isPresent(); }
    /// Input `input` as a value of the graph; a problem if it is missing.
    ValueId x(size_t input);
    /// The known elements of an input as integers; a problem, or nothing if it is left out.
    std::optional<std::vector<int64_t>> integersOf(size_t input);
    std::optional<double> scalarOf(size_t input);

    // Attributes.
    int64_t integer(std::string_view name, int64_t missing) const;
    double real(std::string_view name, double missing) const;
    std::string text(std::string_view name, std::string missing) const;
    std::vector<int64_t> integers(std::string_view name) const;
    /// The attribute, or input `input` in later opsets: axes, pads, splits.
    std::optional<std::vector<int64_t>> integersAt(std::string_view name, size_t input);
    /// Counted from the end when negative. A problem outside [0, rank).
    int axis(int64_t number, int rank);
    std::vector<int> axes(const std::vector<int64_t>& numbers, int rank);

    // Values. All return an invalid id after a problem, and pass invalid ids on.
    const TensorType& type(ValueId id) const;
    const std::vector<int64_t>& dims(ValueId id) const { return type(id).dims; }
    int rank(ValueId id) const { return type(id).rank(); }
    ValueId emit(OpKind kind, std::vector<ValueId> operands, Attributes attributes = {},
                 const std::optional<TensorType>& declared = std::nullopt);
    /// All results of an op that has several.
    std::vector<ValueId> emitAll(OpKind kind, std::vector<ValueId> operands, Attributes attributes);
    ValueId constant(std::vector<double> values, TensorType constantType);
    ValueId splat(double number, const TensorType& like) { return constant({number}, like); }
    ValueId unary(OpKind kind, ValueId operand) { return emit(kind, {operand}); }
    /// Of operands that are broadcast as in NumPy.
    ValueId binary(OpKind kind, ValueId left, ValueId right);
    ValueId binary(OpKind kind, ValueId left, double right)
    {
        return emit(kind, {left, splat(right, type(left))});
    }
    ValueId compare(CompareDirection direction, ValueId left, ValueId right);
    ValueId select(ValueId predicate, ValueId onTrue, ValueId onFalse);
    ValueId convert(ValueId operand, DType dtype);
    /// NumPy's broadcasting to `sizes`.
    ValueId broadcastTo(ValueId operand, const std::vector<int64_t>& sizes);
    /// Dimension i becomes resultDims[i].
    ValueId broadcastIn(ValueId operand, std::vector<int> resultDims, std::vector<int64_t> sizes);
    ValueId reshape(ValueId operand, std::vector<int64_t> sizes);
    ValueId transpose(ValueId operand, std::vector<int> permutation);
    ValueId slice(ValueId operand, std::vector<int64_t> starts, std::vector<int64_t> limits,
                  std::vector<int64_t> strides = {});
    ValueId reduce(ReduceKind kind, ValueId operand, const std::vector<int>& reduced, bool keeps);
    ValueId mean(ValueId operand, const std::vector<int>& reduced, bool keeps);
    /// Spreads x, which lacks the dimensions `reduced` of `sizes`, over them.
    ValueId spread(ValueId operand, const std::vector<int>& reduced, std::vector<int64_t> sizes);
    /// A vector over dimension `dim` of `sizes`.
    ValueId along(ValueId vector, int dim, const std::vector<int64_t>& sizes);
    ValueId iota(int dim, TensorType iotaType);

    void give(ValueId value) { results.push_back({value, nullptr}); }
    void give(OnnxConstant constant)
    {
        results.push_back({ValueId(), std::make_shared<const OnnxConstant>(std::move(constant))});
    }

private:
    void fail(Outcome outcome, std::string reason);
    std::vector<ValueId> add(OpKind kind, std::vector<ValueId> operands, Attributes attributes,
                             const std::optional<TensorType>& declared);

    Graph& graph_;
    const OnnxNode& node_;
    int64_t opset_;
    ScopeId scope_;
    int line_;
    Outcome outcome_ = Outcome::kConverted;
    std::string reason_;
};

/// Sizes after NumPy's broadcasting; nothing if they do not fit.
std::optional<std::vector<int64_t>> broadcastSizes(const std::vector<int64_t>& left,
                                                   const std::vector<int64_t>& right);

} // namespace alpa
