// Collectives among CPU devices: every member reads the others' buffers directly. Reductions go in
// the members' order, so results do not depend on who came first.
#pragma once

#include "core/program/program.h"
#include "runtime/cpu/rendezvous.h"

#include <functional>

namespace alpa::cpu
{

/// One collective of one device, prepared.
class CpuCollective
{
public:
    CpuCollective() = default;
    /// `member`: the device's position in its group of `members`.
    CpuCollective(const Instruction& instruction, const TensorType& input, const TensorType& output,
                  int member, int members);

    int64_t scratchBytes() const { return scratchBytes_; }
    /// Meets the others and leaves this device's part of the result in `output`, which may be the
    /// input only for an all-reduce. Fails with kDevice if the members are not at the same
    /// instruction, with kAborted after abort.
    Status run(Rendezvous& rendezvous, const Arrival& arrival, std::byte* output,
               std::byte* scratch) const;

private:
    using Members = std::vector<Arrival>;

    int member_ = 0;
    int64_t scratchBytes_ = 0;
    /// From everybody's inputs to `target`: the output, or this member's share in scratch.
    std::function<void(const Members&, std::byte* target)> combine_;
    /// All-reduce: from everybody's shares to the output.
    std::function<void(const Members&, std::byte* output)> gather_;
};

} // namespace alpa::cpu
