#include "app/views/relax_constraint.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace alpa::app
{

namespace
{

/// Every way to take back one constraint.
std::vector<PlanConstraints> withoutOne(const PlanConstraints& constraints)
{
    std::vector<PlanConstraints> ways;
    const auto without = [&](auto PlanConstraints::*field) {
        ways.push_back(constraints);
        (ways.back().*field) = {};
    };
    for (const auto field : {&PlanConstraints::maxTp, &PlanConstraints::maxDp, &PlanConstraints::maxPp,
                             &PlanConstraints::fixedTp, &PlanConstraints::fixedDp, &PlanConstraints::fixedPp,
                             &PlanConstraints::microbatches})
        without(field);
    without(&PlanConstraints::memoryPerDevice);
    without(&PlanConstraints::schedule);
    without(&PlanConstraints::parameterStorage);
    without(&PlanConstraints::stateStorage);
    const auto withoutEntry = [&](auto PlanConstraints::*list) {
        for (size_t i = 0; i < (constraints.*list).size(); ++i) {
            ways.push_back(constraints);
            auto& entries = ways.back().*list;
            entries.erase(entries.begin() + std::ptrdiff_t(i));
        }
    };
    withoutEntry(&PlanConstraints::specs);
    withoutEntry(&PlanConstraints::cuts);
    withoutEntry(&PlanConstraints::forbiddenCuts);
    return ways;
}

} // namespace

std::optional<Setup> relaxConstraint(const Setup& setup, const std::string& text, const NoPlan& why)
{
    const std::vector<std::string> asked = listConstraints(setup.options.constraints);
    for (const PlanConstraints& way : withoutOne(setup.options.constraints)) {
        // The constraint meant is the one whose text is missing afterwards.
        const std::vector<std::string> left = listConstraints(way);
        if (std::ranges::count(left, text) >= std::ranges::count(asked, text))
            continue;
        Setup next = setup;
        next.options.constraints = way;
        const bool isMemory = setup.options.constraints.memoryPerDevice && !way.memoryPerDevice;
        if (isMemory && why.smallestMemory) {
            // Up to the next tenth of a GiB, as the form shows it.
            const double gib = std::ceil(*why.smallestMemory / kGiB * 10) / 10;
            next.options.constraints.memoryPerDevice = gibibytes(gib);
        }
        return next;
    }
    return std::nullopt;
}

} // namespace alpa::app
