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
    void set(std::shared_ptr<const ParallelPlan> plan)
    {
        const std::scoped_lock lock(mutex_);
        plan_ = std::move(plan);
    }
    std::shared_ptr<const ParallelPlan> plan() const
    {
        const std::scoped_lock lock(mutex_);
        return plan_;
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const ParallelPlan> plan_;
};

} // namespace alpa::app
