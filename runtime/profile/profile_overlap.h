// What collectives and computation cost each other when they run side by side.
#pragma once

#include "core/base/result.h"
#include "runtime/profile/bench.h"

#include <functional>
#include <memory>

namespace alpa::profile
{

/// Something that runs on a stream of a bench, again and again.
using Enqueue = std::function<Status(CUstream)>;

/// The share of `collective`'s time that as much computation hides when both run at once: 1 if it
/// costs nothing beside, 0 if both take as long as one after the other, or longer. Every member of
/// the group calls this at the same time; `compute` is the member's own.
Result<double> hiddenShare(Bench& bench, const cuda::Libraries& driver, const Enqueue& collective,
                           const Enqueue& compute);

/// A large product and copies as a step has them beside it, in the halves of the bench's buffers
/// that collectives leave alone.
class OverlapWork
{
public:
    OverlapWork(const cuda::LibrariesPtr& libraries, Bench& bench);
    ~OverlapWork();
    OverlapWork(const OverlapWork&) = delete;
    OverlapWork& operator=(const OverlapWork&) = delete;

    Status prepare();
    Status run(CUstream stream) const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

} // namespace alpa::profile
