// The numbers of microbatches that a batch can be cut into.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace alpa
{

/// All divisors of the batch, ascending: every microbatch has as many samples. O(sqrt(batch)).
std::vector<int> microbatchCounts(int64_t globalBatch);

/// `counts` by what is left of them when all factors of two are taken out, ascending: within such a
/// family microbatches are halved from one number to the next, so the curve of step times over it
/// has one valley. Between families it may have steps, since other meshes divide the samples.
///     1 2 3 4 6 12 -> 1 2 4, 3 6 12
std::vector<std::vector<int>> familiesOfCounts(const std::vector<int>& counts);

/// "1 microbatch", "8 microbatches".
std::string microbatchesText(int count);

} // namespace alpa
