#include "core/import/whole_program.h"

#include "core/graph/factor_rule.h"
#include "core/graph/infer_types.h"
#include "core/import/partitioned_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>

namespace alpa
{
namespace
{

/// More axes than meshes have; the axes of groups are found by trying all sets.
constexpr size_t kMostAxes = 6;
/// Chains of constants that wait for a layout.
constexpr int kDeepestConstant = 200;

using MaybeAxes = std::optional<FileAxes>;

class WholeProgramBuilder
{
public:
    explicit WholeProgramBuilder(const Graph& local)
        : local_(local)
        , layouts_(local.values.size())
        , whole_(local.values.size())
        , perDevice_(local.values.size())
    {
        Graph& graph = result_.graph;
        graph.name = local.name;
        graph.scopes = {""};
        graph.fileMesh = local.fileMesh;
        for (const FileMeshAxis& axis : local.fileMesh)
            devices_ *= axis.size;
    }

    Result<WholeProgram> build()
    {
        if (local_.fileMesh.empty() || local_.fileMesh.size() > kMostAxes)
            return Error(ErrorCode::kUnsupported, "its inputs have no shardings over one mesh");
        addInputs();
        for (const Op& op : local_.ops) {
            RETURN_IF_ERROR(addOp(op));
        }
        for (const GraphOutput& output : local_.outputs) {
            ASSIGN_OR_RETURN(const ValueId value, needWhole(output.value, 0));
            GraphOutput whole = output;
            whole.value = value;
            if (output.alias.isValid())
                whole.alias = whole_[output.alias.index()];
            result_.graph.addOutput(std::move(whole));
        }
        return std::move(result_);
    }

private:
    Error stopped(const Op& op, std::string_view what) const
    {
        const auto* opaque = std::get_if<OpaqueAttributes>(&op.attributes);
        return Error(ErrorCode::kUnsupported,
                     fmt::format("line {}: {}: {}", op.sourceLine,
                                 opaque != nullptr ? opaque->name : opKindName(op.kind), what));
    }
    PartitionedLayout& layout(ValueId id) { return layouts_[id.index()]; }
    TensorType wholeType(const TensorType& type, const PartitionedLayout& layout) const
    {
        TensorType whole = type;
        for (size_t dim = 0; dim < whole.dims.size(); ++dim)
            whole.dims[dim] *= partCount(local_, layout.dims[dim].value_or(0));
        return whole;
    }

    void addInputs()
    {
        for (const GraphInput& input : local_.inputs) {
            const Value& value = local_.value(input.value);
            PartitionedLayout own;
            own.dims.assign(value.type.dims.size(), FileAxes{0});
            if (const auto read = layoutOf(local_, value.sharding, value.type.dims.size()))
                own = *read;
            const ValueId id = result_.graph.addInput(value.name, wholeType(value.type, own), input.role);
            result_.graph.values[id.index()].sharding = value.sharding;
            layout(input.value) = own;
            whole_[input.value.index()] = id;
        }
    }

    /// The value for readers that take it as it is; constants become replicated.
    Result<ValueId> needWhole(ValueId id, int depth)
    {
        if (whole_[id.index()].isValid())
            return whole_[id.index()];
        std::vector<FileAxes> wanted;
        for (const MaybeAxes& dim : layout(id).dims)
            wanted.push_back(dim.value_or(0));
        return laidOut(id, wanted, depth);
    }

    Status addOp(const Op& op)
    {
        if (op.kind == OpKind::kOpaque)
            return addOpaque(op);
        const bool isOfDevice = std::ranges::any_of(op.operands, [&](ValueId id) {
            return !perDevice_[id.index()].empty();
        });
        if (isOfDevice)
            return addDeviceOp(op);
        if (op.results.size() != 1 && op.kind != OpKind::kSort)
            return stopped(op, "several results");
        return addPlain(op);
    }

    // Collectives.

