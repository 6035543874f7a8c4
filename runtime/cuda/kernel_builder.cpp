#include "runtime/cuda/kernel_builder.h"

#include "runtime/cuda/kernel_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa::cuda
{
namespace
{

/// Below so many elements, more threads hide more than wide loads save.
constexpr int64_t kSmall = 1 << 16;

} // namespace

int64_t innermost(const std::vector<int64_t>& dims)
{
    for (size_t d = dims.size(); d-- > 0;) {
        if (dims[d] != 1)
            return dims[d];
    }
    return 1;
}

int chooseLanes(int64_t inner, int64_t count, const std::vector<DType>& types)
{
    if (count < kSmall)
        return 1;
    int64_t smallest = 8;
    for (const DType dtype : types)
        smallest = std::min(smallest, dtypeBytes(dtype));
    int lanes = smallest <= 2 ? 8 : smallest == 4 ? 4 : 2;
    while (inner % lanes != 0)
        lanes /= 2;
    return lanes;
}

std::vector<DType> touchedTypes(const StageGraph& graph, const std::vector<int>& roots)
{
    std::vector<DType> types;
    const auto add = [&](BufferId id) {
        // Small operands are read once for many elements.
        if (graph.type(id).elementCount() >= kSmall && graph.type(id).dtype != DType::kPred)
            types.push_back(graph.type(id).dtype);
    };
    for (const int root : roots) {
        const Instruction& instruction = *graph.nodes()[static_cast<size_t>(root)].instruction;
        add(instruction.outputs[0]);
        for (const BufferId input : instruction.inputs)
            for (const BufferId leaf : graph.leaves(input, root))
                add(leaf);
    }
    return types;
}

void KernelBuilder::threadPerElement(int64_t count)
{
    const int lanes = emit.lanes();
    line(fmt::format("const I i = (static_cast<I>(blockIdx.x) * {} + threadIdx.x) * {};", kThreads,
                     lanes));
    line(fmt::format("if (i >= {}) return;", count));
    text.grid[0] = std::max<int64_t>(1, (count / lanes + kThreads - 1) / kThreads);
    text.block[0] = kThreads;
}

void KernelBuilder::storeAt(BufferId id, const std::string& offset, const Operand& value)
{
    const DType dtype = graph.type(id).dtype;
    const std::string pointer = output(id);
    if (emit.lanes() == 1) {
        line(fmt::format("{}[{}] = Encode<{}>::of({});", pointer, offset, storageType(dtype),
                         value.at("0")));
        return;
    }
    if (!value.isVector) {
        line(fmt::format("{{ {} spread[{}];", computeType(dtype), emit.lanes()));
        line("#pragma unroll");
        line(fmt::format("for (int l = 0; l < {}; ++l) spread[l] = {};", emit.lanes(), value.name));
        line(fmt::format("storePack<{}>({} + {}, spread); }}", emit.lanes(), pointer, offset));
        return;
    }
    line(fmt::format("storePack<{}>({} + {}, {});", emit.lanes(), pointer, offset, value.name));
}

KernelText KernelBuilder::finish()
{
    text.parameters = emit.parameters();
    bool isWide = false;
    std::string list;
    for (size_t i = 0; i < text.parameters.size(); ++i) {
        const TensorType& type = graph.type(text.parameters[i]);
        isWide = isWide || type.elementCount() >= int64_t{1} << 31;
        list += fmt::format("{}* p{}, ", storageType(type.dtype), i);
    }
    const int threads = text.block[0] * text.block[1] * text.block[2];
    text.body = fmt::format("({1}unsigned char* scratch, int isFirst)\n{{\ntypedef {0} I; typedef "
                            "unsigned {0} U;\n{2}}}\n",
                            isWide ? "long long" : "int", list, emit.takeLines());
    text.body = fmt::format("__launch_bounds__({}) NAME{}", threads, text.body);
    return std::move(text);
}

} // namespace alpa::cuda
