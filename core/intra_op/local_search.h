// Improves a choice of an IlpCore by changing one node or both ends of an edge, and repairs one
// that does not fit.
#pragma once

#include "core/base/rng.h"
#include "core/intra_op/ilp_core.h"
#include "core/intra_op/range_minimum.h"

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace alpa
{

class LocalSearch
{
public:
    using IsStopped = std::function<bool()>;
    /// Assumes `core` outlives this. `isStopped` may be empty; it ends repairs and descents early.
    explicit LocalSearch(const IlpCore& core, uint64_t seed = 7, IsStopped isStopped = {})
        : core_(core)
        , rng_(seed)
        , isStopped_(std::move(isStopped))
    {
    }

    void start(std::vector<int> choice);
    const std::vector<int>& choice() const { return choice_; }
    double cost() const { return cost_; }
    bool fits() const;

    /// Lowers usage at the worst time, cheapest per byte first, until the choice fits; false if
    /// that fails in `rounds`.
    bool repair(int rounds);
    /// Changes single nodes while that saves cost and fits; at most `passes` over all nodes.
    void descend(int passes);
    /// The same for what has changed since `before`, where no single change saved cost: looks at
    /// those nodes and those next to them, and goes on around what it changes.
    void descendSince(const std::vector<int>& before);
    /// Changes both ends of edges while that saves cost and fits; one pass. Returns whether
    /// anything changed.
    bool descendPairs();

    /// Label and matrix entries looked at.
    int64_t work() const { return work_; }

private:
    struct Move {
        double score = 0;
        int node = 0;
        int label = 0;
    };
    bool descendAt(int node);
    void waitAround(int node);
    void changes(int node, std::vector<double>& change);
    void segments(int node, int label);
    bool moveFits(int node, int label);
    bool makesWorseThan(int node, int label, double slack);
    void apply(int node, int label, double change);
    double useAt(int node, int label, int time) const;
    bool nodeFits(int node) const;
    void collectRepairs(int time, double need);
    bool tryPair(int edge);
    bool isStopped() const { return isStopped_ && isStopped_(); }

    const IlpCore& core_;
    Rng rng_;
    IsStopped isStopped_;
    std::vector<int> choice_;
    double cost_ = 0;
    RangeMinimum<double> slack_;
    int64_t work_ = 0;
    // Scratch, kept to avoid allocations.
    std::vector<double> change_, otherChange_, afterFirst_;
    std::vector<std::pair<int, double>> events_, segments_;
    std::vector<Move> moves_;
    std::vector<int> order_;
    std::vector<uint8_t> isWaiting_; ///< Per node: to be looked at by descendSince.
};

} // namespace alpa
