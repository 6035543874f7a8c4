#include "app/widgets/view_history.h"

namespace alpa::app
{

namespace
{

constexpr size_t kMostViews = 50;

} // namespace

void ViewHistory::remember(const CanvasView& now)
{
    if (!before_.empty() && before_.back() == now)
        return;
    before_.push_back(now);
    if (before_.size() > kMostViews)
        before_.erase(before_.begin());
    after_.clear();
}

std::optional<CanvasView> ViewHistory::move(Views& from, Views& to, const CanvasView& now)
{
    while (!from.empty() && from.back() == now)
        from.pop_back();
    if (from.empty())
        return std::nullopt;
    to.push_back(now);
    const CanvasView next = from.back();
    from.pop_back();
    return next;
}

} // namespace alpa::app
