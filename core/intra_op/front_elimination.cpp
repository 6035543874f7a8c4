#include "core/intra_op/front_elimination.h"

#include "core/base/check.h"
#include "core/intra_op/odometer.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

constexpr uint32_t kNoTrace = std::numeric_limits<uint32_t>::max();
constexpr int kPriceSteps = 6;      ///< Each costs a pass over all tables.
constexpr int64_t kWorkOfPair = 16; ///< To keep, merge and trace one, in numbers visited: measured.

/// A partial choice: labels for all nodes eliminated into one table entry.
struct Partial {
    double cost = 0;
    double use = 0;
    double excess = 0;         ///< Priced cost beyond the entry's least.
    uint32_t trace = kNoTrace; ///< How it was put together.
};

/// A node's table over (scope, node). Messages and fronts go to the bucket of the first node of its
/// scope.
struct Bucket {
    int node = -1; ///< -1: the root, which joins what hangs together nowhere else.
    size_t labels = 1;
    size_t rows = 1;
    std::vector<size_t> inputs; ///< Buckets whose messages it takes.
    /// Per input and entry of this table, the row of the input.
    std::vector<std::vector<uint32_t>> rowOfInput;
    std::vector<double> fixed; ///< Per entry: own cost, without price.
    std::vector<double> total; ///< Per entry: priced, with all messages.
    // Per row.
    std::vector<double> message;
    std::vector<double> messageUse; ///< Of the choice behind the message.
    std::vector<double> outside;    ///< Least priced cost of all the rest.
    double leastUse = 0;            ///< Of this node and all that was eliminated into it,
    double ownLeastUse = 0;         ///< of this node alone.
    std::vector<Partial> fronts;    ///< By row; rising use, falling cost.
    std::vector<size_t> frontBegin; ///< Per row and one past the end.
};

class FrontEliminator
{
public:
    FrontEliminator(const IlpCore& core, const EliminationPlan& plan, double cutoff,
                    size_t mostOfFront, int64_t mostWork)
        : core_(core)
        , cutoff_(cutoff)
        , mostOfFront_(mostOfFront)
        , mostWork_(mostWork)
        , use_(core.labelTotal(), 0.0)
        , buckets_(plan.order.size() + 1)
    {
        CHECK(core.timeCount() == 1, "one limit");
        for (int i = 0; i < core.nodeCount; ++i) {
            for (int u = core.usageBegin[at(i)]; u < core.usageBegin[at(i) + 1]; ++u) {
                for (size_t s = 0; s < at(core.labelCount[at(i)]); ++s)
                    use_[core.labelOffset[at(i)] + s] +=
                        core.usageBytes[core.usages[at(u)].bytes + s];
            }
        }
        build(plan);
    }

    FrontAnswer run(double price)
    {
        findPrice(price);
        answer_.bound = std::min(cutoff_, buckets_.back().message[0]);
        if (buckets_.back().message[0] >= cutoff_) {
            answer_.isComplete = true;
            return std::move(answer_);
        }
        findOutside();
        for (Bucket& bucket : buckets_) {
            if (!fillFronts(bucket))
                return std::move(answer_);
        }
        answer_.isComplete = !isThinned_;
        const double leastAllowed = isThinned_ ? answer_.bound : cutoff_;
        answer_.bound = leastAllowed;
        const std::vector<Partial>& whole = buckets_.back().fronts;
        if (!whole.empty()) { // The last one uses most and costs least.
            answer_.cost = whole.back().cost;
            answer_.choice.assign(at(core_.nodeCount), 0);
            readBack(whole.back().trace);
            answer_.bound = std::min(leastAllowed, answer_.cost);
        }
        return std::move(answer_);
    }

private:
    void build(const EliminationPlan& plan)
    {
        std::vector<size_t> position(at(core_.nodeCount));
        for (size_t i = 0; i < plan.order.size(); ++i)
            position[at(plan.order[i])] = i;
        std::vector<std::vector<int>> edgesOf(plan.order.size());
        for (int e = 0; e < core_.edgeCount(); ++e) {
            const IlpCore::Edge& edge = core_.edges[at(e)];
            edgesOf[std::min(position[at(edge.from)], position[at(edge.to)])].push_back(e);
        }
        for (size_t i = 0; i < plan.order.size(); ++i) {
            Bucket& bucket = buckets_[i];
            bucket.node = plan.order[i];
            const std::vector<int>& scope = plan.scope[at(bucket.node)];
            std::vector<int> clique = scope;
            clique.push_back(bucket.node);
            bucket.labels = at(core_.labelCount[at(bucket.node)]);
            for (const int neighbour : scope)
                bucket.rows *= at(core_.labelCount[at(neighbour)]);
            addCosts(bucket, clique, edgesOf[i]);
            bucket.ownLeastUse =
                *std::min_element(usesOf(bucket.node), usesOf(bucket.node) + bucket.labels);
            bucket.leastUse = bucket.ownLeastUse;
            for (size_t input = 0; input < bucket.inputs.size(); ++input) {
                const Bucket& from = buckets_[bucket.inputs[input]];
                bucket.rowOfInput[input] = offsetsIn(clique, plan.scope[at(from.node)]);
                bucket.leastUse += from.leastUse;
            }
            size_t next = plan.order.size();
            for (const int neighbour : scope)
                next = std::min(next, position[at(neighbour)]);
            buckets_[next].inputs.push_back(i);
            buckets_[next].rowOfInput.emplace_back();
        }
        Bucket& root = buckets_.back();
        root.fixed = {core_.base};
        for (size_t input = 0; input < root.inputs.size(); ++input) {
            root.rowOfInput[input] = {0};
            root.leastUse += buckets_[root.inputs[input]].leastUse;
        }
    }

