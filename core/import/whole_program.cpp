#include "core/import/whole_program.h"

#include "core/graph/infer_types.h"
#include "core/import/whole_program_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace alpa
{
namespace
{

/// More axes than meshes have; the axes of groups are found by trying all sets.
constexpr size_t kMostAxes = 6;

} // namespace

WholeProgramBuilder::WholeProgramBuilder(const Graph& local)
    : local_(local)
    , numbers_(local)
    , layouts_(local.values.size())
    , whole_(local.values.size())
{
    Graph& graph = result_.graph;
    graph.name = local.name;
    graph.scopes = {""};
    graph.fileMesh = local.fileMesh;
}

Result<WholeProgram> WholeProgramBuilder::build()
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

Error WholeProgramBuilder::stopped(const Op& op, std::string_view what) const
{
    const auto* opaque = std::get_if<OpaqueAttributes>(&op.attributes);
    return Error(ErrorCode::kUnsupported,
                 fmt::format("line {}: {}: {}", op.sourceLine,
                             opaque != nullptr ? opaque->name : opKindName(op.kind), what));
}

TensorType WholeProgramBuilder::wholeType(const TensorType& type,
                                          const PartitionedLayout& layout) const
{
    TensorType whole = type;
    for (size_t dim = 0; dim < whole.dims.size(); ++dim)
        whole.dims[dim] *= partCount(local_, layout.dims[dim].value_or(0));
    return whole;
}

void WholeProgramBuilder::addInputs()
{
    for (const GraphInput& input : local_.inputs) {
        const Value& value = local_.value(input.value);
        PartitionedLayout own;
        own.dims.assign(value.type.dims.size(), FileAxes{0});
        if (const auto read = layoutOf(local_, value.sharding, value.type.dims.size()))
            own = *read;
        const ValueId id =
            result_.graph.addInput(value.name, wholeType(value.type, own), input.role);
        result_.graph.values[id.index()].sharding = value.sharding;
        layout(input.value) = own;
        whole_[input.value.index()] = id;
    }
}

Result<ValueId> WholeProgramBuilder::needWhole(ValueId id, int depth)
{
    if (whole_[id.index()].isValid())
        return whole_[id.index()];
    std::vector<FileAxes> wanted;
    for (const MaybeAxes& dim : layout(id).dims)
        wanted.push_back(dim.value_or(0));
    return laidOut(id, wanted, depth);
}

Status WholeProgramBuilder::addOp(const Op& op)
{
    if (op.kind == OpKind::kOpaque)
        return addOpaque(op);
    if (numbers_.reads(op))
        return addDeviceOp(op);
    if (op.results.size() != 1 && op.kind != OpKind::kSort)
        return stopped(op, "several results");
    return addPlain(op);
}

Status WholeProgramBuilder::define(const Op& op, size_t result, ValueId value,
                                   const PartitionedLayout& own)
{
    if (wholeType(local_.type(op.results[result]), own) != result_.graph.type(value))
        return stopped(op, fmt::format("as a whole it would be {}, but its source is {}",
                                       formatType(wholeType(local_.type(op.results[result]), own)),
                                       formatType(result_.graph.type(value))));
    layout(op.results[result]) = own;
    whole_[op.results[result].index()] = value;
    return {};
}

void WholeProgramBuilder::growAttributes(const Op& op, const std::vector<ValueId>& operands,
                                         Attributes& attributes) const
{
    const auto grow = [&](std::vector<int64_t>& sizes) {
        const std::vector<int64_t>& before = local_.type(op.operands[0]).dims;
        const std::vector<int64_t>& after = result_.graph.type(operands[0]).dims;
        for (size_t dim = 0; dim < sizes.size() && dim < before.size(); ++dim)
            sizes[dim] = sizes[dim] == before[dim] ? after[dim] : sizes[dim];
    };
    if (auto* slice = std::get_if<SliceAttributes>(&attributes))
        grow(slice->limits);
    if (auto* slice = std::get_if<DynamicSliceAttributes>(&attributes);
        slice != nullptr && !operands.empty())
        grow(slice->sizes);
    if (auto* gather = std::get_if<GatherAttributes>(&attributes))
        grow(gather->sliceSizes);
}

Result<ValueId> WholeProgramBuilder::emit(const Op& op, const std::vector<ValueId>& operands,
                                          const std::vector<PartitionedLayout>& own)
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

Result<WholeProgram> recoverWholeProgram(const Graph& local)
{
    return WholeProgramBuilder(local).build();
}

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
