#include "runtime/cpu/gemm.h"

#include <algorithm>
#include <cblas.h>
#include <type_traits>

namespace alpa::cpu
{
namespace
{

int blasSize(int64_t size) { return static_cast<int>(size); }

template <typename C>
C at(const GemmOperand<C>& m, int64_t row, int64_t column)
{
    return m.isTransposed ? m.values[column * m.leading + row] : m.values[row * m.leading + column];
}

/// Integers, which no library multiplies; the sum wraps around.
template <typename C>
void multiplyIntegers(const GemmSizes& sizes, const GemmOperand<C>& a, const GemmOperand<C>& b,
                      C* c)
{
    for (int64_t row = 0; row < sizes.rows; ++row) {
        for (int64_t column = 0; column < sizes.columns; ++column) {
            uint64_t sum = 0;
            for (int64_t k = 0; k < sizes.depth; ++k)
                sum +=
                    static_cast<uint64_t>(at(a, row, k)) * static_cast<uint64_t>(at(b, k, column));
            c[row * sizes.columns + column] = static_cast<C>(sum);
        }
    }
}

} // namespace

template <typename C>
void multiplyMatrices(const GemmSizes& sizes, const GemmOperand<C>& a, const GemmOperand<C>& b,
                      C* c)
{
    if (sizes.rows == 0 || sizes.columns == 0)
        return;
    if (sizes.depth == 0) {
        std::fill_n(c, sizes.rows * sizes.columns, C{});
        return;
    }
    const auto transA = a.isTransposed ? CblasTrans : CblasNoTrans;
    const auto transB = b.isTransposed ? CblasTrans : CblasNoTrans;
    const int rows = blasSize(sizes.rows);
    const int columns = blasSize(sizes.columns);
    const int depth = blasSize(sizes.depth);
    if constexpr (std::is_same_v<C, float>)
        cblas_sgemm(CblasRowMajor, transA, transB, rows, columns, depth, 1.0f, a.values,
                    blasSize(a.leading), b.values, blasSize(b.leading), 0.0f, c, columns);
    else if constexpr (std::is_same_v<C, double>)
        cblas_dgemm(CblasRowMajor, transA, transB, rows, columns, depth, 1.0, a.values,
                    blasSize(a.leading), b.values, blasSize(b.leading), 0.0, c, columns);
    else
        multiplyIntegers(sizes, a, b, c);
}

template void multiplyMatrices<float>(const GemmSizes&, const GemmOperand<float>&,
                                      const GemmOperand<float>&, float*);
template void multiplyMatrices<double>(const GemmSizes&, const GemmOperand<double>&,
                                       const GemmOperand<double>&, double*);
template void multiplyMatrices<int64_t>(const GemmSizes&, const GemmOperand<int64_t>&,
                                        const GemmOperand<int64_t>&, int64_t*);
template void multiplyMatrices<uint64_t>(const GemmSizes&, const GemmOperand<uint64_t>&,
                                         const GemmOperand<uint64_t>&, uint64_t*);

void useOneThreadPerDevice() { openblas_set_num_threads(1); }

} // namespace alpa::cpu
