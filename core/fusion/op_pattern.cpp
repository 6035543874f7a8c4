#include "core/fusion/op_pattern.h"

#include <algorithm>

namespace alpa::fusion
{
bool OpPattern::is(int node, OpKind kind) const
{
    return node >= 0 && at(node).kind == InstructionKind::kCompute && at(node).opKind == kind;
}

int OpPattern::made(BufferId id, OpKind kind) const
{
    const int node = graph_.producer(id);
    return is(node, kind) ? node : -1;
}

int OpPattern::user(BufferId id, OpKind kind) const
{
    int found = -1;
    for (const int node : graph_.users(id)) {
        if (!is(node, kind))
            continue;
        if (found >= 0)
            return -1;
        found = node;
    }
    return found;
}

int OpPattern::binaryUser(BufferId id, OpKind kind, BufferId other) const
{
    for (const int node : graph_.users(id)) {
        if (!is(node, kind))
            continue;
        const std::vector<BufferId>& inputs = at(node).inputs;
        if ((inputs[0] == id && inputs[1] == other) || (inputs[1] == id && inputs[0] == other))
            return node;
    }
    return -1;
}

std::optional<double> OpPattern::constant(BufferId id) const
{
    int node = made(id, OpKind::kConstant);
    if (node < 0) {
        const int broadcast = made(id, OpKind::kBroadcast);
        node = broadcast < 0 ? -1 : made(at(broadcast).inputs[0], OpKind::kConstant);
    }
    if (node < 0)
        return std::nullopt;
    const auto& values = std::get<ConstantAttributes>(at(node).attributes).values;
    return values.size() == 1 ? std::optional(values[0]) : std::nullopt;
}

bool OpPattern::isCausalMask(BufferId id) const
{
    const int broadcast = made(id, OpKind::kBroadcast);
    if (broadcast < 0)
        return false;
    const std::vector<int>& dims = std::get<DimsAttributes>(at(broadcast).attributes).dims;
    const BufferId mask = at(broadcast).inputs[0];
    const TensorType& type = graph_.type(mask);
    const int queryDim = type.rank() - 2;
    if (type.rank() < 2 || dims.size() < 2 || dims[dims.size() - 2] != 2 || dims.back() != 3 ||
        type.dims.back() != graph_.type(id).dims[3] ||
        type.dims[static_cast<size_t>(queryDim)] != graph_.type(id).dims[2])
        return false;
    const int compare = made(mask, OpKind::kCompare);
    if (compare < 0)
        return false;
    const CompareDirection direction =
        std::get<CompareAttributes>(at(compare).attributes).direction;
    const auto iotaDim = [&](BufferId count) {
        const int iota = made(count, OpKind::kIota);
        return iota < 0 || !at(iota).offsets.empty()
                   ? -1
                   : std::get<IotaAttributes>(at(iota).attributes).dim;
    };
    const int left = iotaDim(at(compare).inputs[0]);
    const int right = iotaDim(at(compare).inputs[1]);
    return (left == queryDim && right == queryDim + 1 && direction == CompareDirection::kGe) ||
           (left == queryDim + 1 && right == queryDim && direction == CompareDirection::kLe);
}

int OpPattern::spread(BufferId id, const std::vector<int64_t>& dims)
{
    for (const int node : graph_.users(id)) {
        if (is(node, OpKind::kBroadcast) && type(out(node)).dims == dims) {
            cover(node);
            return node;
        }
        if ((is(node, OpKind::kReshape) || is(node, OpKind::kBroadcast)) &&
            type(out(node)).elementCount() == type(id).elementCount()) {
            const int next = spread(out(node), dims);
            if (next >= 0) {
                cover(node);
                return next;
            }
        }
    }
    return -1;
}

bool OpPattern::isSpreadOf(BufferId id, BufferId rows)
{
    for (int depth = 0; depth < kMostSpreads && id != rows; ++depth) {
        const int node = graph_.producer(id);
        if (!is(node, OpKind::kBroadcast) && !is(node, OpKind::kReshape))
            return false;
        cover(node);
        id = at(node).inputs[0];
    }
    return id == rows;
}

bool OpPattern::isClosed(const std::set<BufferId>& results) const
{
    return std::ranges::all_of(covered_, [&](int node) {
        return results.contains(out(node)) ||
               std::ranges::all_of(graph_.users(out(node)),
                                   [&](int user) { return covered_.contains(user); });
    });
}

} // namespace alpa::fusion
