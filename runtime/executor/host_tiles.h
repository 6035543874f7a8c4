// Between whole tensors on the host and the parts that devices hold.
#pragma once

#include "core/base/result.h"
#include "core/program/program.h"
#include "runtime/executor/run_program.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace alpa
{

using HostBuffers = std::map<std::string, HostBuffer>;

/// Is every parameter, state and batch input of the program there, with the type that its buffers
/// say? Fails with kInvalidInput naming the first that is not.
Status checkInputs(const Program& program, const HostBuffers& inputs);

/// The bytes of `device`'s part of `whole`, which has the buffer's global dimensions. For a batch
/// input: of the rows of `microbatch`. Assumes checkInputs.
std::vector<std::byte> cutTile(const StageProgram& stage, const Buffer& buffer, int device,
                               int microbatch, const HostBuffer& whole);
/// Puts a device's part in its place of `whole`.
void pasteTile(const StageProgram& stage, const Buffer& buffer, int device,
               std::span<const std::byte> tile, HostBuffer& whole);

/// Is `device` the first of those that hold the same part?
bool isFirstHolder(const StageProgram& stage, const Buffer& buffer, int device);

/// The scalar's value.
double scalarValue(DType dtype, std::span<const std::byte> bytes);

} // namespace alpa
