#include "app/views/relax_constraint.h"

#include "app/session/constraint_items.h"

#include <cmath>

namespace alpa::app
{

std::optional<Setup> relaxConstraint(const Setup& setup, const std::string& text, const NoPlan& why)
{
    for (const ConstraintItem& item : constraintItems(setup.options.constraints)) {
        if (!item.isNamed(text))
            continue;
        Setup next = setup;
        next.options.constraints = item.without;
        if (item.kind == ConstraintItem::Kind::kMemory && why.smallestMemory) {
            // Up to the next tenth of a GiB, as the form shows it.
            const double gib = std::ceil(*why.smallestMemory / kGiB * 10) / 10;
            next.options.constraints.memoryPerDevice = gibibytes(gib);
        }
        return next;
    }
    return std::nullopt;
}

} // namespace alpa::app
