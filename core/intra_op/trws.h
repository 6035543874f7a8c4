// Sequential tree-reweighted message passing: a lower bound on the cost of an IlpCore (its usages
// priced into the node costs by the caller), min-marginals and a choice. Kolmogorov, "Convergent
// tree-reweighted message passing for energy minimization", PAMI 28(10), 2006.
#pragma once

#include "core/intra_op/ilp_core.h"

#include <cstdint>
#include <vector>

namespace alpa
{

class Trws
{
public:
    /// Assumes `core` outlives this.
    explicit Trws(const IlpCore& core);

    /// Node costs by label offset; kForbidden bars a label. Starts as the core's costs. Messages
    /// stay valid when they change.
    std::vector<double> nodeCosts;
    double constant = 0; ///< Part of the bound that no choice changes. Starts as the core's base.
    std::vector<double> messages;
    std::vector<int> choice; ///< As the last pass that rounded left it.

    /// One pass from the first node to the last; returns a lower bound. With `rounds`, makes a
    /// choice on the way. Passes must alternate: each reads the messages that the other direction
    /// left.
    double forward(bool rounds);
    /// The same in the other direction.
    double backward(bool rounds);
    /// Like backward; fills `minMarginals` (by label offset). If the preceding pass was forward()
    /// with the same node costs and returned b, then every choice that takes a label costs at least
    /// b + its min-marginal. The bound that this very pass returns must not be used instead: part
    /// of it is counted in the min-marginals already.
    double backward(bool rounds, std::vector<double>& minMarginals);

    /// Call before a barred label is allowed again: clears messages that say that something is
    /// impossible.
    void forgetBarred();

    /// Starts from the messages of a core that this one was restricted from.
    void takeOver(const Trws& outer, const CoreWithOrigin& smaller);

    int64_t work() const { return passes_ * passWork_; }

private:
    double pass(bool isForward, bool rounds, double* minMarginals);
    void gather(int node);
    void round(int node, bool isForward);
    double sendForward(int edge, double share, size_t labels);
    double sendBackward(int edge, double share, size_t labels);

    const IlpCore& core_;
    std::vector<size_t> messageOffset_;
    std::vector<double>
        share_; ///< Per node: one over the larger of its numbers of earlier and later neighbours.
    std::vector<double> sums_;
    std::vector<double> scratch_;
    int64_t passes_ = 0;
    int64_t passWork_ = 0;
};

} // namespace alpa
