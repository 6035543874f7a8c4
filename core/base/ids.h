// Ids that cannot be mixed up: an OpId is not a ValueId, and neither is an int.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace alpa
{

/// Index into one table of one kind of thing. Default-constructed ids are invalid.
template <typename Tag>
struct Id {
    static constexpr uint32_t kInvalid = 0xFFFFFFFFu;
    uint32_t number = kInvalid;

    constexpr Id() = default;
    template <typename Integer>
    explicit constexpr Id(Integer index)
        : number(static_cast<uint32_t>(index))
    {
    }
    constexpr bool isValid() const { return number != kInvalid; }
    /// For subscripting the table the id belongs to.
    constexpr size_t index() const { return number; }
    friend constexpr auto operator<=>(Id, Id) = default;
};

} // namespace alpa

template <typename Tag>
struct std::hash<alpa::Id<Tag>> {
    size_t operator()(alpa::Id<Tag> id) const noexcept { return std::hash<uint32_t>{}(id.number); }
};
