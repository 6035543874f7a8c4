#include "core/mesh/sharding_spec.h"

#include "core/base/check.h"

#include <bit>

namespace alpa
{
namespace
{

constexpr std::string_view kAxisNames = "xyzw";
static_assert(kAxisNames.size() == kMaxMeshAxes);

std::string axisNames(AxisSet set)
{
    std::string text;
    for (int axis = 0; axis < kMaxMeshAxes; ++axis) {
        if (!hasAxis(set, axis))
            continue;
        if (!text.empty())
            text += '.';
        text += kAxisNames[static_cast<size_t>(axis)];
    }
    return text.empty() ? "-" : text;
}

int64_t splitCount(AxisSet set, const std::vector<int>& axisSizes)
{
    int64_t count = 1;
    for (int axis = 0; axis < kMaxMeshAxes; ++axis) {
        if (hasAxis(set, axis)) {
            CHECK(static_cast<size_t>(axis) < axisSizes.size(),
                  "the spec names an axis of the mesh");
            count *= axisSizes[static_cast<size_t>(axis)];
        }
    }
    return count;
}

/// Reads the text form from left to right and remembers where it stands for messages.
class SpecReader
{
public:
    explicit SpecReader(std::string_view text)
        : text_(text)
    {
    }

    Result<ShardingSpec> read()
    {
        ShardingSpec spec;
        AxisSet used = 0;
        if (!accept('{'))
            return unexpected("'{'");
        if (!accept('}')) {
            do {
                if (spec.rank == kMaxRank)
                    return failure("more than 10 dimensions");
                if (!accept('-')) {
                    ASSIGN_OR_RETURN(const AxisSet axes, readAxes(used));
                    spec.dims[spec.rank] = axes;
                }
                ++spec.rank;
            } while (accept(','));
            if (!accept('}'))
                return unexpected("',' or '}'");
        }
        if (acceptWord("partial")) {
            ASSIGN_OR_RETURN(spec.partial, readAxes(used));
            if (acceptWord("by"))
                RETURN_IF_ERROR(readKind(spec.partialKind));
        }
        skipSpaces();
        if (place_ != text_.size())
            return unexpected("the end");
        return spec;
    }

private:
    void skipSpaces()
    {
        while (place_ < text_.size() && text_[place_] == ' ')
            ++place_;
    }
    bool accept(char wanted)
    {
        skipSpaces();
        if (place_ == text_.size() || text_[place_] != wanted)
            return false;
        ++place_;
        return true;
    }
    bool acceptWord(std::string_view word)
    {
        skipSpaces();
        if (text_.substr(place_, word.size()) != word)
            return false;
        place_ += word.size();
        return true;
    }
    Error failure(const std::string& what) const
    {
        return Error{ErrorCode::kInvalidInput, "sharding spec '" + std::string(text_) +
                                                   "': character " + std::to_string(place_ + 1) +
                                                   ": " + what};
    }
    Error unexpected(const std::string& wanted) const
    {
        return failure(
            "expected " + wanted + ", got " +
            (place_ < text_.size() ? "'" + std::string(1, text_[place_]) + "'" : "the end"));
    }
    /// "x.y"; adds them to `used`, in which each axis may stand once.
    Result<AxisSet> readAxes(AxisSet& used)
    {
        AxisSet axes = 0;
        do {
            skipSpaces();
            const size_t axis =
                place_ < text_.size() ? kAxisNames.find(text_[place_]) : std::string_view::npos;
            if (axis == std::string_view::npos)
                return unexpected("an axis (x, y, z or w)");
            const AxisSet bit = axisBit(static_cast<int>(axis));
            if ((used & bit) != 0)
                return failure(std::string("axis '") + text_[place_] + "' is used twice");
            if (axes > bit)
                return failure("axes of one dimension stand in the order x, y, z, w");
            used = static_cast<AxisSet>(used | bit);
            axes = static_cast<AxisSet>(axes | bit);
            ++place_;
        } while (accept('.'));
        return axes;
    }
    Status readKind(ReduceKind& kind)
    {
        static constexpr std::array kKinds{ReduceKind::kAdd,     ReduceKind::kMultiply,
                                           ReduceKind::kMaximum, ReduceKind::kMinimum,
                                           ReduceKind::kAnd,     ReduceKind::kOr};
        for (const ReduceKind candidate : kKinds) {
            if (acceptWord(reduceKindName(candidate))) {
                kind = candidate;
                return {};
            }
        }
        return unexpected("add, multiply, maximum, minimum, and, or");
    }

    std::string_view text_;
    size_t place_ = 0;
};

} // namespace

ShardingSpec ShardingSpec::replicated(int rank)
{
    CHECK(rank >= 0 && rank <= kMaxRank, "tensors have at most kMaxRank dimensions");
    ShardingSpec spec;
    spec.rank = static_cast<uint8_t>(rank);
    return spec;
}

AxisSet ShardingSpec::splitAxes() const
{
    AxisSet axes = 0;
    for (const AxisSet dim : dims)
        axes = static_cast<AxisSet>(axes | dim);
    return axes;
}

std::string formatSpec(const ShardingSpec& spec)
{
    std::string text = "{";
    for (size_t dim = 0; dim < spec.rank; ++dim)
        text += (dim == 0 ? "" : ", ") + axisNames(spec.dims[dim]);
    text += "}";
    if (spec.partial != 0) {
        text += " partial " + axisNames(spec.partial);
        if (spec.partialKind != ReduceKind::kAdd)
            text += " by " + std::string(reduceKindName(spec.partialKind));
    }
    return text;
}

Result<ShardingSpec> parseSpec(std::string_view text) { return SpecReader(text).read(); }

bool dividesEvenly(const ShardingSpec& spec, const std::vector<int64_t>& dims,
                   const std::vector<int>& axisSizes)
{
    CHECK(dims.size() == spec.rank, "the spec has the tensor's rank");
    for (size_t dim = 0; dim < dims.size(); ++dim) {
        if (dims[dim] % splitCount(spec.dims[dim], axisSizes) != 0)
            return false;
    }
    return true;
}

std::vector<int64_t> localDims(const ShardingSpec& spec, const std::vector<int64_t>& dims,
                               const std::vector<int>& axisSizes)
{
    DCHECK(dividesEvenly(spec, dims, axisSizes), "every split dimension divides evenly");
    std::vector<int64_t> local(dims);
    for (size_t dim = 0; dim < dims.size(); ++dim)
        local[dim] /= splitCount(spec.dims[dim], axisSizes);
    return local;
}

size_t ShardingSpecHash::operator()(const ShardingSpec& spec) const noexcept
{
    // Four bits a dimension are enough for kMaxMeshAxes axes: the key is exact up to the mixing.
    static_assert(kMaxMeshAxes <= 4 && kMaxRank * 4 <= 48);
    uint64_t key = 0;
    for (size_t dim = 0; dim < kMaxRank; ++dim)
        key |= static_cast<uint64_t>(spec.dims[dim]) << (4 * dim);
    key |= static_cast<uint64_t>(spec.partial) << 40;
    key |= static_cast<uint64_t>(spec.partialKind) << 44;
    key |= static_cast<uint64_t>(spec.rank) << 52;
    key *= 0x9E3779B97F4A7C15ull;
    return static_cast<size_t>(key ^ std::rotr(key, 29));
}

} // namespace alpa
