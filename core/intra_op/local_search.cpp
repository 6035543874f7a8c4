#include "core/intra_op/local_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

/// Bytes are whole numbers held as doubles.
constexpr double kHalfByte = 0.5;

/// Savings below this share of the cost are rounding.
constexpr double kNoise = 1e-12;

void shuffle(std::vector<int>& order, int count, Rng& rng)
{
    order.resize(at(count));
    std::iota(order.begin(), order.end(), 0);
    for (int i = count - 1; i > 0; --i)
        std::swap(order[at(i)], order[at(rng.below(i + 1))]);
}

} // namespace

void LocalSearch::start(std::vector<int> choice)
{
    choice_ = std::move(choice);
    cost_ = core_.costOf(choice_);
    std::vector<double> slack = core_.useOf(choice_);
    for (size_t t = 0; t < slack.size(); ++t)
        slack[t] = core_.capacity[t] - slack[t];
    work_ += core_.nodeCount + core_.edgeCount() + core_.timeCount();
    slack_ = RangeMinimum<double>(std::move(slack));
}

bool LocalSearch::fits() const { return slack_.minimum(0, slack_.size()) >= -kHalfByte; }

/// change[s]: cost after changing `node` to s, less the cost now.
void LocalSearch::changes(int node, std::vector<double>& change)
{
    const size_t labels = at(core_.labelCount[at(node)]);
    const double* costs = core_.costs.data() + core_.labelOffset[at(node)];
    change.assign(costs, costs + labels);
    for (int q = core_.forwardBegin[at(node)]; q < core_.forwardBegin[at(node) + 1]; ++q) {
        const int edge = core_.forwardEdges[at(q)];
        const int chosen = choice_[at(core_.edges[at(edge)].to)];
        const double* entry = core_.row(edge, 0) + chosen;
        const size_t stride = core_.matrices[at(core_.edges[at(edge)].matrix)].stride;
        for (size_t s = 0; s < labels; ++s)
            change[s] += entry[s * stride];
    }
    for (int q = core_.backwardBegin[at(node)]; q < core_.backwardBegin[at(node) + 1]; ++q) {
        const int edge = core_.backwardEdges[at(q)];
        const double* row = core_.row(edge, choice_[at(core_.edges[at(edge)].from)]);
        for (size_t s = 0; s < labels; ++s)
            change[s] += row[s];
    }
    work_ += static_cast<int64_t>(labels) *
             (core_.forwardBegin[at(node) + 1] - core_.forwardBegin[at(node)] +
              core_.backwardBegin[at(node) + 1] - core_.backwardBegin[at(node)] + 1);
    const double now = change[at(choice_[at(node)])];
    // A choice that repair has not yet made possible may cost kForbidden now: any allowed label is
    // a gain then.
    for (double& c : change)
        c = now < kForbidden ? c - now : (c < kForbidden ? -std::abs(c) - 1 : 0);
}

/// segments_: (time, usage change from there on) of changing `node` to `label`; the last change is
/// 0.
void LocalSearch::segments(int node, int label)
{
    events_.clear();
    segments_.clear();
    for (int u = core_.usageBegin[at(node)]; u < core_.usageBegin[at(node) + 1]; ++u) {
        const IlpCore::Usage& usage = core_.usages[at(u)];
        const double* bytes = core_.usageBytes.data() + usage.bytes;
        const double change = bytes[label] - bytes[choice_[at(node)]];
        if (change != 0) {
            events_.emplace_back(usage.begin, change);
            events_.emplace_back(usage.end, -change);
        }
    }
    work_ += static_cast<int64_t>(events_.size());
    if (events_.size() > 2)
        std::sort(events_.begin(), events_.end());
    double change = 0;
    for (size_t i = 0; i < events_.size();) {
        const int time = events_[i].first;
        for (; i < events_.size() && events_[i].first == time; ++i)
            change += events_[i].second;
        segments_.emplace_back(time, change);
    }
}

bool LocalSearch::moveFits(int node, int label) { return !makesWorseThan(node, label, 0); }

