// Shape arithmetic of ONNX graphs, done while importing: exporters compute shapes and masks with
// ordinary operators on small integer tensors.
#include "core/import/onnx_ops.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;
using Constants = std::vector<OnnxConstant>;

/// Larger results stay operations.
constexpr int64_t kMostElements = int64_t{1} << 20;

bool isSmall(const Sizes& sizes)
{
    int64_t count = 1;
    for (const int64_t size : sizes) {
        if (size < 0 || __builtin_mul_overflow(count, size, &count) || count > kMostElements)
            return false;
    }
    return true;
}

/// The offset in a tensor of `own` sizes of the element at `place` (row-major) of `sizes`, to which
/// it is broadcast.
size_t broadcastOffset(const Sizes& own, const Sizes& sizes, size_t place)
{
    size_t offset = 0;
    size_t stride = 1;
    for (size_t i = 0; i < own.size(); ++i) {
        const auto size = static_cast<size_t>(sizes[sizes.size() - 1 - i]);
        const auto ownSize = static_cast<size_t>(own[own.size() - 1 - i]);
        const size_t index = place % size;
        place /= size;
        offset += ownSize == 1 ? 0 : index * stride;
        stride *= ownSize;
    }
    return offset;
}

double asType(double value, DType dtype)
{
    if (dtype == DType::kPred)
        return value != 0 ? 1 : 0;
    if (dtype == DType::kF32)
        return static_cast<double>(static_cast<float>(value));
    return isFloating(dtype) ? value : std::trunc(value);
}

struct Elementwise {
    std::string_view name;
    double (*apply)(double, double, bool isInteger);
    bool isPredicate = false;
};

double quotient(double a, double b, bool isInteger)
{
    if (!isInteger)
        return a / b;
    return b == 0 ? 0 : std::trunc(a / b);
}

double modulo(double a, double b, bool) { return b == 0 ? 0 : a - b * std::floor(a / b); }

constexpr std::array kBinary = {
    Elementwise{"Add", [](double a, double b, bool) { return a + b; }},
    Elementwise{"Sub", [](double a, double b, bool) { return a - b; }},
    Elementwise{"Mul", [](double a, double b, bool) { return a * b; }},
    Elementwise{"Div", quotient},
    Elementwise{"Mod", modulo},
    Elementwise{"Pow", [](double a, double b, bool) { return std::pow(a, b); }},
    Elementwise{"Max", [](double a, double b, bool) { return std::max(a, b); }},
    Elementwise{"Min", [](double a, double b, bool) { return std::min(a, b); }},
    Elementwise{"And", [](double a, double b, bool) { return a != 0 && b != 0 ? 1.0 : 0.0; }, true},
    Elementwise{"Or", [](double a, double b, bool) { return a != 0 || b != 0 ? 1.0 : 0.0; }, true},
    Elementwise{"Equal", [](double a, double b, bool) { return a == b ? 1.0 : 0.0; }, true},
    Elementwise{"Less", [](double a, double b, bool) { return a < b ? 1.0 : 0.0; }, true},
    Elementwise{"LessOrEqual", [](double a, double b, bool) { return a <= b ? 1.0 : 0.0; }, true},
    Elementwise{"Greater", [](double a, double b, bool) { return a > b ? 1.0 : 0.0; }, true},
    Elementwise{"GreaterOrEqual", [](double a, double b, bool) { return a >= b ? 1.0 : 0.0; },
                true},
};

constexpr std::array kUnary = {
    Elementwise{"Neg", [](double a, double, bool) { return -a; }},
    Elementwise{"Abs", [](double a, double, bool) { return std::fabs(a); }},
    Elementwise{"Floor", [](double a, double, bool) { return std::floor(a); }},
    Elementwise{"Ceil", [](double a, double, bool) { return std::ceil(a); }},
    Elementwise{"Sqrt", [](double a, double, bool) { return std::sqrt(a); }},
    Elementwise{"Identity", [](double a, double, bool) { return a; }},
    Elementwise{"Not", [](double a, double, bool) { return a != 0 ? 0.0 : 1.0; }, true},
};

