// Random cases of every op family, for the conformance of backends.
#pragma once

#include "core/graph/builder.h"
#include "runtime/reference/host_tensor.h"
#include "tests/support/property.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace alpa
{

inline constexpr DType kFloats[] = {DType::kF32, DType::kBF16, DType::kF16, DType::kF64};
inline constexpr DType kIntegers[] = {DType::kS8, DType::kS16, DType::kS32, DType::kS64,
                                      DType::kU8, DType::kU16, DType::kU32, DType::kU64};

/// One random case under construction: the graph, and values for its inputs.
struct ConformanceCase {
    Rng& rng;
    Graph graph;
    std::vector<HostTensor> inputs;
    GraphBuilder build{graph};

    explicit ConformanceCase(Rng& generator)
        : rng(generator)
    {
    }

    template <size_t N>
    DType oneOf(const DType (&dtypes)[N])
    {
        return dtypes[rng.below(static_cast<int>(N))];
    }
    DType anyType() { return rng.chance(0.6) ? oneOf(kFloats) : oneOf(kIntegers); }
    std::vector<int64_t> shape(int rank, int largest = 7)
    {
        std::vector<int64_t> dims;
        for (int d = 0; d < rank; ++d)
            dims.push_back(rng.between(1, largest));
        return dims;
    }
    std::vector<int64_t> shape() { return shape(rng.between(0, 4)); }
    /// Small values, so that integers do not overflow their type in a sum of products of a few.
    ValueId input(TensorType type, double low = -4.0, double high = 4.0)
    {
        HostTensor tensor = filledTensor(type, 0.0);
        const bool isUnsigned = type.dtype == DType::kU8 || type.dtype == DType::kU16 ||
                                type.dtype == DType::kU32 || type.dtype == DType::kU64;
        if (isUnsigned)
            low = std::max(low, 0.0);
        for (double& value : tensor.values)
            value = roundToDtype(type.dtype == DType::kPred ? static_cast<double>(rng.below(2))
                                                            : low + (high - low) * rng.uniform(),
                                 type.dtype);
        inputs.push_back(std::move(tensor));
        return graph.addInput("in" + std::to_string(inputs.size() - 1), std::move(type),
                              InputRole::kParameter);
    }
    /// Integers in [0, bound].
    ValueId indices(std::vector<int64_t> dims, int64_t low, int64_t high)
    {
        const DType dtype = rng.chance(0.5) ? DType::kS32 : DType::kS64;
        const ValueId id = input({dtype, std::move(dims)});
        for (double& value : inputs.back().values)
            value = static_cast<double>(rng.between(static_cast<int>(low), static_cast<int>(high)));
        return id;
    }
    std::vector<int> permutation(int count)
    {
        std::vector<int> order(static_cast<size_t>(count));
        for (int i = 0; i < count; ++i)
            order[static_cast<size_t>(i)] = i;
        for (int i = count - 1; i > 0; --i)
            std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(rng.between(0, i))]);
        return order;
    }
    void emit(OpKind kind, std::vector<ValueId> operands, Attributes attributes = {},
              std::optional<TensorType> declared = {})
    {
        for (const ValueId result :
             build.emitAll(kind, std::move(operands), std::move(attributes), declared))
            graph.addOutput({result, OutputRole::kOther, "", {}});
    }
};

struct ConformanceFamily {
    const char* name;
    void (*generate)(ConformanceCase&);
};
/// Of ops that work element by element.
std::span<const ConformanceFamily> elementwiseFamilies();
/// Of ops that move elements, look them up or put them somewhere.
std::span<const ConformanceFamily> indexingFamilies();
/// Of ops that combine many elements to one, and sorting.
std::span<const ConformanceFamily> contractionFamilies();

} // namespace alpa
