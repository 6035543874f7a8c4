// Row-major matrix products in the compute types.
#pragma once

#include <cstdint>

namespace alpa::cpu
{

struct GemmSizes {
    int64_t rows = 0, columns = 0, depth = 0;
};

/// A matrix where it lies: rows `leading` elements apart; when transposed, its columns are.
template <typename C>
struct GemmOperand {
    const C* values = nullptr;
    int64_t leading = 1;
    bool isTransposed = false;
};

/// c (rows, columns) = a (rows, depth) * b (depth, columns); c is contiguous. One thread. Integers
/// wrap around.
template <typename C>
void multiplyMatrices(const GemmSizes& sizes, const GemmOperand<C>& a, const GemmOperand<C>& b,
                      C* c);

/// Makes the matrix library use the calling thread only: the devices are the threads.
void useOneThreadPerDevice();

} // namespace alpa::cpu