    const double* usesOf(int node) const { return use_.data() + core_.labelOffset[at(node)]; }

    /// Per entry of a table over `clique`, the offset in one over `scope`.
    std::vector<uint32_t> offsetsIn(const std::vector<int>& clique,
                                    const std::vector<int>& scope) const
    {
        size_t entries = 1;
        for (const int node : clique)
            entries *= at(core_.labelCount[at(node)]);
        const std::vector<size_t> strides = Odometer::strides(core_, clique, scope);
        Odometer odometer(core_, clique);
        std::vector<uint32_t> offsets(entries);
        size_t offset = 0;
        for (uint32_t& each : offsets) {
            each = static_cast<uint32_t>(offset);
            odometer.advance(offset, strides);
        }
        return offsets;
    }

    void addCosts(Bucket& bucket, const std::vector<int>& clique,
                  const std::vector<int>& edges) const
    {
        const double* costs = core_.costs.data() + core_.labelOffset[at(bucket.node)];
        for (size_t row = 0; row < bucket.rows; ++row)
            bucket.fixed.insert(bucket.fixed.end(), costs, costs + bucket.labels);
        for (const int e : edges) {
            const IlpCore::Edge& edge = core_.edges[at(e)];
            const std::vector<uint32_t> offsets = offsetsIn(clique, {edge.from, edge.to});
            const size_t columns = at(core_.labelCount[at(edge.to)]);
            for (size_t entry = 0; entry < offsets.size(); ++entry)
                bucket.fixed[entry] += core_.row(
                    e, static_cast<int>(offsets[entry] / columns))[offsets[entry] % columns];
        }
    }

    /// Fills totals and messages at this price; the root's message is the bound.
    void passInwards(double price)
    {
        for (Bucket& bucket : buckets_) {
            const double* uses = bucket.node < 0 ? nullptr : usesOf(bucket.node);
            bucket.total = bucket.fixed;
            bucket.message.resize(bucket.rows);
            bucket.messageUse.resize(bucket.rows);
            for (size_t row = 0; row < bucket.rows; ++row) {
                size_t best = 0;
                for (size_t s = 0; s < bucket.labels; ++s) {
                    const size_t entry = row * bucket.labels + s;
                    double& total = bucket.total[entry];
                    total += uses ? price * uses[s] : -price * core_.capacity[0];
                    for (size_t input = 0; input < bucket.inputs.size(); ++input)
                        total +=
                            buckets_[bucket.inputs[input]].message[bucket.rowOfInput[input][entry]];
                    best = total < bucket.total[row * bucket.labels + best] ? s : best;
                }
                const size_t entry = row * bucket.labels + best;
                bucket.message[row] = bucket.total[entry];
                double use = uses ? uses[best] : 0;
                for (size_t input = 0; input < bucket.inputs.size(); ++input)
                    use +=
                        buckets_[bucket.inputs[input]].messageUse[bucket.rowOfInput[input][entry]];
                bucket.messageUse[row] = use;
            }
            answer_.work += static_cast<int64_t>(bucket.total.size() * (1 + bucket.inputs.size()));
        }
    }

    /// Climbs the dual function, concave and piecewise linear, from `price`: the next price is
    /// where the lines on either side meet. Leaves the tables at the best price seen.
    void findPrice(double price)
    {
        struct Line {
            double price = 0, bound = 0, slope = 0;
        };
        std::optional<Line> below, above; // Of the maximum.
        Line best{0, -kForbidden, 0};
        double current = price;
        for (int step = 0; step < kPriceSteps; ++step) {
            passInwards(current);
            const Bucket& root = buckets_.back();
            const Line line{current, root.message[0], root.messageUse[0] - core_.capacity[0]};
            if (line.bound > best.bound)
                best = line;
            (line.slope > 0 ? below : above) = line;
            if (!(line.bound < kForbidden) || line.slope == 0 || (current == 0 && !below))
                break;
            if (below && above) {
                current = (below->bound - below->slope * below->price - above->bound +
                           above->slope * above->price) /
                          (above->slope - below->slope);
                if (!(current > below->price && current < above->price))
                    break;
            } else {
                current = below ? 2 * current : current / 2;
                if (current == 0)
                    break;
            }
        }
        price_ = best.price;
        if (current != price_ || buckets_.back().message[0] != best.bound)
            passInwards(price_);
    }

