// Follows every value of one device's program and rebuilds the whole program from them. Internal to
// whole_program.cpp (the flow), partitioned_moves.cpp (collectives, parts that devices take) and
// partitioned_ops.cpp (all else, by factor rules).
#pragma once

#include "core/graph/factor_rule.h"
#include "core/import/device_numbers.h"
#include "core/import/partitioned_values.h"
#include "core/import/whole_program.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace alpa
{

using MaybeAxes = std::optional<FileAxes>;

class WholeProgramBuilder
{
public:
    explicit WholeProgramBuilder(const Graph& local);

    Result<WholeProgram> build();

private:
    Error stopped(const Op& op, std::string_view what) const;
    PartitionedLayout& layout(ValueId id) { return layouts_[id.index()]; }
    TensorType wholeType(const TensorType& type, const PartitionedLayout& layout) const;
    void addInputs();
    /// The value for readers that take it as it is; constants become replicated.
    Result<ValueId> needWhole(ValueId id, int depth);
    Status addOp(const Op& op);
    /// Result `result` of `op` is `value`, laid out as `own` on the devices.
    Status define(const Op& op, size_t result, ValueId value, const PartitionedLayout& own);
    /// Sizes in attributes that were a whole local dimension become the whole dimension.
    void growAttributes(const Op& op, const std::vector<ValueId>& operands,
                        Attributes& attributes) const;
    /// `op` over whole operands; its first result.
    Result<ValueId> emit(const Op& op, const std::vector<ValueId>& operands,
                         const std::vector<PartitionedLayout>& own);

    // partitioned_moves.cpp
    Status addOpaque(const Op& op);
    Status addCollective(const Op& op, const OpaqueAttributes& opaque, FileAxes axes, size_t at);
    Status addDeviceOp(const Op& op);
    /// A slice of a whole tensor at the device's own place splits the tensor and moves nothing.
    Status takeOwnPart(const Op& op);
    /// A count plus where the device's part begins: a count over the whole, split.
    Status countOwnPart(const Op& op);

    // partitioned_ops.cpp
    /// "f32[2,16]{data, -}, s32[8]{-}": of one device, with what splits it.
    std::string formatOperands(const Op& op);
    /// Dimensions split down to one element have factors, too.
    FactorRule ruleOf(const Op& op);
    /// The axes of every factor; nothing for those that may be split in any way.
    Result<std::vector<MaybeAxes>> factorAxes(const Op& op, const FactorRule& rule);
    Result<PartitionedLayout> resultLayout(const Op& op, const FactorRule& rule,
                                           const std::vector<MaybeAxes>& axes, size_t result);
    Status addPlain(const Op& op);
    Result<std::vector<ValueId>> operandsFor(const Op& op, const FactorRule& rule,
                                             const std::vector<MaybeAxes>& axes, int depth);
    /// A value that may be split in any way, split as `wanted`.
    Result<ValueId> laidOut(ValueId id, const std::vector<FileAxes>& wanted, int depth);
    /// Windows that lie side by side: a whole dimension is a sum of parts, tiles of a part stay in
    /// it.
    Status addTiles(const Op& op);

    const Graph& local_;
    WholeProgram result_;
    DeviceNumbers numbers_;
    std::vector<PartitionedLayout> layouts_;
    std::vector<ValueId> whole_;
    std::map<std::pair<uint32_t, std::vector<FileAxes>>, ValueId> made_;
};

} // namespace alpa
