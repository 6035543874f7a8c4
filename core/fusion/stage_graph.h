// One stage's instructions as a dataflow graph over buffers, and which buffers exist in memory.
// Chains of element-wise and indexing ops are not stored: whoever reads them computes them again
// from what is stored, inside its own kernel, also across the segments of a microbatch.
#pragma once

#include "core/program/program.h"

#include <string>
#include <vector>

namespace alpa::fusion
{

/// An instruction with its place.
struct Node {
    SegmentKind segment = SegmentKind::kForward;
    size_t index = 0; ///< Within the segment.
    const Instruction* instruction = nullptr;
};

/// A DeviceOffset for one device.
struct ResolvedOffset {
    int dim = 0;
    int64_t value = 0;     ///< Stride times the device's position.
    int64_t wholeSize = 0; ///< The dimension's size in the whole tensor.
};

/// Operand layout that a library reads in place: strides in elements, per dimension of the viewed
/// buffer.
struct View {
    BufferId source;
    int64_t offset = 0;
    std::vector<int64_t> dims, strides;
};

class StageGraph
{
public:
    /// `program` outlives the graph. Decides what is stored.
    StageGraph(const Program& program, int stage, int device);

    const Program& program() const { return program_; }
    const StageProgram& stage() const { return stage_; }
    int device() const { return device_; }
    const std::vector<Node>& nodes() const { return nodes_; }
    const TensorType& type(BufferId id) const { return stage_.buffers[id.index()].type; }
    BufferKind kind(BufferId id) const { return stage_.buffers[id.index()].kind; }

    /// The node that computes `id` anew in each run of its segment; -1 for what the host fills, for
    /// accumulators, and for the update of what lasts.
    int producer(BufferId id) const { return producer_[id.index()]; }
    /// Nodes that read `id`.
    const std::vector<int>& users(BufferId id) const { return users_[id.index()]; }
    /// Does the node put a new value in a parameter, state or accumulator?
    bool isStore(int node) const { return isStore_[static_cast<size_t>(node)]; }
    /// Does `id` have memory of its own?
    bool isStored(BufferId id) const { return isStored_[id.index()]; }
    void store(BufferId id) { isStored_[id.index()] = true; }
    /// Does a stored value follow from parameters, own or received at the step's beginning, alone,
    /// so that once a step is enough?
    bool isInvariant(BufferId id) const;
    /// Removes the memory of a buffer that a special kernel makes needless.
    void unstore(BufferId id) { isStored_[id.index()] = false; }

    /// What a kernel at node `at` reads for the value of `id`: `id` if it is stored, else the
    /// stored buffers that it follows from by inlined ops.
    std::vector<BufferId> leaves(BufferId id, int at) const;
    /// Where a kernel at node `at` finds `id`: itself, or the parameter or state that an earlier
    /// node stored it in.
    BufferId location(BufferId id, int at) const;
    /// The stored buffer behind transposes, reshapes and slices of `id`; marks as stored what
    /// cannot be read in place.
    View view(BufferId id);
    std::vector<ResolvedOffset> offsets(const Instruction& instruction) const;

    /// Is the op computed at a single index from its operands, without a kernel of its own?
    static bool isInlined(const StageProgram& stage, const Instruction& instruction);
    /// A scatter of one element a row into its row: read as a comparison of indices.
    static bool isOneHot(const StageProgram& stage, const Instruction& instruction);

private:
    std::vector<uint8_t> fixedInStep() const;
    void mergeCasts();
    void collectNodes();
    void decideStored();
    void findAliases();
    void guardUpdates();
    double inlineCost(BufferId id, int& size) const;
    bool hasSeveralReaders(BufferId id) const;

    const Program& program_;
    StageProgram stage_; ///< A copy, in which equal casts of parameters are one.
    int device_;
    std::vector<Node> nodes_;
    std::vector<uint8_t> isFixed_; ///< By buffer: parameters and what the step's beginning makes.
    std::vector<int> producer_;
    std::vector<std::vector<int>> users_;
    std::vector<bool> isStore_, isStored_;
    struct Alias {
        int node = -1; ///< After which the value also lies in `buffer`.
        BufferId buffer;
    };
    std::vector<Alias> alias_;
};

std::vector<int64_t> rowMajorStrides(const std::vector<int64_t>& dims);
int64_t product(const std::vector<int64_t>& dims);

} // namespace alpa::fusion
