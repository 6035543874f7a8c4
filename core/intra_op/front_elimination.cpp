#include "core/intra_op/front_elimination.h"

#include "core/intra_op/front_tables.h"

#include <algorithm>
#include <span>
#include <utility>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

constexpr uint32_t kNoTrace = PartialChoice::kNoTrace;
constexpr int64_t kWorkOfPair = 16; ///< To keep, merge and trace one, in numbers visited: measured.
/// A proof that is worth its tables is worth as much again: where fronts are too many for one, they
/// take a hundred times as much.
constexpr int64_t kPairsOfNumber = 2;

using Partial = PartialChoice;

class FrontEliminator
{
public:
    FrontEliminator(const IlpCore& core, const EliminationPlan& plan, double cutoff,
                    const FrontWork& most)
        : core_(core)
        , cutoff_(cutoff)
        , workOfPairs_(most.ofPairs)
        , tables_(core, plan, most.ofTables)
    {
    }

    FrontAnswer run(double price, std::span<const size_t> mostOfFront)
    {
        if (!tables_.areMade())
            return std::move(answer_);
        tables_.findPrice(price);
        answer_.tableWork = tables_.work();
        answer_.bound = std::min(cutoff_, tables_.root().message[0]);
        if (tables_.root().message[0] >= cutoff_) {
            answer_.isComplete = true;
            return std::move(answer_);
        }
        tables_.findOutside();
        answer_.tableWork = tables_.work();
        for (const size_t most : mostOfFront) {
            mostOfFront_ = most;
            mostWork_ = answer_.work + std::max(workOfPairs_, kPairsOfNumber * tables_.work());
            isThinned_ = false;
            if (fillAllFronts()) {
                readAnswer();
                break;
            }
        }
        return std::move(answer_);
    }

private:
    /// A partial of a table with one of its input's.
    struct Trace {
        uint32_t own, other, input;
    };

    /// False: too much work.
    bool fillAllFronts()
    {
        traces_.clear();
        return std::ranges::all_of(tables_.tables(),
                                   [this](FrontTable& table) { return fillFronts(table); });
    }

    void readAnswer()
    {
        answer_.isComplete = !isThinned_;
        const double leastAllowed = isThinned_ ? answer_.bound : cutoff_;
        answer_.bound = leastAllowed;
        const std::vector<Partial>& whole = tables_.root().fronts;
        if (!whole.empty()) { // The last one uses most and costs least.
            answer_.cost = whole.back().cost;
            answer_.choice.assign(at(core_.nodeCount), 0);
            readBack(whole.back().trace);
            answer_.bound = std::min(leastAllowed, answer_.cost);
        }
    }

    bool fillFronts(FrontTable& table)
    {
        const double leastOutside = tables_.root().leastUse - table.leastUse;
        const double room = core_.capacity[0] - leastOutside;
        std::vector<Partial> row;
        table.fronts.clear();
        table.frontBegin = {0};
        for (size_t r = 0; r < table.rows; ++r) {
            row.clear();
            for (size_t s = 0; s < table.labels; ++s) {
                const size_t entry = r * table.labels + s;
                const double slack = cutoff_ - table.total[entry] - table.outside[r];
                if (!(slack > 0))
                    continue;
                join(table, entry, s, slack, room);
                if (answer_.work > mostWork_)
                    return false;
                const double excess = table.total[entry] - table.message[r];
                for (Partial& partial : joined_)
                    partial.excess += excess;
                merge(row, joined_, mergedRow_);
                std::swap(row, mergedRow_);
            }
            thin(row);
            table.fronts.insert(table.fronts.end(), row.begin(), row.end());
            table.frontBegin.push_back(table.fronts.size());
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
    void join(const FrontTable& table, size_t entry, size_t label, double slack, double room)
    {
        Partial own{table.fixed[entry], 0, 0, kNoTrace};
        if (table.uses) {
            own.use = table.uses[label];
            own.trace = static_cast<uint32_t>(label);
        }
        double least = table.leastUse - table.ownLeastUse; // Of the inputs still to come.
        joined_.clear();
        if (own.use + least <= room)
            joined_.push_back(own);
        for (size_t input = 0; input < table.inputs.size() && !joined_.empty(); ++input) {
            const FrontTable& from = tables_.tables()[table.inputs[input]];
            const size_t row = table.rowOfInput[input][entry];
            const std::span<const Partial> front(from.fronts.data() + from.frontBegin[row],
                                                 from.frontBegin[row + 1] - from.frontBegin[row]);
            least -= from.leastUse;
            pairUp(front, static_cast<uint32_t>(input), slack, room - least);
            if (answer_.work > mostWork_)
                return;
        }
    }

    /// Pairs joined_ with each of `front`, of this input: what one of joined_ makes is a front, and
    /// these are merged two by two.
    void pairUp(std::span<const Partial> front, uint32_t input, double slack, double room)
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
            partial.trace = traceOf({joined_[partial.trace / front.size()].trace,
                                     front[partial.trace % front.size()].trace, input});
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

    uint32_t traceOf(const Trace& trace)
    {
        traces_.push_back(trace);
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
        const std::vector<FrontTables::Place>& places = tables_.places();
        std::vector<std::pair<size_t, uint32_t>> pending{{places.size() - 1, trace}};
        while (!pending.empty()) {
            const auto [index, next] = pending.back();
            pending.pop_back();
            const FrontTables::Place& place = places[index];
            if (next == kNoTrace)
                continue;
            if (next < core_.labelTotal()) {
                answer_.choice[at(place.node)] = static_cast<int>(next);
                continue;
            }
            const Trace& made = traces_[next - core_.labelTotal()];
            pending.emplace_back(index, made.own);
            pending.emplace_back(place.inputs[made.input], made.other);
        }
    }

    const IlpCore& core_;
    const double cutoff_;
    const int64_t workOfPairs_;
    int64_t mostWork_ = 0;
    size_t mostOfFront_ = 0;
    FrontTables tables_;
    /// What partials are made of. Traces below the number of labels are labels of the table's node.
    std::vector<Trace> traces_;
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
                            double cutoff, std::span<const size_t> mostOfFront,
                            const FrontWork& most)
{
    return FrontEliminator(core, plan, cutoff, most).run(price, mostOfFront);
}

} // namespace alpa