    void findOutside()
    {
        for (Bucket& bucket : buckets_)
            bucket.outside.assign(bucket.rows, kForbidden);
        buckets_.back().outside = {0};
        for (size_t b = buckets_.size(); b-- > 0;) {
            const Bucket& bucket = buckets_[b];
            for (size_t input = 0; input < bucket.inputs.size(); ++input) {
                Bucket& from = buckets_[bucket.inputs[input]];
                for (size_t entry = 0; entry < bucket.total.size(); ++entry) {
                    double& least = from.outside[bucket.rowOfInput[input][entry]];
                    least = std::min(least,
                                     bucket.total[entry] + bucket.outside[entry / bucket.labels]);
                }
                for (size_t row = 0; row < from.rows; ++row)
                    from.outside[row] = from.message[row] < kForbidden
                                            ? from.outside[row] - from.message[row]
                                            : kForbidden;
            }
            answer_.work += static_cast<int64_t>(bucket.total.size() * (1 + bucket.inputs.size()));
        }
    }

    /// False: too much work.
    bool fillFronts(Bucket& bucket)
    {
        const double leastOutside = buckets_.back().leastUse - bucket.leastUse;
        const double room = core_.capacity[0] - leastOutside;
        std::vector<Partial> row;
        bucket.frontBegin = {0};
        for (size_t r = 0; r < bucket.rows; ++r) {
            row.clear();
            for (size_t s = 0; s < bucket.labels; ++s) {
                const size_t entry = r * bucket.labels + s;
                const double slack = cutoff_ - bucket.total[entry] - bucket.outside[r];
                if (!(slack > 0))
                    continue;
                join(bucket, entry, s, slack, room);
                if (answer_.work > mostWork_)
                    return false;
                const double excess = bucket.total[entry] - bucket.message[r];
                for (Partial& partial : joined_)
                    partial.excess += excess;
                merge(row, joined_, mergedRow_);
                std::swap(row, mergedRow_);
            }
            thin(row);
            bucket.fronts.insert(bucket.fronts.end(), row.begin(), row.end());
            bucket.frontBegin.push_back(bucket.fronts.size());
        }
        return true;
    }

    /// Keeps an even sample of a front that is too long, with both of its ends.
    void thin(std::vector<Partial>& front)
    {
        if (front.size() <= mostOfFront_)
            return;
        isThinned_ = true;
        for (size_t i = 0; i < mostOfFront_; ++i)
            front[i] = front[i * (front.size() - 1) / (mostOfFront_ - 1)];
        front.resize(mostOfFront_);
    }

    /// Leaves in joined_ all that one entry's own label and its inputs' fronts make together, with
    /// less excess than `slack` and no more use than leaves the rest its least.
    void join(const Bucket& bucket, size_t entry, size_t label, double slack, double room)
    {
        Partial own{bucket.fixed[entry], 0, 0, kNoTrace};
        if (bucket.node >= 0) {
            own.use = usesOf(bucket.node)[label];
            own.trace = static_cast<uint32_t>(core_.labelOffset[at(bucket.node)] + label);
        }
        double least = bucket.leastUse - bucket.ownLeastUse; // Of the inputs still to come.
        joined_.clear();
        if (own.use + least <= room)
            joined_.push_back(own);
        for (size_t input = 0; input < bucket.inputs.size() && !joined_.empty(); ++input) {
            const Bucket& from = buckets_[bucket.inputs[input]];
            const size_t row = bucket.rowOfInput[input][entry];
            const std::span<const Partial> front(from.fronts.data() + from.frontBegin[row],
                                                 from.frontBegin[row + 1] - from.frontBegin[row]);
            least -= from.leastUse;
            pairUp(front, slack, room - least);
            if (answer_.work > mostWork_)
                return;
        }
    }

