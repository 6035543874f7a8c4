#include "core/import/device_numbers.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

std::optional<double> combine(OpKind kind, double a, double b)
{
    if (kind == OpKind::kAdd)
        return a + b;
    if (kind == OpKind::kSubtract)
        return a - b;
    if (kind == OpKind::kMultiply)
        return a * b;
    if (kind == OpKind::kDivide && b != 0)
        return std::trunc(a / b);
    if (kind == OpKind::kRemainder && b != 0)
        return std::fmod(a, b);
    return std::nullopt;
}

/// Ops that leave the one element of their operand as it is.
bool passesOn(OpKind kind)
{
    return kind == OpKind::kReshape || kind == OpKind::kConvert || kind == OpKind::kBroadcast;
}

} // namespace

DeviceNumbers::DeviceNumbers(const Graph& local)
    : local_(local)
    , numbers_(local.values.size())
{
    for (const FileMeshAxis& axis : local.fileMesh)
        devices_ *= static_cast<size_t>(axis.size);
}

bool DeviceNumbers::reads(const Op& op) const
{
    return std::ranges::any_of(op.operands, [&](ValueId id) { return !of(id).empty(); });
}

void DeviceNumbers::defineDeviceId(ValueId id)
{
    for (size_t device = 0; device < devices_; ++device)
        numbers_[id.index()].push_back(static_cast<double>(device));
}

bool DeviceNumbers::define(const Op& op)
{
    std::vector<double> numbers;
    for (size_t device = 0; device < devices_; ++device) {
        const auto number = compute(op, device);
        if (!number)
            return false;
        numbers.push_back(*number);
    }
    numbers_[op.results[0].index()] = std::move(numbers);
    return true;
}

std::optional<double> DeviceNumbers::element(ValueId id, size_t device) const
{
    if (!of(id).empty())
        return of(id)[device];
    const OpId producer = local_.value(id).producer;
    if (!producer.isValid())
        return std::nullopt;
    const Op& op = local_.op(producer);
    if (const auto* constant = std::get_if<ConstantAttributes>(&op.attributes))
        return constant->values.size() == 1 ? std::optional(constant->values[0]) : std::nullopt;
    if (!passesOn(op.kind) || local_.type(op.operands[0]).elementCount() != 1)
        return std::nullopt;
    return element(op.operands[0], device);
}

std::vector<double> DeviceNumbers::elements(ValueId id) const
{
    std::vector<double> numbers;
    for (size_t device = 0; device < devices_; ++device)
        numbers.push_back(element(id, device).value_or(-1));
    return numbers;
}

std::optional<double> DeviceNumbers::compute(const Op& op, size_t device) const
{
    if (op.kind == OpKind::kDynamicSlice && local_.type(op.operands[0]).rank() == 1) {
        // A table with a number for each device.
        const OpId producer = local_.value(op.operands[0]).producer;
        const auto* table = producer.isValid()
                                ? std::get_if<ConstantAttributes>(&local_.op(producer).attributes)
                                : nullptr;
        if (table == nullptr)
            return std::nullopt;
        if (table->values.size() == 1)
            return table->values[0];
        const auto place = element(op.operands[1], device);
        const bool isInside =
            place && *place >= 0 && *place < static_cast<double>(table->values.size());
        return isInside ? std::optional(table->values[static_cast<size_t>(*place)]) : std::nullopt;
    }
    if (op.operands.empty())
        return std::nullopt;
    const auto a = element(op.operands[0], device);
    if (passesOn(op.kind))
        return a;
    const auto b = op.operands.size() == 2 ? element(op.operands[1], device) : std::nullopt;
    return a && b ? combine(op.kind, *a, *b) : std::nullopt;
}

} // namespace alpa
