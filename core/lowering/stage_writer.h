// Writes the program of one stage: buffers, instructions, and reshardings as sequences of steps. It
// knows no graph; lower_stage.cpp says what is to be written.
#pragma once

#include "core/lowering/lower_stage.h"
#include "core/sharding/reshard.h"

#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace alpa
{

/// In how many slots values live that one segment writes and a later one reads.
struct SlotCounts {
    int inFlight = 1; ///< From forward to backward.
    int held = 1;     ///< From forward to weight gradient.
    int deferred = 1; ///< From backward to weight gradient.
};

class StageWriter
{
public:
    StageWriter(const Cluster& cluster, const DeviceMesh& mesh);

    BufferId addBuffer(const std::string& name, ValueId value, const TensorType& type,
                       const ShardingSpec& spec, BufferKind kind);
    Buffer& buffer(BufferId id) { return code_.program.buffers[id.index()]; }
    const DeviceMesh& mesh() const { return code_.program.mesh; }
    std::vector<Instruction>& segment(SegmentKind kind)
    {
        return code_.program.segments[static_cast<size_t>(kind)].instructions;
    }

    /// `from` under `to`, in `kind`; one copy for all readers of the segment that need the same.
    /// Fails with kUnsupported if there is no path.
    Result<BufferId> reshard(BufferId from, const ShardingSpec& to, SegmentKind kind, OpId reader);

    void receive(size_t transfer, BufferId into, SegmentKind kind);
    void send(size_t transfer, BufferId from, const ShardingSpec& spec, SegmentKind kind);
    /// Read by the host after the forward segment: it must outlive it.
    void setLoss(BufferId loss) { code_.program.loss = loss; }

    /// The code, once everything is written: what several segments touch becomes an activation,
    /// with slots for the microbatches between the first and the last of them.
    StageCode take(const SlotCounts& slots);

private:
    BufferId addStep(BufferId from, const ReshardStep& step, const TensorType& type,
                     SegmentKind kind, OpId reader);
    void makeSlice(Instruction& instruction, const ReshardStep& step);

    StageCode code_;
    Resharder resharder_;
    std::map<std::tuple<uint32_t, size_t, int>, BufferId> resharded_; ///< (buffer, spec, segment)
};

} // namespace alpa