    Status addOpaque(const Op& op)
    {
        const auto& opaque = std::get<OpaqueAttributes>(op.attributes);
        if (opaque.name == "hlo.partition-id") {
            std::vector<double>& numbers = perDevice_[op.results[0].index()];
            for (int64_t device = 0; device < devices_; ++device)
                numbers.push_back(static_cast<double>(device));
            result_.collectiveLines.push_back(op.sourceLine);
            return {};
        }
        const bool isCollective = opaque.name == "hlo.all-reduce" || opaque.name == "hlo.all-gather" ||
                                  opaque.name == "hlo.reduce-scatter";
        if (!isCollective)
            return stopped(op, "what it does to the sharding is not known");
        if (op.operands.size() != op.results.size())
            return stopped(op, "operands and results differ in number");
        const auto axes = collectiveAxes(local_, opaque.text);
        if (!axes)
            return stopped(op, "its groups are no axes of the mesh");
        for (size_t at = 0; at < op.operands.size(); ++at) {
            RETURN_IF_ERROR(addCollective(op, opaque, *axes, at));
        }
        result_.collectiveLines.push_back(op.sourceLine);
        return {};
    }

    Status addCollective(const Op& op, const OpaqueAttributes& opaque, FileAxes axes, size_t at)
    {
        ASSIGN_OR_RETURN(const ValueId value, needWhole(op.operands[at], 0));
        PartitionedLayout moved = layout(op.operands[at]);
        for (MaybeAxes& dim : moved.dims)
            dim = dim.value_or(0);
        const std::vector<int64_t> dims = collectiveNumbers(opaque.text, "dimensions");
        const auto dim = static_cast<size_t>(dims.empty() ? 0 : dims[0]);
        if (opaque.name != "hlo.all-reduce" && dim >= moved.dims.size())
            return stopped(op, "its dimension is not that of its operand");
        if (opaque.name == "hlo.all-gather") {
            if ((*moved.dims[dim] & axes) != axes)
                return stopped(op, "it gathers over axes that do not split its operand");
            *moved.dims[dim] &= ~axes;
        } else {
            if ((moved.partial & axes) != axes)
                return stopped(op, "it sums over axes over which its operand is whole");
            moved.partial &= ~axes;
            if (opaque.name == "hlo.reduce-scatter")
                *moved.dims[dim] |= axes;
        }
        return define(op, at, value, moved);
    }

    Status define(const Op& op, size_t result, ValueId value, const PartitionedLayout& own)
    {
        if (wholeType(local_.type(op.results[result]), own) != result_.graph.type(value))
            return stopped(op, fmt::format("as a whole it would be {}, but its source is {}",
                                           formatType(wholeType(local_.type(op.results[result]), own)),
                                           formatType(result_.graph.type(value))));
        layout(op.results[result]) = own;
        whole_[op.results[result].index()] = value;
        return {};
    }

    // Numbers that differ from device to device.

    /// The elements of a small constant, or the number that each device has.
    std::optional<double> elementOf(ValueId id, size_t device) const
    {
        if (!perDevice_[id.index()].empty())
            return perDevice_[id.index()][device];
        const OpId producer = local_.value(id).producer;
        if (!producer.isValid())
            return std::nullopt;
        const Op& op = local_.op(producer);
        if (const auto* constant = std::get_if<ConstantAttributes>(&op.attributes))
            return constant->values.size() == 1 ? std::optional(constant->values[0]) : std::nullopt;
        const bool passes = op.kind == OpKind::kReshape || op.kind == OpKind::kConvert || op.kind == OpKind::kBroadcast;
        return passes && local_.type(op.operands[0]).elementCount() == 1 ? elementOf(op.operands[0], device)
                                                                         : std::nullopt;
    }

