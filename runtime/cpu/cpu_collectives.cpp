#include "runtime/cpu/cpu_collectives.h"

#include "runtime/cpu/reducers.h"
#include "runtime/cpu/storage.h"
#include "runtime/cpu/strided.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace alpa::cpu
{
namespace
{

/// target[0, count) = the members' inputs from element `first` on, reduced in the members' order.
template <typename C>
struct RunReducer {
    LoadTile<C> load;
    StoreTile<C> store;
    ReduceFunction<C> fold;
    bool isSum;

    void operator()(const std::vector<Arrival>& members, int64_t first, int64_t count,
                    std::byte* target, int64_t targetFirst) const
    {
        alignas(64) std::array<C, kTile> sum;
        alignas(64) std::array<C, kTile> part;
        for (int64_t at = 0; at < count; at += kTile) {
            const int64_t tile = std::min(kTile, count - at);
            load(members[0].input, first + at, tile, sum.data());
            for (size_t member = 1; member < members.size(); ++member) {
                load(members[member].input, first + at, tile, part.data());
                // The sum, by far the most frequent, without a call per element.
                if (isSum)
                    for (size_t i = 0; i < static_cast<size_t>(tile); ++i)
                        sum[i] = reduceAdd(sum[i], part[i]);
                else
                    for (size_t i = 0; i < static_cast<size_t>(tile); ++i)
                        sum[i] = fold(sum[i], part[i]);
            }
            store(sum.data(), tile, target, targetFirst + at);
        }
    }
};

template <typename C>
RunReducer<C> makeReducer(DType dtype, ReduceKind kind)
{
    return {loadTile<C>(dtype), storeTile<C>(dtype), reduceFunction<C>(kind),
            kind == ReduceKind::kAdd};
}

} // namespace

CpuCollective::CpuCollective(const Instruction& instruction, const TensorType& input,
                             const TensorType& output, int member, int members)
    : member_(member)
{
    const int64_t bytes = dtypeBytes(input.dtype);
    const auto dim = static_cast<size_t>(instruction.dim);
    const std::vector<int64_t> inStrides = rowMajorStrides(input.dims);
    const std::vector<int64_t> outStrides = rowMajorStrides(output.dims);
    switch (instruction.collective) {
    case CollectiveKind::kAllReduce: {
        // Each member reduces its share of the elements; then everybody collects the shares.
        const int64_t count = input.elementCount();
        const auto begin = [count, members](int64_t m) { return count * m / members; };
        scratchBytes_ = (count / members + 1) * bytes;
        combine_ = withComputeType(input.dtype, [&](auto element) {
            using C = decltype(element);
            return std::function<void(const Members&, std::byte*)>(
                [reduce = makeReducer<C>(input.dtype, instruction.reduction), first = begin(member),
                 end = begin(member + 1)](const Members& all, std::byte* target) {
                    reduce(all, first, end - first, target, 0);
                });
        });
        gather_ = [begin, bytes](const Members& all, std::byte* target) {
            for (size_t m = 0; m < all.size(); ++m) {
                const int64_t first = begin(static_cast<int64_t>(m));
                const int64_t size = begin(static_cast<int64_t>(m) + 1) - first;
                std::memcpy(target + first * bytes, all[m].scratch,
                            static_cast<size_t>(size * bytes));
            }
        };
        break;
    }
    case CollectiveKind::kReduceScatter: {
        const int64_t start = output.dims[dim] * member * inStrides[dim];
        combine_ = withComputeType(input.dtype, [&](auto element) {
            using C = decltype(element);
            return std::function<void(const Members&, std::byte*)>(
                [reduce = makeReducer<C>(input.dtype, instruction.reduction), start,
                 pair = StridedPair(output.dims, inStrides, outStrides)](const Members& all,
                                                                         std::byte* target) {
                    const StridedPair::Dim& run = pair.inner();
                    pair.forEachRun([&](int64_t read, int64_t write) {
                        if (run.read == 1 && run.write == 1)
                            return reduce(all, start + read, run.size, target, write);
                        // One column remains here: its elements lie apart in the inputs.
                        for (int64_t i = 0; i < run.size; ++i)
                            reduce(all, start + read + i * run.read, 1, target,
                                   write + i * run.write);
                    });
                });
        });
        break;
    }
    case CollectiveKind::kAllGather:
        combine_ = [copy = StridedCopy(bytes, input.dims, inStrides, outStrides),
                    step = input.dims[dim] * outStrides[dim] * bytes](const Members& all,
                                                                      std::byte* target) {
            for (size_t m = 0; m < all.size(); ++m)
                copy.run(all[m].input, target + static_cast<int64_t>(m) * step);
        };
        break;
    case CollectiveKind::kAllToAll: {
        // From every member the part of `dim` that belongs here, joined along fromDim.
        const auto fromDim = static_cast<size_t>(instruction.fromDim);
        std::vector<int64_t> block = input.dims;
        block[dim] = output.dims[dim];
        combine_ = [copy = StridedCopy(bytes, block, inStrides, outStrides),
                    start = output.dims[dim] * member * inStrides[dim] * bytes,
                    step = input.dims[fromDim] * outStrides[fromDim] * bytes](const Members& all,
                                                                              std::byte* target) {
            for (size_t m = 0; m < all.size(); ++m)
                copy.run(all[m].input + start, target + static_cast<int64_t>(m) * step);
        };
        break;
    }
    case CollectiveKind::kSendReceive:
    case CollectiveKind::kBroadcast:
        break; // Not collectives within a stage: load refuses them.
    }
}

Status CpuCollective::run(Rendezvous& rendezvous, const Arrival& arrival, std::byte* output,
                          std::byte* scratch) const
{
    Arrival mine = arrival;
    mine.scratch = scratch;
    RETURN_IF_ERROR(rendezvous.meet(member_, mine));
    const Members& all = rendezvous.arrivals();
    for (size_t m = 0; m < all.size(); ++m) {
        if (all[m].segment != mine.segment || all[m].instruction != mine.instruction ||
            all[m].microbatch != mine.microbatch)
            return Error(ErrorCode::kDevice,
                         fmt::format("member {} of the group is at instruction {} for microbatch "
                                     "{}, member {} at {} for {}",
                                     m, all[m].instruction, all[m].microbatch, member_,
                                     mine.instruction, mine.microbatch));
    }
    combine_(all, gather_ ? scratch : output);
    if (gather_) {
        RETURN_IF_ERROR(rendezvous.meetAgain());
        gather_(all, output);
    }
    // Nobody changes what others still read.
    return rendezvous.meetAgain();
}

} // namespace alpa::cpu
