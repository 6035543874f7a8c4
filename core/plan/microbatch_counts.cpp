#include "core/plan/microbatch_counts.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <map>

namespace alpa
{

std::vector<int> microbatchCounts(int64_t globalBatch)
{
    std::vector<int> counts;
    const auto add = [&counts](int64_t count) {
        if (count <= std::numeric_limits<int>::max())
            counts.push_back(static_cast<int>(count));
    };
    for (int64_t count = 1; count <= globalBatch / count; ++count) {
        if (globalBatch % count != 0)
            continue;
        add(count);
        if (count != globalBatch / count)
            add(globalBatch / count);
    }
    std::ranges::sort(counts);
    return counts;
}

std::vector<std::vector<int>> familiesOfCounts(const std::vector<int>& counts)
{
    std::map<unsigned, std::vector<int>> byOddPart;
    for (const int count : counts) {
        const auto bits = static_cast<unsigned>(count);
        byOddPart[bits >> std::countr_zero(bits)].push_back(count);
    }
    std::vector<std::vector<int>> families;
    for (auto& [odd, family] : byOddPart)
        families.push_back(std::move(family));
    return families;
}

std::string microbatchesText(int count)
{
    return fmt::format("{} microbatch{}", count, count == 1 ? "" : "es");
}

} // namespace alpa