    std::optional<double> deviceNumber(const Op& op, size_t device) const
    {
        const auto x = [&](size_t at) { return elementOf(op.operands[at], device); };
        if (op.kind == OpKind::kDynamicSlice && local_.type(op.operands[0]).rank() == 1) {
            const OpId producer = local_.value(op.operands[0]).producer;
            const auto* table = producer.isValid()
                                    ? std::get_if<ConstantAttributes>(&local_.op(producer).attributes) : nullptr;
            const auto place = x(1);
            if (table == nullptr || !place || *place < 0 || *place >= static_cast<double>(table->values.size()))
                return table != nullptr && table->values.size() == 1 ? std::optional(table->values[0]) : std::nullopt;
            return table->values[static_cast<size_t>(*place)];
        }
        const auto a = x(0);
        if (op.kind == OpKind::kConvert || op.kind == OpKind::kReshape || op.kind == OpKind::kBroadcast)
            return a;
        const auto b = op.operands.size() == 2 ? x(1) : std::nullopt;
        if (!a || !b)
            return std::nullopt;
        if (op.kind == OpKind::kAdd)
            return *a + *b;
        if (op.kind == OpKind::kSubtract)
            return *a - *b;
        if (op.kind == OpKind::kMultiply)
            return *a * *b;
        if (op.kind == OpKind::kDivide && *b != 0)
            return std::trunc(*a / *b);
        if (op.kind == OpKind::kRemainder && *b != 0)
            return std::fmod(*a, *b);
        return std::nullopt;
    }

    Status addDeviceOp(const Op& op)
    {
        const bool isTensor = !op.results.empty() && local_.type(op.results[0]).elementCount() > 1;
        if (op.kind == OpKind::kDynamicSlice && isTensor)
            return takeOwnPart(op);
        if (isTensor && op.kind == OpKind::kAdd)
            return countOwnPart(op);
        std::vector<double> numbers;
        for (size_t device = 0; device < static_cast<size_t>(devices_); ++device) {
            const auto number = deviceNumber(op, device);
            if (!number)
                return stopped(op, "it computes with the number of the device");
            numbers.push_back(*number);
        }
        perDevice_[op.results[0].index()] = std::move(numbers);
        return {};
    }

    /// A slice of a whole tensor at the device's own place splits the tensor and moves nothing.
    Status takeOwnPart(const Op& op)
    {
        ASSIGN_OR_RETURN(const ValueId value, needWhole(op.operands[0], 0));
        PartitionedLayout own = layout(op.operands[0]);
        const auto& sizes = std::get<DynamicSliceAttributes>(op.attributes).sizes;
        for (size_t dim = 0; dim < sizes.size(); ++dim) {
            own.dims[dim] = own.dims[dim].value_or(0);
            if (sizes[dim] == local_.type(op.operands[0]).dims[dim])
                continue;
            std::vector<double> offsets;
            for (size_t device = 0; device < static_cast<size_t>(devices_); ++device)
                offsets.push_back(elementOf(op.operands[dim + 1], device).value_or(-1));
            const auto axes = axesOfOffsets(local_, offsets, static_cast<double>(sizes[dim]));
            const bool isPart = axes && partCount(local_, *axes) * sizes[dim] == local_.type(op.operands[0]).dims[dim];
            if (!isPart || *own.dims[dim] != 0)
                return stopped(op, "the device's place in the tensor follows no axis");
            own.dims[dim] = *axes;
        }
        return define(op, 0, value, own);
    }

    /// A count plus where the device's part begins: a count over the whole, split.
    Status countOwnPart(const Op& op)
    {
        for (const size_t at : {size_t{0}, size_t{1}}) {
            const OpId producer = local_.value(op.operands[at]).producer;
            if (!producer.isValid() || local_.op(producer).kind != OpKind::kIota ||
                perDevice_[op.operands[1 - at].index()].empty())
                continue;
            const auto dim = static_cast<size_t>(std::get<IotaAttributes>(local_.op(producer).attributes).dim);
            const auto extent = static_cast<double>(local_.type(op.results[0]).dims[dim]);
            const auto axes = axesOfOffsets(local_, perDevice_[op.operands[1 - at].index()], extent);
            if (!axes)
                break;
            PartitionedLayout own;
            own.dims.assign(local_.type(op.results[0]).dims.size(), FileAxes{0});
            own.dims[dim] = *axes;
            ASSIGN_OR_RETURN(const ValueId count, emit(local_.op(producer), {}, {own}));
            return define(op, 0, count, own);
        }
        return stopped(op, "it adds the number of the device to a tensor");
    }

    // Everything else, by its factor rule.

