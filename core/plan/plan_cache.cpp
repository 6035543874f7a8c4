#include "core/plan/plan_cache.h"

#include "core/plan/plan_context.h"

#include <algorithm>

namespace alpa
{

std::shared_ptr<PlanContext> PlanCache::context(const PlanRequest& request)
{
    const Cluster cluster = pricedCluster(request.cluster, request.options.constraints);
    const std::lock_guard lock(mutex_);
    const auto known = std::ranges::find_if(contexts_, [&](const auto& context) {
        return context->isFor(request.model, request.options.optimizer, cluster);
    });
    if (known != contexts_.end()) {
        std::rotate(contexts_.begin(), known, known + 1);
        return contexts_.front();
    }
    contexts_.insert(contexts_.begin(), std::make_shared<PlanContext>(
                                            request.model, request.options.optimizer, cluster));
    return contexts_.front();
}

void PlanCache::trim()
{
    const std::lock_guard lock(mutex_);
    Bytes left = limit_;
    for (size_t i = 0; i < contexts_.size(); ++i) {
        // Older models and clusters go first, and as a whole.
        if (i > 0 && contexts_[i]->size() > left) {
            contexts_.resize(i);
            break;
        }
        contexts_[i]->trim(left);
        left -= contexts_[i]->size();
    }
}

Bytes PlanCache::size() const
{
    const std::lock_guard lock(mutex_);
    Bytes bytes;
    for (const auto& context : contexts_)
        bytes += context->size();
    return bytes;
}

} // namespace alpa
