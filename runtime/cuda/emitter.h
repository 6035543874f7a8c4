// Text of a kernel that computes values at an index, following inlined ops down to stored buffers.
#pragma once

#include "runtime/cuda/fused_stage.h"

#include <map>
#include <string>
#include <vector>

namespace alpa::cuda
{

/// An index as a function of the lane: base + lane * stride. Lanes are the neighbouring elements
/// that one thread computes.
struct Index {
    std::string base = "0"; ///< A number or the name of a variable.
    int64_t lane = 0;
    bool isAligned =
        true; ///< Is `base` a multiple of the number of lanes? Of interest with a lane.
};
using Indices = std::vector<Index>;

/// A computed value: one for all lanes, or an array of one for each.
struct Operand {
    std::string name;
    bool isVector = false;
    std::string at(const std::string& lane) const
    {
        return isVector ? name + "[" + lane + "]" : name;
    }
};

class Emitter
{
public:
    /// For a kernel at `node` of `graph`, `lanes` elements a thread.
    Emitter(const StageGraph& graph, int node, int lanes);

    /// Appends to lines() what computes `id` at `at`, once for each pair.
    Operand value(BufferId id, const Indices& at);
    /// The same for the result of `node`'s op, also where it is stored.
    Operand result(int node, const Indices& at);
    /// Makes `id` at `at` known: later readers within the kernel get `operand`.
    void define(BufferId id, const Indices& at, const Operand& operand);

    /// Element offset of `at` in row-major `dims`.
    Index linear(const Indices& at, const std::vector<int64_t>& dims);
    /// Makes `base` the name of the offset of `at`.
    void know(const Indices& at, const std::vector<int64_t>& dims, const std::string& base);
    /// The reverse: splits an index over dimensions.
    Indices split(const Index& index, const std::vector<int64_t>& dims);
    Index plus(const Index& index, int64_t value);
    Index plus(const Index& index, const std::string& value);
    /// A variable for an index expression.
    std::string name(const std::string& expression);
    void line(const std::string& text) { lines_ += text + "\n"; }

    /// The parameter for `id`, added when new: "p3".
    std::string parameter(BufferId id);
    std::string takeLines() { return std::exchange(lines_, {}); }
    const std::vector<BufferId>& parameters() const { return parameters_; }
    int lanes() const { return lanes_; }
    /// The lanes did not suit an index: the kernel must be made with one lane.
    bool needsOneLane() const { return needsOneLane_; }

private:
    Operand load(BufferId id, const Indices& at);
    Operand compute(BufferId id, const Instruction& instruction, const Indices& at);
    Operand elementwise(BufferId id, const Instruction& instruction, const Indices& at);
    Operand iota(BufferId id, const Instruction& instruction, const Indices& at);
    Operand pad(BufferId id, const Instruction& instruction, const Indices& at);
    Operand concatenate(BufferId id, const Instruction& instruction, const Indices& at);
    Operand dynamicSlice(const Instruction& instruction, const Indices& at);
    Operand dynamicUpdate(BufferId id, const Instruction& instruction, const Indices& at);
    Operand gather(BufferId id, const Instruction& instruction, const Indices& at);
    Operand oneHot(BufferId id, const Instruction& instruction, const Indices& at);
    Indices reshaped(const Indices& at, const std::vector<int64_t>& from,
                     const std::vector<int64_t>& to);
    /// The value of a scalar index, clamped to [0, last].
    std::string boundIndex(BufferId id, const Indices& at, int64_t last);
    Operand define(DType dtype, bool isVector, const std::string& expression);
    Operand select(const std::string& condition, const Operand& yes, const Operand& no,
                   DType dtype);

    const StageGraph& graph_;
    int node_;
    int lanes_;
    bool needsOneLane_ = false;
    std::string lines_;
    std::vector<BufferId> parameters_;
    std::map<std::string, Operand> known_;     ///< By buffer and index.
    std::map<std::string, std::string> names_; ///< Index expressions.
    int variables_ = 0;
};

/// "i3+1*lane": equal for equal indices.
std::string indexKey(const Indices& at);

} // namespace alpa::cuda
