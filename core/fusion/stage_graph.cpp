#include "core/fusion/stage_graph.h"

#include "core/fusion/gemm_shape.h"

#include <algorithm>
#include <map>
#include <set>

namespace alpa::fusion
{
namespace
{

/// Larger expressions are cut by storing a value on the way.
constexpr int kLargestExpression = 160;
/// Values of rows rather than elements: computing them again beside the elements is free.
constexpr double kSmallBytes = 1 << 19;

bool isLasting(BufferKind kind)
{
    return kind == BufferKind::kParameter || kind == BufferKind::kState ||
           kind == BufferKind::kGradient;
}

/// Strides of `to` over the memory that `dims` and `strides` describe; empty if there are none.
std::vector<int64_t> reshapedStrides(const std::vector<int64_t>& dims,
                                     const std::vector<int64_t>& strides,
                                     const std::vector<int64_t>& to)
{
    std::vector<int64_t> result(to.size(), 1);
    size_t i = 0;
    size_t o = 0;
    while (i < dims.size() || o < to.size()) {
        const size_t firstIn = i;
        const size_t firstOut = o;
        int64_t in = i < dims.size() ? dims[i++] : 1;
        int64_t out = o < to.size() ? to[o++] : 1;
        while (in != out) {
            if (in < out && i < dims.size())
                in *= dims[i++];
            else if (in > out && o < to.size())
                out *= to[o++];
            else
                return {};
        }
        // The group's input dimensions must lie as one run.
        int64_t inner = 0;
        for (size_t d = i; d-- > firstIn;) {
            if (dims[d] == 1)
                continue;
            if (inner == 0)
                inner = strides[d] * dims[d];
            else if (strides[d] != inner)
                return {};
            else
                inner *= dims[d];
        }
        int64_t stride = 1;
        for (size_t d = i; d-- > firstIn;) {
            if (dims[d] != 1) {
                stride = strides[d];
                break;
            }
        }
        for (size_t d = o; d-- > firstOut;) {
            result[d] = stride;
            stride *= to[d];
        }
    }
    return result;
}

} // namespace

std::vector<int64_t> rowMajorStrides(const std::vector<int64_t>& dims)
{
    std::vector<int64_t> strides(dims.size(), 1);
    for (size_t d = dims.size(); d-- > 1;)
        strides[d - 1] = strides[d] * dims[d];
    return strides;
}

int64_t product(const std::vector<int64_t>& dims)
{
    int64_t count = 1;
    for (const int64_t dim : dims)
        count *= dim;
    return count;
}

StageGraph::StageGraph(const Program& program, int stage, int device)
    : program_(program)
    , stage_(program.stages[static_cast<size_t>(stage)])
    , device_(device)
    , isFixed_(fixedInStep())
    , producer_(stage_.buffers.size(), -1)
    , users_(stage_.buffers.size())
    , isStored_(stage_.buffers.size(), false)
    , alias_(stage_.buffers.size())
{
    mergeCasts();
    collectNodes();
    findAliases();
    decideStored();
    guardUpdates();
}

std::vector<uint8_t> StageGraph::fixedInStep() const
{
    std::vector<uint8_t> isFixed;
    for (const Buffer& buffer : stage_.buffers)
        isFixed.push_back(buffer.kind == BufferKind::kParameter ? 1 : 0);
    const auto& begin = stage_.segments[static_cast<size_t>(SegmentKind::kBegin)];
    for (const Instruction& made : begin.instructions) {
        for (const BufferId output : made.outputs) {
            if (!isLasting(kind(output)))
                isFixed[output.index()] = 1;
        }
    }
    return isFixed;
}

/// The backward pass casts the same parameters as the forward pass: it reads the forward's casts.
void StageGraph::mergeCasts()
{
    std::map<std::pair<BufferId, DType>, BufferId> casts;
    std::map<BufferId, BufferId> replacement;
    for (const SegmentKind kind :
         {SegmentKind::kForward, SegmentKind::kBackward, SegmentKind::kWeightGradient}) {
        for (Instruction& made : stage_.segments[static_cast<size_t>(kind)].instructions) {
            for (BufferId& input : made.inputs) {
                if (const auto known = replacement.find(input); known != replacement.end())
                    input = known->second;
            }
            if (made.kind != InstructionKind::kCompute || made.opKind != OpKind::kConvert ||
                isFixed_[made.inputs[0].index()] == 0 || isLasting(this->kind(made.outputs[0])))
                continue;
            const auto [first, isNew] =
                casts.try_emplace({made.inputs[0], type(made.outputs[0]).dtype}, made.outputs[0]);
            if (!isNew && type(first->second) == type(made.outputs[0]))
                replacement[made.outputs[0]] = first->second;
        }
    }
}

bool StageGraph::isInvariant(BufferId id) const
{
    const int made = producer(id);
    if (made < 0 || !isInlined(stage_, *nodes_[static_cast<size_t>(made)].instruction))
        return false;
    const SegmentKind segment = nodes_[static_cast<size_t>(made)].segment;
    if (segment != SegmentKind::kForward && segment != SegmentKind::kBackward)
        return false;
    return std::ranges::all_of(
        nodes_[static_cast<size_t>(made)].instruction->inputs, [&](BufferId input) {
            return std::ranges::all_of(leaves(input, made),
                                       [&](BufferId leaf) { return isFixed_[leaf.index()] != 0; });
        });
}

void StageGraph::collectNodes()
{
    for (int segment = 0; segment < kSegmentKinds; ++segment) {
        const std::vector<Instruction>& code = stage_.segments[segment].instructions;
        for (size_t index = 0; index < code.size(); ++index) {
            const auto node = static_cast<int>(nodes_.size());
            nodes_.push_back({static_cast<SegmentKind>(segment), index, &code[index]});
            bool stores = false;
            for (const BufferId output : code[index].outputs) {
                if (isLasting(kind(output)))
                    stores = true;
                else
                    producer_[output.index()] = node;
            }
            isStore_.push_back(stores);
            for (const BufferId input : code[index].inputs) {
                std::vector<int>& users = users_[input.index()];
                if (users.empty() || users.back() != node)
                    users.push_back(node);
            }
        }
    }
}

bool StageGraph::isOneHot(const StageProgram& stage, const Instruction& instruction)
{
    const auto& scatter = std::get<ScatterAttributes>(instruction.attributes);
    const auto& operand = stage.buffers[instruction.inputs[0].index()].type;
    const auto& updates = stage.buffers[instruction.inputs[2].index()].type;
    if (!scatter.updateWindowDims.empty() || scatter.scatterDimsToOperandDims.size() != 1 ||
        scatter.insertedWindowDims != scatter.scatterDimsToOperandDims ||
        operand.rank() != static_cast<int>(scatter.inputBatchingDims.size()) + 1)
        return false;
    // One update for each row.
    const auto along = static_cast<size_t>(scatter.scatterDimsToOperandDims[0]);
    return updates.elementCount() * operand.dims[along] == operand.elementCount();
}

bool StageGraph::isInlined(const StageProgram& stage, const Instruction& instruction)
{
    if (instruction.kind != InstructionKind::kCompute)
        return false;
    if (isElementwise(instruction.opKind))
        return true;
    if (const auto* constant = std::get_if<ConstantAttributes>(&instruction.attributes))
        return constant->values.size() <= 1;
// Everything else has a kernel.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"
    switch (instruction.opKind) {
    case OpKind::kIota:
    case OpKind::kBroadcast:
    case OpKind::kConcatenate:
    case OpKind::kDynamicSlice:
    case OpKind::kDynamicUpdateSlice:
    case OpKind::kGather:
    case OpKind::kPad:
    case OpKind::kReshape:
    case OpKind::kReverse:
    case OpKind::kSlice:
    case OpKind::kTranspose:
    case OpKind::kAccumulate:
        return true;
    case OpKind::kScatter:
        return isOneHot(stage, instruction);
    default:
        return false;
    }
#pragma GCC diagnostic pop
}

BufferId StageGraph::location(BufferId id, int at) const
{
    const Alias& alias = alias_[id.index()];
    return !isStored(id) && alias.node >= 0 && alias.node < at ? alias.buffer : id;
}

/// A value that is stored in a parameter or state unchanged can be read there afterwards.
void StageGraph::findAliases()
{
    for (size_t n = 0; n < nodes_.size(); ++n) {
        const Instruction& made = *nodes_[n].instruction;
        if (!isStore_[n] || (made.opKind != OpKind::kConvert && made.opKind != OpKind::kReshape))
            continue;
        const BufferId value = made.inputs[0];
        if (type(value) == type(made.outputs[0]) && alias_[value.index()].node < 0 &&
            producer(value) >= 0 &&
            nodes_[static_cast<size_t>(producer(value))].segment == nodes_[n].segment)
            alias_[value.index()] = {static_cast<int>(n), made.outputs[0]};
    }
}

/// An inlined value that follows from a parameter's old value must not be computed after the
/// parameter was updated.
void StageGraph::guardUpdates()
{
    for (size_t n = 0; n < nodes_.size(); ++n) {
        if (!isStore_[n] || nodes_[n].instruction->opKind == OpKind::kAccumulate)
            continue;
        const auto at = static_cast<int>(n);
        const BufferId updated = nodes_[n].instruction->outputs[0];
        // Forward from the readers of the old value, through what is inlined.
        std::vector<BufferId> open;
        std::set<BufferId> seen;
        const auto follow = [&](BufferId id) {
            for (const int user : users(id)) {
                if (user >= at || isStore_[static_cast<size_t>(user)])
                    continue;
                for (const BufferId output : nodes_[static_cast<size_t>(user)].instruction->outputs)
                    if (!isStored(output) && seen.insert(output).second)
                        open.push_back(output);
            }
        };
        follow(updated);
        while (!open.empty()) {
            const BufferId value = open.back();
            open.pop_back();
            const bool isReadLater = !users(value).empty() && users(value).back() > at;
            if (isReadLater && alias_[value.index()].node != at)
                store(value);
            else
                follow(value);
        }
    }
}

std::vector<BufferId> StageGraph::leaves(BufferId id, int at) const
{
    std::vector<BufferId> found;
    std::set<BufferId> seen;
    std::vector<BufferId> open{id};
    while (!open.empty()) {
        const BufferId buffer = location(open.back(), at);
        open.pop_back();
        if (!seen.insert(buffer).second)
            continue;
        const int node = producer(buffer);
        if (isStored(buffer) || node < 0) {
            found.push_back(buffer);
            continue;
        }
        const auto& inputs = nodes_[static_cast<size_t>(node)].instruction->inputs;
        open.insert(open.end(), inputs.begin(), inputs.end());
    }
    std::ranges::sort(found);
    return found;
}

/// Bytes that computing `id` reads; `size` counts the inlined ops.
double StageGraph::inlineCost(BufferId id, int& size) const
{
    double bytes = 0;
    std::set<BufferId> seen;
    std::vector<BufferId> open{id};
    const auto limit = static_cast<double>(type(id).elementCount());
    while (!open.empty()) {
        const BufferId buffer = open.back();
        open.pop_back();
        if (!seen.insert(buffer).second)
            continue;
        const int node = producer(buffer);
        if ((isStored(buffer) && buffer != id) || node < 0) {
            // A broadcast operand is read once for all, a gathered one only in part.
            bytes += std::min(static_cast<double>(type(buffer).elementCount()), limit) *
                     static_cast<double>(dtypeBytes(type(buffer).dtype));
            continue;
        }
        ++size;
        const auto& inputs = nodes_[static_cast<size_t>(node)].instruction->inputs;
        open.insert(open.end(), inputs.begin(), inputs.end());
    }
    return bytes;
}

/// Do two kernels or more need the value, each of which would compute it? What an update stores in
/// the value's shape is stored by one kernel.
bool StageGraph::hasSeveralReaders(BufferId id) const
{
    const auto isInUpdateLoop = [&](int user) {
        const Node& node = nodes_[static_cast<size_t>(user)];
        return node.segment == SegmentKind::kUpdate && isStore_[static_cast<size_t>(user)] &&
               type(node.instruction->outputs[0]).dims == type(id).dims;
    };
    int reader = -1;
    std::set<BufferId> seen;
    std::vector<BufferId> open{id};
    while (!open.empty()) {
        const BufferId value = open.back();
        open.pop_back();
        for (const int user : users(value)) {
            const Instruction& made = *nodes_[static_cast<size_t>(user)].instruction;
            const bool isKernel = isStore_[static_cast<size_t>(user)] || !isInlined(stage_, made) ||
                                  isStored(made.outputs[0]);
            if (!isKernel) {
                if (seen.insert(made.outputs[0]).second)
                    open.push_back(made.outputs[0]);
                continue;
            }
            const bool isSame =
                reader == user || (reader >= 0 && isInUpdateLoop(reader) && isInUpdateLoop(user));
            if (reader >= 0 && !isSame)
                return true;
            reader = user;
        }
    }
    return false;
}

void StageGraph::decideStored()
{
    for (size_t b = 0; b < stage_.buffers.size(); ++b) {
        const int node = producer_[b];
        isStored_[b] =
            node < 0 || !isInlined(stage_, *nodes_[static_cast<size_t>(node)].instruction);
    }
    if (stage_.loss.isValid())
        store(stage_.loss);
    for (size_t n = 0; n < nodes_.size(); ++n) {
        const Instruction& instruction = *nodes_[n].instruction;
        const bool readsMemory =
            instruction.kind != InstructionKind::kCompute ||
            instruction.opKind == OpKind::kConvolution || instruction.opKind == OpKind::kSort ||
            instruction.opKind == OpKind::kReduceWindow ||
            instruction.opKind == OpKind::kSelectAndScatter ||
            (instruction.opKind == OpKind::kScatter && !isInlined(stage_, instruction));
        for (const BufferId input : instruction.inputs) {
            if (readsMemory)
                store(input);
        }
        if (instruction.kind == InstructionKind::kCompute && instruction.opKind == OpKind::kDot) {
            const View a = view(instruction.inputs[0]);
            const View b = view(instruction.inputs[1]);
            if (!gemmShape(*this, static_cast<int>(n), a, b)) {
                store(instruction.inputs[0]);
                store(instruction.inputs[1]);
            }
        }
    }
    // Values that several kernels want, and that cost more to compute again than to read.
    for (const Node& node : nodes_) {
        for (const BufferId output : node.instruction->outputs) {
            if (isStored(output) || producer(output) < 0)
                continue;
            int size = 0;
            const double reads = inlineCost(output, size);
            const auto own = static_cast<double>(type(output).bytes().count);
            const bool isWorthIt = own > kSmallBytes && alias_[output.index()].node < 0 &&
                                   reads > 1.3 * own && hasSeveralReaders(output);
            // A new value that is only put in its place gains nothing by lying elsewhere before.
            const bool isOnlyPlaced =
                users(output).size() == 1 && isStore_[static_cast<size_t>(users(output).front())];
            if (isWorthIt || (size > kLargestExpression && !isOnlyPlaced))
                store(output);
        }
    }
}

View StageGraph::view(BufferId id)
{
    // The chain of views from a stored buffer down to `id`.
    std::vector<const Instruction*> chain;
    BufferId source = id;
    while (!isStored(source)) {
        const Instruction& made = *nodes_[static_cast<size_t>(producer(source))].instruction;
        if (made.opKind != OpKind::kTranspose && made.opKind != OpKind::kReshape)
            break;
        chain.push_back(&made);
        source = made.inputs[0];
    }
    store(source);
    View view{source, 0, type(source).dims, rowMajorStrides(type(source).dims)};
    for (size_t i = chain.size(); i-- > 0;) {
        const TensorType& out = type(chain[i]->outputs[0]);
        if (chain[i]->opKind == OpKind::kTranspose) {
            const std::vector<int>& order = std::get<DimsAttributes>(chain[i]->attributes).dims;
            std::vector<int64_t> strides;
            for (const int dim : order)
                strides.push_back(view.strides[static_cast<size_t>(dim)]);
            view.strides = std::move(strides);
        } else {
            std::vector<int64_t> strides = reshapedStrides(view.dims, view.strides, out.dims);
            if (strides.empty() && !out.dims.empty()) {
                store(chain[i]->outputs[0]);
                view.source = chain[i]->outputs[0];
                strides = rowMajorStrides(out.dims);
            }
            view.strides = std::move(strides);
        }
        view.dims = out.dims;
    }
    return view;
}

std::vector<ResolvedOffset> StageGraph::offsets(const Instruction& instruction) const
{
    std::vector<ResolvedOffset> resolved;
    for (const DeviceOffset& offset : instruction.offsets)
        resolved.push_back({offset.dim,
                            offset.stride * stage_.mesh.positionInGroup(device_, offset.axes),
                            offset.stride * stage_.mesh.groupSize(offset.axes)});
    return resolved;
}

} // namespace alpa::fusion