    /// Are both the dimension of a gather's tensor and its indices split alike? Then the indices count inside the
    /// device's part, and those of the whole count inside the whole (each sample looks at itself).
    bool isLookedUpAtHome(const Op& op, size_t operand, size_t dim)
    {
        const auto* gather = std::get_if<GatherAttributes>(&op.attributes);
        const MaybeAxes axes = layout(op.operands[operand]).dims[dim];
        if (gather == nullptr || operand != 0 || axes.value_or(0) == 0 ||
            std::ranges::find(gather->startIndexMap, static_cast<int>(dim)) == gather->startIndexMap.end())
            return false;
        const std::vector<MaybeAxes>& indices = layout(op.operands[1]).dims;
        return std::ranges::find(indices, axes) != indices.end();
    }

    /// "f32[2,16]{data, -}, s32[8]{-}": of one device, with what splits it.
    std::string formatOperands(const Op& op)
    {
        std::string text;
        for (const ValueId operand : op.operands)
            text += (text.empty() ? "" : ", ") + formatType(local_.type(operand)) + formatLayout(local_, layout(operand));
        return text;
    }

    /// The axes of every factor; nothing for those that may be split in any way.
    Result<std::vector<MaybeAxes>> factorAxes(const Op& op, const FactorRule& rule)
    {
        std::vector<MaybeAxes> axes(rule.factors.size());
        for (size_t at = 0; at < op.operands.size(); ++at) {
            const PartitionedLayout& own = layout(op.operands[at]);
            for (size_t dim = 0; dim < own.dims.size(); ++dim) {
                const DimFactors& factors = rule.operands[at][dim];
                if (!own.dims[dim] || (factors.empty() && *own.dims[dim] == 0) || isLookedUpAtHome(op, at, dim))
                    continue;
                if (factors.empty())
                    return stopped(op, "it reads one element of a dimension that is split");
                for (size_t minor = 1; minor < factors.size(); ++minor)
                    axes[static_cast<size_t>(factors[minor])] = 0;
                MaybeAxes& major = axes[static_cast<size_t>(factors[0])];
                if (major && *major != *own.dims[dim])
                    return stopped(op, "its operands are split differently: " + formatOperands(op));
                major = *own.dims[dim];
            }
        }
        for (size_t factor = 0; factor < axes.size(); ++factor) {
            if (rule.factors[factor].kind != FactorKind::kBlocked)
                continue;
            if (axes[factor].value_or(0) != 0)
                return stopped(op, "it works on parts of a dimension that is split: " + formatOperands(op));
            if (rule.factors[factor].size > 1 && op.kind != OpKind::kConstant)
                axes[factor] = 0;
        }
        return axes;
    }

    Result<PartitionedLayout> resultLayout(const Op& op, const FactorRule& rule, const std::vector<MaybeAxes>& axes,
                                           size_t result)
    {
        PartitionedLayout own;
        FileAxes used = 0;
        for (const DimFactors& factors : rule.results[result]) {
            own.dims.push_back(factors.empty() ? MaybeAxes(0) : axes[static_cast<size_t>(factors[0])]);
            used |= own.dims.back().value_or(0);
        }
        for (size_t factor = 0; factor < axes.size(); ++factor) {
            if (rule.factors[factor].kind != FactorKind::kReduction || axes[factor].value_or(0) == 0)
                continue;
            own.partial |= *axes[factor];
            own.kind = rule.factors[factor].reduction;
        }
        // Partial sums go on through what is linear in them.
        FileAxes through = 0;
        std::vector<int> partial;
        for (size_t at = 0; at < op.operands.size(); ++at) {
            if (layout(op.operands[at]).partial == 0)
                continue;
            through = layout(op.operands[at]).partial;
            own.kind = layout(op.operands[at]).kind;
            partial.push_back(static_cast<int>(at));
        }
        const bool isLinear = partial.empty() || std::ranges::find(rule.linearGroups, partial) != rule.linearGroups.end();
        const bool isAlike = std::ranges::all_of(partial, [&](int at) {
            return layout(op.operands[static_cast<size_t>(at)]).partial == through;
        });
        if (!isLinear || !isAlike || (used & (own.partial | through)) != 0)
            return stopped(op, "it is not linear in the partial sums that it reads");
        own.partial |= through;
        return own;
    }