/// Would the move leave less than `slack` at a time where it adds usage?
bool LocalSearch::makesWorseThan(int node, int label, double slack)
{
    if (core_.usageBegin[at(node)] == core_.usageBegin[at(node) + 1])
        return false;
    segments(node, label);
    for (size_t i = 0; i + 1 < segments_.size(); ++i) {
        if (segments_[i].second <= 0)
            continue;
        if (slack_.minimum(at(segments_[i].first), at(segments_[i + 1].first)) <
            segments_[i].second + slack - kHalfByte)
            return true;
    }
    return false;
}

void LocalSearch::apply(int node, int label, double change)
{
    segments(node, label);
    for (size_t i = 0; i + 1 < segments_.size(); ++i) {
        if (segments_[i].second == 0)
            continue;
        slack_.add(at(segments_[i].first), at(segments_[i + 1].first), -segments_[i].second);
        work_ += segments_[i + 1].first - segments_[i].first;
    }
    choice_[at(node)] = label;
    cost_ += change;
}

double LocalSearch::useAt(int node, int label, int time) const
{
    double use = 0;
    for (int u = core_.usageBegin[at(node)]; u < core_.usageBegin[at(node) + 1]; ++u) {
        const IlpCore::Usage& usage = core_.usages[at(u)];
        if (usage.begin <= time && time < usage.end)
            use += core_.usageBytes[usage.bytes + at(label)];
    }
    return use;
}

bool LocalSearch::nodeFits(int node) const
{
    for (int u = core_.usageBegin[at(node)]; u < core_.usageBegin[at(node) + 1]; ++u) {
        const IlpCore::Usage& usage = core_.usages[at(u)];
        if (slack_.minimum(at(usage.begin), at(usage.end)) < -kHalfByte)
            return false;
    }
    return true;
}

/// moves_: for each node active at `time` its best change that lowers usage there, best first.
void LocalSearch::collectRepairs(int time, double need)
{
    moves_.clear();
    for (int i = 0; i < core_.nodeCount; ++i) {
        if (core_.usageBegin[at(i)] == core_.usageBegin[at(i) + 1])
            continue;
        const double now = useAt(i, choice_[at(i)], time);
        if (now <= 0)
            continue;
        changes(i, change_);
        Move best{kForbidden, i, -1};
        for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
            const double relief = now - useAt(i, s, time);
            if (relief <= 0 || change_[at(s)] == kForbidden)
                continue;
            const double useful = std::min(relief, need);
            const double score =
                change_[at(s)] <= 0 ? change_[at(s)] * useful : change_[at(s)] / useful;
            if (score < best.score) {
                best.score = score;
                best.label = s;
            }
        }
        if (best.label >= 0)
            moves_.push_back(best);
    }
    std::sort(moves_.begin(), moves_.end(), [](const Move& a, const Move& b) {
        return a.score != b.score ? a.score < b.score : a.node < b.node;
    });
}

bool LocalSearch::repair(int rounds)
{
    constexpr size_t kBatchShare = 20;
    for (int round = 0; round < rounds && slack_.size() > 0; ++round) {
        const size_t worst = slack_.whereLeast();
        const double slack = slack_[worst];
        if (slack >= -kHalfByte)
            break;
        if (isStopped())
            return false;
        collectRepairs(static_cast<int>(worst), -slack);
        const size_t batch = std::max<size_t>(1, moves_.size() / kBatchShare);
        bool isAnyApplied = false;
        for (size_t i = 0; i < moves_.size() && (i < batch || !isAnyApplied); ++i) {
            if (slack_[worst] >= -kHalfByte)
                break;
            const Move& move = moves_[i];
            // Other times may get worse, but never as bad as the worst was.
            if (makesWorseThan(move.node, move.label, slack + 1))
                continue;
            changes(move.node, change_);
            if (change_[at(move.label)] == kForbidden)
                continue;
            apply(move.node, move.label, change_[at(move.label)]);
            isAnyApplied = true;
        }
        if (!isAnyApplied)
            return false;
    }
    if (!fits())
        return false;
    cost_ = core_.costOf(choice_);
    return cost_ < kForbidden;
}

