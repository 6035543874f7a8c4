// What the kernel families share: threads over elements, and the frame around the code.
#pragma once

#include "runtime/cuda/emitter.h"
#include "runtime/cuda/kernels.h"

#include <optional>

namespace alpa::cuda
{

class KernelBuilder
{
public:
    KernelBuilder(const StageGraph& stageGraph, int node, int lanes)
        : graph(stageGraph)
        , emit(stageGraph, node, lanes)
    {
    }

    /// One thread for each `lanes` elements of `count`: declares the index "i" and leaves the rest.
    void threadPerElement(int64_t count);
    /// Adds a pointer to a buffer that the kernel writes.
    std::string output(BufferId id) { return emit.parameter(id); }
    void line(const std::string& code) { emit.line(code); }
    /// Stores `value` at element `offset` (a multiple of the lanes) of `id`.
    void storeAt(BufferId id, const std::string& offset, const Operand& value);
    KernelText finish();

    const StageGraph& graph;
    Emitter emit;
    KernelText text;
};

/// Lanes that suit `inner` neighbouring elements, `count` in all, of `types`.
int chooseLanes(int64_t inner, int64_t count, const std::vector<DType>& types);
/// The size of the last dimension of more than one element.
int64_t innermost(const std::vector<int64_t>& dims);
/// The element types that the kernel of `roots` reads and writes.
std::vector<DType> touchedTypes(const StageGraph& graph, const std::vector<int>& roots);
constexpr int kThreads = 256;

} // namespace alpa::cuda