    Status addPlain(const Op& op)
    {
        if (op.kind == OpKind::kReduceWindow)
            return addTiles(op);
        const FactorRule rule = factorRule(local_, op);
        ASSIGN_OR_RETURN(const std::vector<MaybeAxes> axes, factorAxes(op, rule));
        std::vector<PartitionedLayout> own;
        bool isFree = false;
        for (size_t result = 0; result < op.results.size(); ++result) {
            ASSIGN_OR_RETURN(PartitionedLayout one, resultLayout(op, rule, axes, result));
            isFree = isFree || one.isFree();
            own.push_back(std::move(one));
        }
        for (size_t result = 0; result < op.results.size(); ++result)
            layout(op.results[result]) = own[result];
        if (isFree)
            return {}; // Made when a reader says how.
        ASSIGN_OR_RETURN(const std::vector<ValueId> operands, operandsFor(op, rule, axes, 0));
        ASSIGN_OR_RETURN(const ValueId first, emit(op, operands, own));
        for (size_t result = 0; result < op.results.size(); ++result)
            whole_[op.results[result].index()] = result_.graph.op(result_.graph.value(first).producer).results[result];
        return {};
    }

    Result<std::vector<ValueId>> operandsFor(const Op& op, const FactorRule& rule, const std::vector<MaybeAxes>& axes,
                                             int depth)
    {
        std::vector<ValueId> operands;
        for (size_t at = 0; at < op.operands.size(); ++at) {
            std::vector<FileAxes> wanted;
            for (const DimFactors& factors : rule.operands[at])
                wanted.push_back(factors.empty() ? 0 : axes[static_cast<size_t>(factors[0])].value_or(0));
            const bool isMade = whole_[op.operands[at].index()].isValid();
            Result<ValueId> operand = isMade ? whole_[op.operands[at].index()] : laidOut(op.operands[at], wanted, depth + 1);
            if (!operand.ok())
                return operand.error();
            operands.push_back(*operand);
        }
        return operands;
    }

    /// A value that may be split in any way, split as `wanted`.
    Result<ValueId> laidOut(ValueId id, const std::vector<FileAxes>& wanted, int depth)
    {
        const auto key = std::pair(id.number, wanted);
        if (const auto made = made_.find(key); made != made_.end())
            return made->second;
        const OpId producer = local_.value(id).producer;
        if (!producer.isValid() || depth > kDeepestConstant)
            return Error(ErrorCode::kUnsupported, "a chain of constants is too long");
        const Op& op = local_.op(producer);
        const FactorRule rule = factorRule(local_, op);
        ASSIGN_OR_RETURN(std::vector<MaybeAxes> axes, factorAxes(op, rule));
        PartitionedLayout own = layout(id);
        for (size_t dim = 0; dim < wanted.size(); ++dim) {
            if (own.dims[dim] && *own.dims[dim] != wanted[dim])
                return stopped(op, "its readers split it differently");
            own.dims[dim] = wanted[dim];
            if (!rule.results[0][dim].empty())
                axes[static_cast<size_t>(rule.results[0][dim][0])] = wanted[dim];
        }
        ASSIGN_OR_RETURN(const std::vector<ValueId> operands, operandsFor(op, rule, axes, depth));
        ASSIGN_OR_RETURN(const ValueId value, emit(op, operands, {own}));
        made_.emplace(key, value);
        return value;
    }