void LocalSearch::descend(int passes)
{
    for (int pass = 0; pass < passes; ++pass) {
        shuffle(order_, core_.nodeCount, rng_);
        bool isAnyApplied = false;
        for (int node : order_) {
            if (isStopped())
                break;
            isAnyApplied |= descendAt(node);
        }
        if (!isAnyApplied || isStopped())
            break;
    }
    cost_ = core_.costOf(choice_);
}

/// Makes the node's best change if it saves cost and fits.
bool LocalSearch::descendAt(int node)
{
    changes(node, change_);
    const double noise = -kNoise * std::abs(cost_);
    while (true) {
        const auto best = std::min_element(change_.begin(), change_.end());
        if (!(*best < noise))
            return false;
        const int label = static_cast<int>(best - change_.begin());
        if (moveFits(node, label)) {
            apply(node, label, *best);
            return true;
        }
        *best = 0;
    }
}

void LocalSearch::descendSince(const std::vector<int>& before)
{
    order_.clear();
    isWaiting_.assign(at(core_.nodeCount), 0);
    for (int node = 0; node < core_.nodeCount; ++node) {
        if (choice_[at(node)] != before[at(node)])
            waitAround(node);
    }
    for (size_t next = 0; next < order_.size() && !isStopped(); ++next) {
        const int node = order_[next];
        isWaiting_[at(node)] = 0;
        if (descendAt(node))
            waitAround(node);
    }
    cost_ = core_.costOf(choice_);
}

/// Queues the node and those next to it.
void LocalSearch::waitAround(int node)
{
    const auto wait = [this](int other) {
        if (std::exchange(isWaiting_[at(other)], uint8_t{1}) == 0)
            order_.push_back(other);
    };
    wait(node);
    for (int q = core_.forwardBegin[at(node)]; q < core_.forwardBegin[at(node) + 1]; ++q)
        wait(core_.edges[at(core_.forwardEdges[at(q)])].to);
    for (int q = core_.backwardBegin[at(node)]; q < core_.backwardBegin[at(node) + 1]; ++q)
        wait(core_.edges[at(core_.backwardEdges[at(q)])].from);
}

bool LocalSearch::tryPair(int edge)
{
    const int a = core_.edges[at(edge)].from;
    const int b = core_.edges[at(edge)].to;
    const int nowA = choice_[at(a)];
    const int nowB = choice_[at(b)];
    changes(a, change_);
    changes(b, otherChange_);
    const double now = core_.row(edge, nowA)[nowB];
    constexpr int kMostTries = 6;
    moves_.clear();
    for (int s = 0; s < core_.labelCount[at(a)]; ++s) {
        const double* row = core_.row(edge, s);
        const double withoutEdge = change_[at(s)] - row[nowB] + now;
        if (s == nowA || !std::isfinite(withoutEdge))
            continue;
        for (int t = 0; t < core_.labelCount[at(b)]; ++t) {
            const double total =
                withoutEdge + otherChange_[at(t)] - core_.row(edge, nowA)[t] + row[t];
            if (t != nowB && total < -kNoise * std::abs(cost_))
                moves_.push_back({total, s, t});
        }
    }
    work_ += int64_t{core_.labelCount[at(a)]} * core_.labelCount[at(b)];
    std::sort(moves_.begin(), moves_.end(), [](const Move& x, const Move& y) {
        return x.score != y.score ? x.score < y.score
                                  : std::pair(x.node, x.label) < std::pair(y.node, y.label);
    });
    for (size_t i = 0; i < moves_.size() && i < kMostTries; ++i) {
        const double before = cost_;
        apply(a, moves_[i].node, 0);
        apply(b, moves_[i].label, 0);
        if (nodeFits(a) && nodeFits(b)) {
            cost_ = before + moves_[i].score;
            return true;
        }
        apply(b, nowB, 0);
        apply(a, nowA, 0);
        cost_ = before;
    }
    return false;
}

bool LocalSearch::descendPairs()
{
    shuffle(order_, core_.edgeCount(), rng_);
    const std::vector<int> order = order_;
    bool isAnyApplied = false;
    for (int edge : order) {
        if (isStopped())
            break;
        isAnyApplied |= tryPair(edge);
    }
    cost_ = core_.costOf(choice_);
    return isAnyApplied;
}

} // namespace alpa
