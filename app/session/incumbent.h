// The best plan that a search has found so far.
#pragma once

#include "core/plan/parallel_plan.h"

#include <memory>
#include <mutex>

namespace alpa::app
{

/// Written by the planning thread, read by the one that shows it.
class Incumbent
{
public:
    void set(std::shared_ptr<const ParallelPlan> plan, Seconds bound)
    {
        const std::scoped_lock lock(mutex_);
        plan_ = std::move(plan);
        bound_ = bound;
    }
    std::shared_ptr<const ParallelPlan> plan() const
    {
        const std::scoped_lock lock(mutex_);
        return plan_;
    }
    Seconds bound() const
    {
        const std::scoped_lock lock(mutex_);
        return bound_;
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const ParallelPlan> plan_;
    Seconds bound_;
};

} // namespace alpa::app
