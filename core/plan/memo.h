// Memo: remembers the values of a function. For functions whose value depends on the key alone.
#pragma once

#include "core/base/result.h"
#include "core/base/units.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace alpa
{

/// Counts uses, to tell which value was not needed for longest.
using UseClock = std::atomic<uint64_t>;

template <typename Key, typename Value>
class Memo
{
public:
    explicit Memo(UseClock& clock)
        : clock_(clock)
    {
    }

    /// The value of `make()` for `key`. Threads that ask for one key at a time wait for the first;
    /// errors are not remembered.
    template <typename Make>
    Result<std::shared_ptr<Value>> get(const Key& key, const Make& make)
    {
        std::shared_ptr<Slot> slot;
        {
            const std::lock_guard lock(mutex_);
            std::shared_ptr<Slot>& place = slots_[key];
            if (!place)
                place = std::make_shared<Slot>();
            place->lastUse = ++clock_;
            slot = place;
        }
        const std::lock_guard lock(slot->mutex);
        if (!slot->value) {
            ASSIGN_OR_RETURN(slot->value, make());
        }
        return slot->value;
    }

    /// Null if it is not known, or being made.
    std::shared_ptr<Value> find(const Key& key)
    {
        const std::lock_guard lock(mutex_);
        const auto known = slots_.find(key);
        if (known == slots_.end())
            return nullptr;
        known->second->lastUse = ++clock_;
        const std::unique_lock slotLock(known->second->mutex, std::try_to_lock);
        return slotLock.owns_lock() ? known->second->value : nullptr;
    }

    /// Sum of sizeOf(value), which is asked once of each: values do not grow.
    template <typename SizeOf>
    Bytes size(const SizeOf& sizeOf) const
    {
        const std::lock_guard lock(mutex_);
        Bytes bytes;
        for (const auto& [key, slot] : slots_) {
            if (!slot->bytes) {
                const std::unique_lock slotLock(slot->mutex, std::try_to_lock);
                if (!slotLock.owns_lock() || !slot->value)
                    continue; // It is being made.
                slot->bytes = sizeOf(*slot->value);
            }
            bytes += *slot->bytes;
        }
        return bytes;
    }

    /// Forgets what was last used before `time`. Who holds a value keeps it.
    void forgetBefore(uint64_t time)
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(slots_, [time](const auto& entry) { return entry.second->lastUse < time; });
    }

private:
    struct Slot {
        std::mutex mutex; ///< Guards value.
        std::shared_ptr<Value> value;
        uint64_t lastUse = 0;       ///< Guarded by the memo's mutex.
        std::optional<Bytes> bytes; ///< Of the value, once asked; likewise.
    };

    UseClock& clock_;
    mutable std::mutex mutex_; ///< Guards slots_.
    std::map<Key, std::shared_ptr<Slot>> slots_;
};

} // namespace alpa