class Folder
{
public:
    explicit Folder(OnnxContext& context)
        : c_(context)
    {
    }

    std::optional<Constants> fold();

private:
    const OnnxConstant& input(size_t i) const { return *c_.inputs[i].known; }
    bool has(size_t i) const { return c_.has(i); }
    static std::optional<Constants> one(OnnxConstant constant)
    {
        return Constants{std::move(constant)};
    }

    std::optional<Constants> elementwise() const;
    std::optional<Constants> select() const;
    std::optional<Constants> cast() const;
    std::optional<Constants> converted(DType dtype) const;
    std::optional<Constants> range() const;
    std::optional<Constants> fill() const;
    std::optional<Constants> concatenate() const;
    std::optional<Constants> gather() const;
    std::optional<Constants> slice() const;
    static OnnxConstant sliced(const OnnxConstant& data, size_t axis, double start, double end,
                               double step);
    std::optional<Constants> reshaped();
    std::optional<Constants> expand() const;
    std::optional<Constants> transpose() const;
    std::optional<Constants> reduce() const;

    OnnxContext& c_;
};

std::optional<Constants> Folder::elementwise() const
{
    const std::string& name = c_.node().opType;
    for (const Elementwise& known : kUnary) {
        if (known.name != name || c_.inputs.size() != 1)
            continue;
        OnnxConstant result = input(0);
        for (double& value : result.values)
            value = known.apply(value, 0, false);
        return one(std::move(result));
    }
    for (const Elementwise& known : kBinary) {
        if (known.name != name || c_.inputs.size() != 2)
            continue;
        const auto sizes = broadcastSizes(input(0).type.dims, input(1).type.dims);
        if (!sizes || !isSmall(*sizes))
            return std::nullopt;
        const DType dtype = input(0).type.dtype;
        OnnxConstant result{{known.isPredicate ? DType::kPred : dtype, *sizes}, {}};
        const auto count = static_cast<size_t>(result.type.elementCount());
        for (size_t i = 0; i < count; ++i) {
            const double a = input(0).values[broadcastOffset(input(0).type.dims, *sizes, i)];
            const double b = input(1).values[broadcastOffset(input(1).type.dims, *sizes, i)];
            result.values.push_back(
                asType(known.apply(a, b, !isFloating(dtype)), result.type.dtype));
        }
        return one(std::move(result));
    }
    return std::nullopt;
}

std::optional<Constants> Folder::select() const
{
    auto sizes = broadcastSizes(input(1).type.dims, input(2).type.dims);
    if (sizes)
        sizes = broadcastSizes(*sizes, input(0).type.dims);
    if (!sizes || !isSmall(*sizes))
        return std::nullopt;
    OnnxConstant result{{input(1).type.dtype, *sizes}, {}};
    const auto count = static_cast<size_t>(result.type.elementCount());
    for (size_t i = 0; i < count; ++i) {
        const bool isTrue = input(0).values[broadcastOffset(input(0).type.dims, *sizes, i)] != 0;
        const OnnxConstant& from = input(isTrue ? 1 : 2);
        result.values.push_back(from.values[broadcastOffset(from.type.dims, *sizes, i)]);
    }
    return one(std::move(result));
}

std::optional<Constants> Folder::cast() const
{
    constexpr std::array<DType, 17> kTypes = {
        DType::kF32, DType::kF32, DType::kU8,  DType::kS8,   DType::kU16, DType::kS16,
        DType::kS32, DType::kS64, DType::kF32, DType::kPred, DType::kF16, DType::kF64,
        DType::kU32, DType::kU64, DType::kF32, DType::kF32,  DType::kBF16};
    const int64_t to = c_.integer("to", 0);
    if (to < 1 || to > 16 || to == 8 || to == 14 || to == 15)
        return std::nullopt;
    return converted(kTypes[static_cast<size_t>(to)]);
}

