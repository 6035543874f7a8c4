// The tables that elimination by fronts works on. Nodes whose tables hold the same numbers, as
// those of equal layers do, share one.
#pragma once

#include "core/intra_op/bucket_elimination.h"

#include <cstdint>
#include <limits>
#include <map>
#include <vector>

namespace alpa
{

/// A partial choice: labels for all nodes eliminated into one table entry.
struct PartialChoice {
    static constexpr uint32_t kNoTrace = std::numeric_limits<uint32_t>::max();
    double cost = 0;
    double use = 0;
    double excess = 0;         ///< Priced cost beyond the entry's least.
    uint32_t trace = kNoTrace; ///< How it was put together.
};

/// A table over (scope, node) that stands for one or more nodes. Messages and fronts go to the
/// table of the first node of the scope.
struct FrontTable {
    const double* uses = nullptr; ///< Per label. Null: the root, which joins what hangs together
                                  ///< nowhere else.
    size_t labels = 1;
    size_t rows = 1;
    std::vector<size_t> inputs; ///< Tables whose messages it takes.
    /// Per input and entry of this table, the row of the input.
    std::vector<std::vector<uint32_t>> rowOfInput;
    std::vector<double> fixed; ///< Per entry: own cost, without price.
    std::vector<double> total; ///< Per entry: priced, with all messages.
    // Per row.
    std::vector<double> message;
    std::vector<double> messageUse;    ///< Of the choice behind the message.
    std::vector<double> outside;       ///< Least priced cost of all the rest, for any of its nodes.
    double leastUse = 0;               ///< Of a node and all that was eliminated into it,
    double ownLeastUse = 0;            ///< of the node alone.
    std::vector<PartialChoice> fronts; ///< By row; rising use, falling cost.
    std::vector<size_t> frontBegin;    ///< Per row and one past the end.

    /// Numbers that a pass visits.
    int64_t work() const { return static_cast<int64_t>(fixed.size() * (1 + inputs.size())); }
};

class FrontTables
{
public:
    /// Keeps a reference to `core`, which has one time. Left unmade (areMade) if the passes over
    /// the tables would take more than `mostWork`.
    FrontTables(const IlpCore& core, const EliminationPlan& plan, int64_t mostWork);
    bool areMade() const { return areMade_; }

    /// Where a node stands in the order of elimination.
    struct Place {
        int node = -1; ///< -1: the root.
        size_t table = 0;
        std::vector<size_t> inputs; ///< Places, as those of the table.
    };

    /// Climbs the dual function, concave and piecewise linear, from `price`: the next price is
    /// where the lines on either side meet. Leaves the tables at the best price seen.
    void findPrice(double price);
    void findOutside();

    /// Inputs before those who read them; the last is the root.
    std::vector<FrontTable>& tables() { return tables_; }
    const std::vector<Place>& places() const { return places_; }
    const FrontTable& root() const { return tables_.back(); }
    int64_t work() const { return work_; }

private:
    using Key = std::vector<size_t>;
    bool addPlace(const EliminationPlan& plan, size_t place, const std::vector<int>& edges);
    FrontTable makeTable(const EliminationPlan& plan, const Place& place,
                         const std::vector<int>& edges) const;
    void addRoot();
    void findKinds();
    std::vector<uint32_t> offsetsIn(const std::vector<int>& clique,
                                    const std::vector<int>& scope) const;
    void addCosts(FrontTable& table, const std::vector<int>& clique,
                  const std::vector<int>& edges) const;
    void passInwards(double price);

    const IlpCore& core_;
    std::vector<double> use_;          ///< By label offset, bytes.
    std::vector<size_t> kindOf_;       ///< Per node: equal for equal costs and uses.
    std::vector<size_t> kindOfMatrix_; ///< Equal for equal entries.
    std::map<Key, size_t> tableOf_;
    std::vector<FrontTable> tables_;
    std::vector<Place> places_; ///< In the order of elimination, then the root.
    int64_t workOfPass_ = 0;
    int64_t mostOfPass_ = 0;
    bool areMade_ = false;
    int64_t work_ = 0;
};

} // namespace alpa
