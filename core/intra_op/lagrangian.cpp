#include "core/intra_op/lagrangian.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

} // namespace

Lagrangian::Lagrangian(const IlpCore& core)
    : multipliers(core.capacity.size(), 0.0)
    , isAllowed(core.labelTotal(), 1)
    , messages(core)
    , core_(core)
    , prefix_(core.capacity.size() + 1, 0.0)
    , direction_(core.capacity.size(), 0.0)
    , isActive_(core.capacity.size(), 0)
{
    for (double capacity : core.capacity)
        unit_ = std::max(unit_, capacity);
}

void Lagrangian::price()
{
    messages.constant = core_.base;
    for (size_t t = 0; t < multipliers.size(); ++t) {
        prefix_[t + 1] = prefix_[t] + multipliers[t];
        messages.constant -= multipliers[t] * core_.capacity[t];
    }
    messages.nodeCosts = core_.costs;
    for (int i = 0; i < core_.nodeCount; ++i) {
        double* costs = messages.nodeCosts.data() + core_.labelOffset[at(i)];
        for (int u = core_.usageBegin[at(i)]; u < core_.usageBegin[at(i) + 1]; ++u) {
            const IlpCore::Usage& usage = core_.usages[at(u)];
            const double price = prefix_[at(usage.end)] - prefix_[at(usage.begin)];
            if (price <= 0)
                continue;
            const double* bytes = core_.usageBytes.data() + usage.bytes;
            for (size_t s = 0; s < at(core_.labelCount[at(i)]); ++s)
                costs[s] += price * bytes[s];
        }
    }
    for (size_t label = 0; label < isAllowed.size(); ++label) {
        if (!isAllowed[label])
            messages.nodeCosts[label] = kForbidden;
    }
}

void Lagrangian::activateViolated(const std::vector<double>& use)
{
    for (size_t t = 0; t < use.size();) {
        if (multipliers[t] > 0)
            isActive_[t] = 1;
        if (use[t] <= core_.capacity[t]) {
            ++t;
            continue;
        }
        size_t worst = t;
        for (; t < use.size() && use[t] > core_.capacity[t]; ++t) {
            if (multipliers[t] > 0)
                isActive_[t] = 1;
            if (use[t] - core_.capacity[t] > use[worst] - core_.capacity[worst])
                worst = t;
        }
        isActive_[worst] = 1;
    }
}

void Lagrangian::step(double bound, double target, double length, double damping)
{
    const std::vector<double> use = core_.useOf(messages.choice);
    activateViolated(use);
    double squares = 0;
    for (size_t t = 0; t < use.size(); ++t) {
        if (!isActive_[t])
            continue;
        direction_[t] =
            damping * direction_[t] + (1 - damping) * (use[t] - core_.capacity[t]) / unit_;
        if (multipliers[t] > 0 || direction_[t] > 0)
            squares += direction_[t] * direction_[t];
    }
    if (squares < 1e-18)
        return;
    const double size = length * (target - bound) / squares;
    for (size_t t = 0; t < use.size(); ++t) {
        if (isActive_[t])
            multipliers[t] = std::max(0.0, multipliers[t] + size * direction_[t] / unit_);
    }
}

void Lagrangian::forgetDirection() { std::fill(direction_.begin(), direction_.end(), 0.0); }

void Lagrangian::forgetActive()
{
    for (size_t t = 0; t < isActive_.size(); ++t)
        isActive_[t] = multipliers[t] > 0;
}

double Lagrangian::priceSpread(int node) const
{
    double spread = 0;
    for (int u = core_.usageBegin[at(node)]; u < core_.usageBegin[at(node) + 1]; ++u) {
        const IlpCore::Usage& usage = core_.usages[at(u)];
        double least = kForbidden;
        double most = 0;
        for (int s = 0; s < core_.labelCount[at(node)]; ++s) {
            if (!isAllowed[core_.labelOffset[at(node)] + at(s)])
                continue;
            least = std::min(least, core_.usageBytes[usage.bytes + at(s)]);
            most = std::max(most, core_.usageBytes[usage.bytes + at(s)]);
        }
        spread += (most - least) * (prefix_[at(usage.end)] - prefix_[at(usage.begin)]);
    }
    return spread;
}

} // namespace alpa