    /// Pairs joined_ with each of `front`: what one of joined_ makes is a front, and these are
    /// merged two by two.
    void pairUp(std::span<const Partial> front, double slack, double room)
    {
        pairs_.clear();
        runBegin_ = {0};
        answer_.work += static_cast<int64_t>(joined_.size() * front.size());
        if (answer_.work > mostWork_)
            return;
        for (size_t l = 0; l < joined_.size(); ++l) {
            const Partial& left = joined_[l];
            for (size_t r = 0; r < front.size(); ++r) {
                const double use = left.use + front[r].use;
                if (use > room)
                    break; // Later ones use more.
                const double excess = left.excess + front[r].excess;
                if (excess < slack)
                    pairs_.push_back({left.cost + front[r].cost, use, excess,
                                      static_cast<uint32_t>(l * front.size() + r)});
            }
            if (pairs_.size() > runBegin_.back())
                runBegin_.push_back(pairs_.size());
        }
        answer_.work += kWorkOfPair * static_cast<int64_t>(pairs_.size());
        mergeRuns();
        for (Partial& partial : pairs_)
            partial.trace = traceOf(joined_[partial.trace / front.size()].trace,
                                    front[partial.trace % front.size()].trace);
        std::swap(joined_, pairs_);
    }

    /// Makes one front of the fronts in pairs_ that begin at runBegin_.
    void mergeRuns()
    {
        while (runBegin_.size() > 2) {
            merged_.clear();
            size_t run = 0;
            size_t kept = 0; // Runs of this round.
            for (; run + 1 < runBegin_.size(); run += 2) {
                const size_t end = std::min(run + 2, runBegin_.size() - 1);
                const std::span<const Partial> pairs(pairs_);
                const size_t begin = merged_.size();
                appendFront(pairs.subspan(runBegin_[run], runBegin_[run + 1] - runBegin_[run]),
                            pairs.subspan(runBegin_[run + 1], runBegin_[end] - runBegin_[run + 1]),
                            merged_);
                runBegin_[kept++] = begin;
            }
            runBegin_.resize(kept);
            runBegin_.push_back(merged_.size());
            std::swap(pairs_, merged_);
        }
    }

    uint32_t traceOf(uint32_t left, uint32_t right)
    {
        if (left == kNoTrace || right == kNoTrace)
            return std::min(left, right);
        traces_.emplace_back(left, right);
        return static_cast<uint32_t>(core_.labelTotal() + traces_.size() - 1);
    }

    /// Appends the front of two fronts: rising use, and of equals the first.
    static void appendFront(std::span<const Partial> a, std::span<const Partial> b,
                            std::vector<Partial>& front)
    {
        double least = kForbidden;
        auto nextA = a.begin();
        auto nextB = b.begin();
        while (nextA != a.end() || nextB != b.end()) {
            const bool takesB =
                nextA == a.end() ||
                (nextB != b.end() && (nextB->use < nextA->use ||
                                      (nextB->use == nextA->use && nextB->cost < nextA->cost)));
            const Partial& next = takesB ? *nextB++ : *nextA++;
            if (next.cost < least) {
                least = next.cost;
                front.push_back(next);
            }
        }
    }

    static void merge(const std::vector<Partial>& a, const std::vector<Partial>& b,
                      std::vector<Partial>& front)
    {
        front.clear();
        appendFront(a, b, front);
    }

    void readBack(uint32_t trace)
    {
        std::vector<uint32_t> pending{trace};
        while (!pending.empty()) {
            const uint32_t next = pending.back();
            pending.pop_back();
            if (next == kNoTrace)
                continue;
            if (next >= core_.labelTotal()) {
                const auto& [left, right] = traces_[next - core_.labelTotal()];
                pending.push_back(left);
                pending.push_back(right);
                continue;
            }
            const auto after =
                std::upper_bound(core_.labelOffset.begin(), core_.labelOffset.end(), size_t{next});
            const auto node = static_cast<size_t>(after - core_.labelOffset.begin()) - 1;
            answer_.choice[node] = static_cast<int>(next - core_.labelOffset[node]);
        }
    }

    const IlpCore& core_;
    const double cutoff_;
    const size_t mostOfFront_;
    const int64_t mostWork_;
    std::vector<double> use_;     ///< By label offset, bytes.
    std::vector<Bucket> buckets_; ///< In the order of elimination; the last is the root.
    double price_ = 0;
    /// What partials are made of. Traces below the number of labels are labels by offset.
    std::vector<std::pair<uint32_t, uint32_t>> traces_;
    // Scratch of join.
    std::vector<Partial> joined_;
    std::vector<Partial> pairs_;   ///< Their traces are indices of the pair.
    std::vector<size_t> runBegin_; ///< Of the fronts in pairs_, and one past the end.
    std::vector<Partial> merged_;
    std::vector<Partial> mergedRow_;
    bool isThinned_ = false; ///< Some front lost more than what another beats.
    FrontAnswer answer_;
};

} // namespace

FrontAnswer eliminateFronts(const IlpCore& core, const EliminationPlan& plan, double price,
                            double cutoff, size_t mostOfFront, int64_t mostWork)
{
    return FrontEliminator(core, plan, cutoff, mostOfFront, mostWork).run(price);
}

} // namespace alpa