std::optional<Constants> Folder::converted(DType dtype) const
{
    OnnxConstant result = input(0);
    result.type.dtype = dtype;
    for (double& value : result.values)
        value = asType(value, dtype);
    return one(std::move(result));
}

std::optional<Constants> Folder::range() const
{
    if (c_.inputs.size() != 3 || input(0).values.size() != 1 || input(1).values.size() != 1 ||
        input(2).values.size() != 1 || input(2).values[0] == 0)
        return std::nullopt;
    const double start = input(0).values[0];
    const double count =
        std::max(0.0, std::ceil((input(1).values[0] - start) / input(2).values[0]));
    if (!(count <= static_cast<double>(kMostElements)))
        return std::nullopt;
    OnnxConstant result{{input(0).type.dtype, {static_cast<int64_t>(count)}}, {}};
    for (int64_t i = 0; i < result.type.dims[0]; ++i)
        result.values.push_back(start + static_cast<double>(i) * input(2).values[0]);
    return one(std::move(result));
}

std::optional<Constants> Folder::fill() const
{
    OnnxConstant result{{DType::kF32, {}}, {}};
    for (const double size : input(0).values)
        result.type.dims.push_back(size >= 0 && size < 1e15 ? static_cast<int64_t>(size) : -1);
    if (!isSmall(result.type.dims))
        return std::nullopt;
    double number = 0;
    if (const OnnxAttribute* value = c_.node().find("value");
        value != nullptr && value->tensor != nullptr && value->tensor->dtype &&
        value->tensor->hasData && !value->tensor->bytes.empty()) {
        result.type.dtype = *value->tensor->dtype;
        number = onnxValues(*value->tensor)[0];
    }
    result.values.assign(static_cast<size_t>(result.type.elementCount()), number);
    return one(std::move(result));
}

std::optional<Constants> Folder::concatenate() const
{
    const OnnxConstant& first = input(0);
    const int rank = first.type.rank();
    const int64_t number = c_.integer("axis", 0);
    const int64_t axis = number < 0 ? number + rank : number;
    if (axis < 0 || axis >= rank)
        return std::nullopt;
    const auto d = static_cast<size_t>(axis);
    OnnxConstant result{first.type, {}};
    result.type.dims[d] = 0;
    int64_t outer = 1;
    for (size_t i = 0; i < d; ++i)
        outer *= first.type.dims[i];
    for (size_t i = 0; i < c_.inputs.size(); ++i) {
        Sizes sizes = input(i).type.dims;
        if (sizes.size() != first.type.dims.size())
            return std::nullopt;
        result.type.dims[d] += sizes[d];
        sizes[d] = first.type.dims[d];
        if (sizes != first.type.dims)
            return std::nullopt;
    }
    for (int64_t o = 0; o < outer; ++o) { // Not entered when a size is 0.
        for (size_t i = 0; i < c_.inputs.size(); ++i) {
            const auto run = static_cast<std::ptrdiff_t>(input(i).values.size()) / outer;
            const auto begin = input(i).values.begin() + o * run;
            result.values.insert(result.values.end(), begin, begin + run);
        }
    }
    return one(std::move(result));
}

std::optional<Constants> Folder::gather() const
{
    const OnnxConstant& data = input(0);
    const OnnxConstant& indices = input(1);
    if (data.type.rank() != 1 || c_.integer("axis", 0) > 0 || c_.integer("axis", 0) < -1)
        return std::nullopt;
    const auto size = static_cast<double>(data.values.size());
    OnnxConstant result{{data.type.dtype, indices.type.dims}, {}};
    for (const double index : indices.values) {
        const double at = index < 0 ? index + size : index;
        if (!(at >= 0) || at >= size)
            return std::nullopt;
        result.values.push_back(data.values[static_cast<size_t>(at)]);
    }
    return one(std::move(result));
}