    /// Windows that lie side by side: a whole dimension is a sum of parts, tiles of a part stay in it.
    Status addTiles(const Op& op)
    {
        const auto& window = std::get<ReduceWindowAttributes>(op.attributes);
        ASSIGN_OR_RETURN(const ValueId operand, needWhole(op.operands[0], 0));
        const PartitionedLayout& from = layout(op.operands[0]);
        PartitionedLayout own = from;
        Op whole = op;
        auto& attributes = std::get<ReduceWindowAttributes>(whole.attributes);
        for (size_t dim = 0; dim < own.dims.size(); ++dim) {
            own.dims[dim] = own.dims[dim].value_or(0);
            const int64_t size = local_.type(op.operands[0]).dims[dim];
            const bool isTiled = window.window[dim] == window.strides[dim] && window.paddingLow[dim] == 0 &&
                                 window.paddingHigh[dim] == 0 && size % window.window[dim] == 0;
            if (*own.dims[dim] == 0 || window.window[dim] == 1)
                continue;
            if (!isTiled)
                return stopped(op, "its windows reach over parts of a dimension that is split");
            if (window.window[dim] != size)
                continue;
            own.partial |= *own.dims[dim];
            own.kind = window.kind;
            attributes.window[dim] = attributes.strides[dim] = size * partCount(local_, *own.dims[dim]);
            own.dims[dim] = 0;
        }
        if (from.partial != 0 && (window.kind != ReduceKind::kAdd || from.kind != ReduceKind::kAdd))
            return stopped(op, "it is not linear in the partial sums that it reads");
        ASSIGN_OR_RETURN(const ValueId value, emit(whole, {operand}, {own}));
        return define(op, 0, value, own);
    }

    /// Sizes in attributes that were a whole local dimension become the whole dimension.
    void growAttributes(const Op& op, const std::vector<ValueId>& operands, Attributes& attributes) const
    {
        const auto grow = [&](std::vector<int64_t>& sizes) {
            const std::vector<int64_t>& before = local_.type(op.operands[0]).dims;
            const std::vector<int64_t>& after = result_.graph.type(operands[0]).dims;
            for (size_t dim = 0; dim < sizes.size() && dim < before.size(); ++dim)
                sizes[dim] = sizes[dim] == before[dim] ? after[dim] : sizes[dim];
        };
        if (auto* slice = std::get_if<SliceAttributes>(&attributes))
            grow(slice->limits);
        if (auto* slice = std::get_if<DynamicSliceAttributes>(&attributes); slice != nullptr && !operands.empty())
            grow(slice->sizes);
        if (auto* gather = std::get_if<GatherAttributes>(&attributes))
            grow(gather->sliceSizes);
    }

    Result<ValueId> emit(const Op& op, const std::vector<ValueId>& operands, const std::vector<PartitionedLayout>& own)
    {
        Graph& graph = result_.graph;
        Op whole;
        whole.kind = op.kind;
        whole.phase = op.phase;
        whole.scope = op.scope.isValid() ? graph.scope(local_.scopePath(op.scope)) : op.scope;
        whole.sourceLine = op.sourceLine;
        whole.operands = operands;
        whole.attributes = op.attributes;
        if (op.kind != OpKind::kDynamicUpdateSlice)
            growAttributes(op, operands, whole.attributes);
        std::vector<TensorType> types, operandTypes;
        for (size_t result = 0; result < own.size(); ++result)
            types.push_back(wholeType(local_.type(op.results[result]), own[result]));
        for (const ValueId operand : operands)
            operandTypes.push_back(graph.type(operand));
        const auto inferred = inferTypes(op.kind, whole.attributes, operandTypes, types[0]);
        if (!inferred.ok() || *inferred != types)
            return stopped(op, inferred.ok() ? std::string("its whole is not made of its parts")
                                             : inferred.error().message);
        const OpId id = graph.addOp(std::move(whole), types);
        return graph.op(id).results[0];
    }

    const Graph& local_;
    WholeProgram result_;
    int64_t devices_ = 1;
    std::vector<PartitionedLayout> layouts_;
    std::vector<ValueId> whole_;
    std::vector<std::vector<double>> perDevice_; ///< Scalars that are different on every device.
    std::map<std::pair<uint32_t, std::vector<FileAxes>>, ValueId> made_;
};

} // namespace

Result<WholeProgram> recoverWholeProgram(const Graph& local) { return WholeProgramBuilder(local).build(); }

int64_t partitionCount(std::string_view hlo)
{
    constexpr std::string_view kKey = "num_partitions=";
    const std::string_view line = hlo.substr(0, hlo.find('\n'));
    const size_t at = line.find(kKey);
    int64_t count = 1;
    if (at != std::string_view::npos)
        std::from_chars(line.data() + at + kKey.size(), line.data() + line.size(), count);
    return std::max<int64_t>(count, 1);
}

} // namespace alpa
