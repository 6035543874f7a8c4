// The part of Drafter that looks for plans which leave devices idle.
#include "core/plan/drafter.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Drafts with idle devices that come so near make their neighbours worth a look.
constexpr double kIdleSlack = 1.1;

} // namespace

/// Adds the drafts that leave devices idle and promise less than `best`: from the best number of
/// microbatches in both directions, as long as what is found comes near.
Status Drafter::draftFewer(int64_t globalBatch, const std::vector<int>& counts, bool isLean,
                           Seconds best, std::vector<Draft>& drafts)
{
    if (constraints_.usesAllDevices)
        return {};
    std::vector<CountBound> bounds; // Of the counts that the model can have.
    Seconds compute = kForever;
    for (const int count : counts) {
        NoPlan reason; // Was given where all devices were tried.
        const auto model = promisingModel(globalBatch, count, reason);
        if (!model && model.error().code == ErrorCode::kCancelled)
            return model.error();
        if (!model || !*model)
            continue;
        compute = std::min(compute, computeTime(**model, count));
        bounds.push_back({count, *model, ShareBound(request_.cluster, constraints_, **model)});
    }
    const auto isBest = [&](const CountBound& bound) {
        return !drafts.empty() &&
               bound.microbatches ==
                   std::ranges::min_element(drafts, {}, &Draft::stepTime)->microbatches;
    };
    const auto found = std::ranges::find_if(bounds, isBest);
    const auto start = found == bounds.end() ? bounds.begin() : found;
    for (const DeviceShare& share : sharesOf(request_.cluster, compute, best)) {
        bool goesOn = true;
        for (auto bound = start; bound != bounds.end() && goesOn; ++bound) {
            ASSIGN_OR_RETURN(goesOn, draftShare(share, *bound, isLean, best, drafts));
        }
        goesOn = true;
        for (auto bound = start; bound != bounds.begin() && goesOn; --bound) {
            ASSIGN_OR_RETURN(goesOn, draftShare(share, *std::prev(bound), isLean, best, drafts));
        }
    }
    return {};
}

/// Adds the draft on these devices if it promises less than `best`, which then becomes its time.
/// False: it is so much slower that other numbers of microbatches need no look.
Result<bool> Drafter::draftShare(const DeviceShare& share, CountBound& count, bool isLean,
                                 Seconds& best, std::vector<Draft>& drafts)
{
    if (!count.bound.maySave(share, count.microbatches, best))
        return true; // Says nothing of the next number.
    NoPlan reason;   // What all devices cannot hold, fewer cannot.
    ASSIGN_OR_RETURN(std::optional<Draft> draft,
                     draftOn(share, count.model, count.microbatches, isLean, reason));
    if (!draft)
        return true;
    const Seconds time = draft->stepTime;
    const bool isNear = time <= best * kIdleSlack;
    if (time < best)
        drafts.push_back(std::move(*draft));
    best = std::min(best, time);
    return isNear;
}

} // namespace alpa