std::optional<Constants> Folder::slice() const
{
    if (c_.inputs.size() < 3 || !has(1) || !has(2) ||
        input(1).values.size() != input(2).values.size())
        return std::nullopt;
    OnnxConstant result = input(0);
    const int64_t rank = result.type.rank();
    for (size_t i = 0; i < input(1).values.size(); ++i) {
        const double named =
            has(3) && i < input(3).values.size() ? input(3).values[i] : static_cast<double>(i);
        const double step = has(4) && i < input(4).values.size() ? input(4).values[i] : 1;
        const double axis = named < 0 ? named + static_cast<double>(rank) : named;
        if (!(axis >= 0) || axis >= static_cast<double>(rank) || step == 0)
            return std::nullopt;
        result =
            sliced(result, static_cast<size_t>(axis), input(1).values[i], input(2).values[i], step);
    }
    return one(std::move(result));
}

/// Along one dimension, as ONNX counts: negative places from the end, clamped.
OnnxConstant Folder::sliced(const OnnxConstant& data, size_t axis, double start, double end,
                            double step)
{
    const auto size = static_cast<double>(data.type.dims[axis]);
    const auto bound = [&](double at, double low, double high) {
        return std::clamp(at < 0 ? at + size : at, low, high);
    };
    const bool isForward = step > 0;
    const double last = isForward ? bound(end, 0, size) : bound(end, -1, size - 1);
    std::vector<size_t> places;
    for (double at = isForward ? bound(start, 0, size) : bound(start, -1, size - 1);
         isForward ? at < last : at > last; at += step)
        places.push_back(static_cast<size_t>(at));
    size_t outer = 1;
    size_t inner = 1;
    for (size_t i = 0; i < data.type.dims.size(); ++i)
        (i < axis ? outer : inner) *= i == axis ? 1 : static_cast<size_t>(data.type.dims[i]);
    OnnxConstant result{data.type, {}};
    result.type.dims[axis] = static_cast<int64_t>(places.size());
    const auto extent = static_cast<size_t>(data.type.dims[axis]);
    for (size_t o = 0; o < outer; ++o) {
        for (const size_t place : places) {
            const auto begin =
                data.values.begin() + static_cast<std::ptrdiff_t>((o * extent + place) * inner);
            result.values.insert(result.values.end(), begin,
                                 begin + static_cast<std::ptrdiff_t>(inner));
        }
    }
    return result;
}

/// Reshape, squeeze, unsqueeze and flatten keep the elements: the sizes are those that the operator
/// itself infers.
std::optional<Constants> Folder::reshaped()
{
    Graph scratch;
    scratch.scope("");
    OnnxContext probe(scratch, c_.node(), c_.opset(), ScopeId(0), 0);
    probe.inputs = c_.inputs;
    const ValueId stand = scratch.addInput("x", input(0).type, InputRole::kBatch);
    probe.inputs[0] = {stand, nullptr};
    findOnnxOperator(c_.node().opType)(probe);
    if (probe.failed() || probe.results.size() != 1)
        return std::nullopt;
    return one({probe.type(probe.results[0].value), input(0).values});
}

std::optional<Constants> Folder::expand() const
{
    Sizes wanted;
    for (const double size : input(1).values)
        wanted.push_back(size >= 0 && size < 1e15 ? static_cast<int64_t>(size) : -1);
    const auto sizes = broadcastSizes(input(0).type.dims, wanted);
    if (!sizes || !isSmall(*sizes))
        return std::nullopt;
    OnnxConstant result{{input(0).type.dtype, *sizes}, {}};
    const auto count = static_cast<size_t>(result.type.elementCount());
    for (size_t i = 0; i < count; ++i)
        result.values.push_back(input(0).values[broadcastOffset(input(0).type.dims, *sizes, i)]);
    return one(std::move(result));
}

