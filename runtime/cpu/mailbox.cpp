#include "runtime/cpu/mailbox.h"

namespace alpa::cpu
{

Mailbox::Slot* Mailbox::find(SlotState state, int key)
{
    for (const std::unique_ptr<Slot>& slot : slots_) {
        if (slot->state == state && (state == SlotState::kFree || slot->key == key))
            return slot.get();
    }
    return nullptr;
}

void Mailbox::put(int key, const std::function<void(std::byte*)>& fill)
{
    std::unique_lock lock(mutex_);
    Slot* slot = find(SlotState::kFree, key);
    if (slot == nullptr) {
        slot = slots_.emplace_back(std::make_unique<Slot>()).get();
        slot->bytes.resize(bytes_);
    }
    slot->state = SlotState::kBusy;
    lock.unlock();
    fill(slot->bytes.data());
    lock.lock();
    slot->key = key;
    slot->state = SlotState::kFull;
    posted_.notify_all();
}

Status Mailbox::take(int key, const std::function<void(const std::byte*)>& take)
{
    std::unique_lock lock(mutex_);
    Slot* slot = nullptr;
    posted_.wait(lock, [&] {
        slot = find(SlotState::kFull, key);
        return slot != nullptr || isAborted_;
    });
    if (isAborted_)
        return Error(ErrorCode::kAborted, "another device ended the run");
    slot->state = SlotState::kBusy;
    lock.unlock();
    take(slot->bytes.data());
    lock.lock();
    slot->state = SlotState::kFree;
    return {};
}

void Mailbox::abort()
{
    const std::lock_guard lock(mutex_);
    isAborted_ = true;
    posted_.notify_all();
}

} // namespace alpa::cpu
