#include "runtime/cuda/copy_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace alpa::cuda
{
namespace
{

constexpr int kThreads = 256;

/// Without dimensions of one element, and with neighbours merged that lie as one run in both.
CopyShape simplified(const CopyShape& copy)
{
    CopyShape result = copy;
    result.dims.clear();
    result.from.clear();
    result.to.clear();
    for (size_t d = 0; d < copy.dims.size(); ++d) {
        if (copy.dims[d] == 1)
            continue;
        if (!result.dims.empty() && result.from.back() == copy.dims[d] * copy.from[d] &&
            result.to.back() == copy.dims[d] * copy.to[d]) {
            result.dims.back() *= copy.dims[d];
            result.from.back() = copy.from[d];
            result.to.back() = copy.to[d];
            continue;
        }
        result.dims.push_back(copy.dims[d]);
        result.from.push_back(copy.from[d]);
        result.to.push_back(copy.to[d]);
    }
    return result;
}

/// Do 32 bits count the elements of both boxes?
bool isIndexedBy32Bits(const CopyShape& copy)
{
    int64_t count = 1;
    int64_t lastFrom = copy.fromStart;
    int64_t lastTo = copy.toStart;
    for (size_t d = 0; d < copy.dims.size(); ++d) {
        count *= copy.dims[d];
        lastFrom += (copy.dims[d] - 1) * copy.from[d];
        lastTo += (copy.dims[d] - 1) * copy.to[d];
    }
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    return count + kThreads <= kMost && lastFrom <= kMost && lastTo <= kMost;
}

} // namespace

bool isContiguous(const CopyShape& copy)
{
    const CopyShape simple = simplified(copy);
    return simple.dims.empty() ||
           (simple.dims.size() == 1 && simple.from[0] == 1 && simple.to[0] == 1);
}

KernelText copyKernel(const CopyShape& copy)
{
    CopyShape shape = simplified(copy);
    // Widen elements to as many as 16 bytes where everything is a multiple of them.
    while (
        !shape.dims.empty() && shape.bytes < 16 && shape.from.back() == 1 && shape.to.back() == 1 &&
        shape.dims.back() % 2 == 0 && shape.fromStart % 2 == 0 && shape.toStart % 2 == 0 &&
        std::all_of(shape.from.begin(), shape.from.end() - 1, [](auto s) { return s % 2 == 0; }) &&
        std::all_of(shape.to.begin(), shape.to.end() - 1, [](auto s) { return s % 2 == 0; })) {
        shape.bytes *= 2;
        shape.dims.back() /= 2;
        shape.fromStart /= 2;
        shape.toStart /= 2;
        for (size_t d = 0; d + 1 < shape.dims.size(); ++d) {
            shape.from[d] /= 2;
            shape.to[d] /= 2;
        }
    }
    int64_t count = 1;
    for (const int64_t dim : shape.dims)
        count *= dim;
    std::string from = std::to_string(shape.fromStart);
    std::string to = std::to_string(shape.toStart);
    std::string code;
    std::string rest = "i";
    for (size_t d = shape.dims.size(); d-- > 0;) {
        const std::string at = fmt::format("x{}", d);
        code += d == 0 ? fmt::format("const I {} = {};\n", at, rest)
                       : fmt::format("const I {} = MOD({}, {}), r{} = DIV({}, {});\n", at, rest,
                                     shape.dims[d], d, rest, shape.dims[d]);
        rest = fmt::format("r{}", d);
        from += fmt::format(" + {} * {}", at, shape.from[d]);
        to += fmt::format(" + {} * {}", at, shape.to[d]);
    }
    const std::string type = fmt::format("Pack<u8, {}>", shape.bytes);
    // Divisions of 64 bits take longer than the copy.
    const char* index = isIndexedBy32Bits(shape) ? "int" : "long long";
    KernelText text;
    text.block[0] = kThreads;
    text.grid[0] = std::max<int64_t>(1, (count + kThreads - 1) / kThreads);
    text.body = fmt::format("__launch_bounds__({}) NAME({}* p0, {}* p1, unsigned char* scratch, "
                            "int isFirst)\n{{\ntypedef {} I; typedef unsigned {} U;\n"
                            "const I i = static_cast<I>(blockIdx.x) * {} + threadIdx.x;\n"
                            "if (i >= {}) return;\n{}p1[{}] = p0[{}];\n}}\n",
                            kThreads, type, type, index, index, kThreads, count, code, to, from);
    return text;
}

} // namespace alpa::cuda
