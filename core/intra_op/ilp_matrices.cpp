#include "core/intra_op/ilp_matrices.h"

#include "core/base/check.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace alpa
{
namespace
{

uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
    return hash ^ (hash >> 29);
}

/// Rounding of sums that come from the same terms in another order.
constexpr double kSeparableTolerance = 1e-13;

/// Four at a time: one would wait for the one before.
double largestOf(std::span<const double> entries)
{
    double largest[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= entries.size(); i += 4) {
        for (size_t k = 0; k < 4; ++k)
            largest[k] = std::max(largest[k], std::abs(entries[i + k]));
    }
    for (; i < entries.size(); ++i)
        largest[0] = std::max(largest[0], std::abs(entries[i]));
    return std::max(std::max(largest[0], largest[1]), std::max(largest[2], largest[3]));
}

/// `largest`: of the entries, without their signs.
bool isSeparable(std::span<const double> entries, size_t columns, double largest)
{
    const double corner = entries[0];
    for (size_t start = columns; start < entries.size(); start += columns) {
        const double shift = entries[start] - corner;
        for (size_t j = 1; j < columns; ++j) {
            if (!(std::abs(entries[start + j] - entries[j] - shift) <=
                  kSeparableTolerance * largest))
                return false;
        }
    }
    return true;
}

/// The only finite entry of each line; empty if a line has none or several.
std::vector<int> onlyAllowed(std::span<const double> entries, size_t lines, size_t length,
                             size_t lineStep, size_t step)
{
    std::vector<int> only(lines, -1);
    for (size_t i = 0; i < lines; ++i) {
        for (size_t j = 0; j < length; ++j) {
            if (entries[i * lineStep + j * step] == kForbidden)
                continue;
            if (only[i] >= 0)
                return {};
            only[i] = static_cast<int>(j);
        }
        if (only[i] < 0)
            return {};
    }
    return only;
}

} // namespace

uint64_t hashOf(std::span<const double> numbers)
{
    uint64_t hash = 0x243F6A8885A308D3ull ^ numbers.size();
    for (double number : numbers)
        hash = mix(hash, std::bit_cast<uint64_t>(number));
    return hash;
}

uint64_t hashOf(std::span<const int> numbers)
{
    uint64_t hash = 0x13198A2E03707344ull ^ numbers.size();
    for (int number : numbers)
        hash = mix(hash, static_cast<uint64_t>(number));
    return hash;
}

uint64_t hashOf(std::span<const int64_t> numbers)
{
    uint64_t hash = 0xA4093822299F31D0ull ^ numbers.size();
    for (int64_t number : numbers)
        hash = mix(hash, static_cast<uint64_t>(number));
    return hash;
}

size_t MatrixPool::KeyHash::operator()(const Key& key) const
{
    const int numbers[] = {key.matrix, key.rowMap, key.columnMap};
    return hashOf(std::span<const int>(numbers));
}

int IndexMaps::intern(std::vector<int> map)
{
    std::vector<int>& candidates = byHash_[hashOf(std::span<const int>(map))];
    for (int id : candidates) {
        if (at(id) == map)
            return id;
    }
    candidates.push_back(static_cast<int>(maps_.size()));
    maps_.push_back(std::move(map));
    return candidates.back();
}

MatrixPool::MatrixPool(const std::vector<IlpMatrix>& matrices)
{
    matrices_.reserve(matrices.size() * 4);
    for (const IlpMatrix& matrix : matrices)
        matrices_.push_back({matrix.rows, matrix.columns, matrix.entries.data(), -1, -1});
}

int MatrixPool::add(int rows, int columns, std::vector<double> entries)
{
    owned_.push_back(std::move(entries));
    matrices_.push_back({rows, columns, owned_.back().data(), -1, -1});
    return static_cast<int>(matrices_.size()) - 1;
}