std::optional<Constants> Folder::transpose() const
{
    const OnnxConstant& x = input(0);
    const auto rank = static_cast<size_t>(x.type.rank());
    Sizes permutation = c_.integers("perm");
    if (permutation.empty()) {
        for (size_t i = rank; i-- > 0;)
            permutation.push_back(static_cast<int64_t>(i));
    }
    Sizes sorted = permutation;
    std::ranges::sort(sorted);
    for (size_t i = 0; i < sorted.size(); ++i) {
        if (sorted.size() != rank || sorted[i] != static_cast<int64_t>(i))
            return std::nullopt;
    }
    Sizes strides(rank, 1);
    for (size_t i = rank; i-- > 1;)
        strides[i - 1] = strides[i] * x.type.dims[i];
    OnnxConstant result{x.type, {}};
    for (size_t i = 0; i < rank; ++i)
        result.type.dims[i] = x.type.dims[static_cast<size_t>(permutation[i])];
    for (size_t place = 0; place < x.values.size(); ++place) {
        size_t rest = place;
        size_t offset = 0;
        for (size_t i = rank; i-- > 0;) {
            const auto size = static_cast<size_t>(result.type.dims[i]);
            offset +=
                rest % size * static_cast<size_t>(strides[static_cast<size_t>(permutation[i])]);
            rest /= size;
        }
        result.values.push_back(x.values[offset]);
    }
    return one(std::move(result));
}

/// Sums and products of whole vectors: element counts.
std::optional<Constants> Folder::reduce() const
{
    if (input(0).type.rank() != 1)
        return std::nullopt;
    const std::string& name = c_.node().opType;
    double total = name == "ReduceProd" ? 1 : 0;
    if ((name == "ReduceMax" || name == "ReduceMin") && !input(0).values.empty())
        total = input(0).values[0];
    for (const double value : input(0).values)
        total = name == "ReduceProd"  ? total * value
                : name == "ReduceMax" ? std::max(total, value)
                : name == "ReduceMin" ? std::min(total, value)
                                      : total + value;
    const bool keeps = c_.integer("keepdims", 1) != 0;
    return one({{input(0).type.dtype, keeps ? Sizes{1} : Sizes{}}, {total}});
}

std::optional<Constants> Folder::fold()
{
    const std::string& name = c_.node().opType;
    for (const OnnxOperand& operand : c_.inputs) {
        if (operand.isPresent() && (operand.known == nullptr || !isSmall(operand.known->type.dims)))
            return std::nullopt;
    }
    if (c_.inputs.empty() || !c_.has(0))
        return std::nullopt;
    const auto isOneOf = [&](std::initializer_list<std::string_view> names) {
        return std::ranges::find(names, name) != names.end();
    };
    const bool hasAll = std::ranges::all_of(
        c_.inputs, [](const OnnxOperand& operand) { return operand.isPresent(); });
    if (isOneOf({"Reshape", "Squeeze", "Unsqueeze", "Flatten"}))
        return reshaped();
    if (name == "Slice")
        return slice();
    if (!hasAll)
        return std::nullopt;
    if (name == "Where" && c_.inputs.size() == 3)
        return select();
    if (name == "Cast")
        return cast();
    if (name == "CastLike" && c_.inputs.size() == 2)
        return converted(input(1).type.dtype);
    if (name == "Range")
        return range();
    if (name == "ConstantOfShape")
        return fill();
    if (name == "Concat")
        return concatenate();
    if (name == "Gather" && c_.inputs.size() == 2)
        return gather();
    if (name == "Expand" && c_.inputs.size() == 2)
        return expand();
    if (name == "Transpose")
        return transpose();
    if (isOneOf({"ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin"}))
        return reduce();
    return elementwise();
}

} // namespace

std::optional<std::vector<OnnxConstant>> foldOnnxNode(OnnxContext& context)
{
    return Folder(context).fold();
}

} // namespace alpa
