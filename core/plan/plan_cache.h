// PlanCache: what earlier plans found out, for the next one. Owned by whoever plans repeatedly: a
// window's session, a comparison.
#pragma once

#include "core/base/units.h"
#include "core/plan/plan_request.h"

#include <memory>
#include <mutex>
#include <vector>

namespace alpa
{

class PlanContext;

/// Makes repeated plans of a model fast, and never different: it holds values of functions only.
/// Safe to use from several threads.
class PlanCache
{
public:
    explicit PlanCache(Bytes limit = kMiB * 1024)
        : limit_(limit)
    {
    }

    /// What is known of the request's model on its cluster.
    std::shared_ptr<PlanContext> context(const PlanRequest& request);
    /// Forgets the least recently used beyond the limit. To be called after a plan.
    void trim();
    /// Roughly what is remembered.
    Bytes size() const;

private:
    const Bytes limit_;
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<PlanContext>> contexts_; ///< Most recently used first.
};

} // namespace alpa