int MatrixPool::transpose(int id)
{
    if (const int known = matrices_[static_cast<size_t>(id)].transposed; known >= 0)
        return known;
    const size_t rowCount = static_cast<size_t>(rows(id));
    const size_t columnCount = static_cast<size_t>(columns(id));
    const double* from = entries(id);
    std::vector<double> turned(rowCount * columnCount);
    for (size_t i = 0; i < rowCount; ++i) {
        for (size_t j = 0; j < columnCount; ++j)
            turned[j * rowCount + i] = from[i * columnCount + j];
    }
    const int result = add(columns(id), rows(id), std::move(turned));
    matrices_[static_cast<size_t>(id)].transposed = result;
    matrices_[static_cast<size_t>(result)].transposed = id;
    return result;
}

int MatrixPool::sum(int first, int second)
{
    if (second < first)
        std::swap(first, second);
    const auto [place, isNew] = summed_.try_emplace(Key{first, second, 0}, 0);
    if (isNew) {
        const std::span<const double> a = content(first);
        const std::span<const double> b = content(second);
        CHECK(rows(first) == rows(second) && a.size() == b.size(),
              "edges of one pair agree in size");
        std::vector<double> total(a.size());
        for (size_t i = 0; i < total.size(); ++i)
            total[i] = a[i] + b[i];
        place->second = add(rows(first), columns(first), std::move(total));
    }
    return place->second;
}

int MatrixPool::select(int id, int rowMap, int columnMap, const IndexMaps& maps)
{
    if (rowMap == IndexMaps::kIdentity && columnMap == IndexMaps::kIdentity)
        return id;
    const auto [place, isNew] = selected_.try_emplace(Key{id, rowMap, columnMap}, 0);
    if (!isNew)
        return place->second;
    const size_t columnCount = static_cast<size_t>(columns(id));
    const std::vector<int>* rowOf = rowMap == IndexMaps::kIdentity ? nullptr : &maps.at(rowMap);
    const std::vector<int>* columnOf =
        columnMap == IndexMaps::kIdentity ? nullptr : &maps.at(columnMap);
    const size_t newRows = rowOf ? rowOf->size() : static_cast<size_t>(rows(id));
    const size_t newColumns = columnOf ? columnOf->size() : columnCount;
    std::vector<double> kept(newRows * newColumns);
    for (size_t i = 0; i < newRows; ++i) {
        const double* from =
            entries(id) + (rowOf ? static_cast<size_t>((*rowOf)[i]) : i) * columnCount;
        double* to = kept.data() + i * newColumns;
        for (size_t j = 0; j < newColumns; ++j)
            to[j] = from[columnOf ? static_cast<size_t>((*columnOf)[j]) : j];
    }
    const int result =
        add(static_cast<int>(newRows), static_cast<int>(newColumns), std::move(kept));
    place->second = result;
    return result;
}

const MatrixTraits& MatrixPool::traits(int id)
{
    if (const int known = matrices_[static_cast<size_t>(id)].traits; known >= 0)
        return traits_[static_cast<size_t>(known)];
    const std::span<const double> all = content(id);
    const size_t rowCount = static_cast<size_t>(rows(id));
    const size_t columnCount = static_cast<size_t>(columns(id));
    MatrixTraits traits;
    const double largest = largestOf(all);
    traits.hasForbidden = largest == kForbidden;
    if (traits.hasForbidden) {
        traits.columnOfRow = onlyAllowed(all, rowCount, columnCount, columnCount, 1);
        traits.rowOfColumn = onlyAllowed(all, columnCount, rowCount, 1, columnCount);
        traits.rowIsAllowed.assign(rowCount, 0);
        traits.columnIsAllowed.assign(columnCount, 0);
        for (size_t i = 0; i < rowCount; ++i) {
            for (size_t j = 0; j < columnCount; ++j) {
                const uint8_t isAllowed = all[i * columnCount + j] < kForbidden;
                traits.rowIsAllowed[i] |= isAllowed;
                traits.columnIsAllowed[j] |= isAllowed;
            }
        }
    } else {
        traits.isSeparable = all.empty() || isSeparable(all, columnCount, largest);
    }
    matrices_[static_cast<size_t>(id)].traits = static_cast<int>(traits_.size());
    traits_.push_back(std::move(traits));
    return traits_.back();
}

} // namespace alpa
