// Interned edge matrices and index maps. Equal layers share matrices, so every derived matrix is
// computed once: operations are memoised by the ids of their operands.
#pragma once

#include "core/intra_op/ilp_problem.h"

#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

namespace alpa
{

/// Index maps (new index -> old index), equal maps have equal ids.
class IndexMaps
{
public:
    static constexpr int kIdentity = -1;
    int intern(std::vector<int> map);
    const std::vector<int>& at(int id) const { return maps_[static_cast<size_t>(id)]; }

private:
    std::deque<std::vector<int>> maps_;
    std::unordered_map<uint64_t, std::vector<int>> byHash_;
};

/// What the reductions ask about a matrix, computed once.
struct MatrixTraits {
    bool hasForbidden = false;
    bool isSeparable = false; ///< entry(i, j) == f(i) + g(j).
    std::vector<int>
        columnOfRow; ///< The only allowed column of each row; empty if some row has another number.
    std::vector<int> rowOfColumn; ///< Likewise for columns.
    std::vector<uint8_t>
        rowIsAllowed; ///< Some entry of the row is finite. Empty if nothing is forbidden.
    std::vector<uint8_t> columnIsAllowed;
};

/// Matrices of the problem (borrowed) and those derived from them (owned).
class MatrixPool
{
public:
    explicit MatrixPool(const std::vector<IlpMatrix>& matrices);

    int rows(int id) const { return matrices_[static_cast<size_t>(id)].rows; }
    int columns(int id) const { return matrices_[static_cast<size_t>(id)].columns; }
    /// Row-major.
    const double* entries(int id) const { return matrices_[static_cast<size_t>(id)].entries; }
    double at(int id, int row, int column) const
    {
        return entries(id)[static_cast<size_t>(row) * static_cast<size_t>(columns(id)) +
                           static_cast<size_t>(column)];
    }
    std::span<const double> content(int id) const
    {
        return {entries(id), static_cast<size_t>(rows(id)) * static_cast<size_t>(columns(id))};
    }

    int add(int rows, int columns, std::vector<double> entries);
    int transpose(int id);
    int sum(int first, int second);
    /// Entry (i, j) of the result is entry (rowMap[i], columnMap[j]); maps are ids in `maps`.
    int select(int id, int rowMap, int columnMap, const IndexMaps& maps);
    const MatrixTraits& traits(int id);

private:
    struct Matrix {
        int rows = 0;
        int columns = 0;
        const double* entries = nullptr;
        int transposed = -1;
        int traits = -1;
    };
    std::vector<Matrix> matrices_;
    std::deque<std::vector<double>> owned_;
    std::deque<MatrixTraits> traits_;
    /// Operands of a memoised operation.
    struct Key {
        int matrix = 0;
        int rowMap = 0;
        int columnMap = 0;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        size_t operator()(const Key& key) const;
    };
    std::unordered_map<Key, int, KeyHash> selected_;
    std::unordered_map<Key, int, KeyHash> summed_;
};

/// 64-bit mix of a run of numbers, to find equal contents; equality is always checked as well.
uint64_t hashOf(std::span<const double> numbers);
uint64_t hashOf(std::span<const int> numbers);
uint64_t hashOf(std::span<const int64_t> numbers);

} // namespace alpa
