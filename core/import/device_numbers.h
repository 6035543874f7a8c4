// Numbers of a partitioned program that are different on every device: the device's own number and
// what is computed from it, such as where its part of a tensor begins.
#pragma once

#include "core/graph/graph.h"

#include <optional>
#include <vector>

namespace alpa
{

class DeviceNumbers
{
public:
    /// `local` is the program of one device; its mesh gives the number of devices.
    explicit DeviceNumbers(const Graph& local);

    /// Of the value on each device; empty if it is the same on all, or no number.
    const std::vector<double>& of(ValueId id) const { return numbers_[id.index()]; }
    bool reads(const Op& op) const;
    void defineDeviceId(ValueId id);
    /// The single number that `op` computes on each device. False if that is not known.
    bool define(const Op& op);
    /// The element of a constant of one, or the number that the device has.
    std::optional<double> element(ValueId id, size_t device) const;
    /// An operand's element on every device; -1 where it is not known.
    std::vector<double> elements(ValueId id) const;

private:
    std::optional<double> compute(const Op& op, size_t device) const;

    const Graph& local_;
    size_t devices_ = 1;
    std::vector<std::vector<double>> numbers_;
};

} // namespace alpa
