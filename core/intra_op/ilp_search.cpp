#include "core/intra_op/ilp_search.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <utility>

#include "core/intra_op/bucket_elimination.h"
#include "core/intra_op/local_search.h"
#include "core/intra_op/price_bundle.h"
#include "core/intra_op/primal_search.h"

namespace alpa
{
namespace
{

size_t at(int index)
{
    return static_cast<size_t>(index);
}

constexpr int kNoLabel = -1;
/// Lengths of price steps, in parts of the way to the incumbent.
constexpr double kFirstStep = 0.5;
constexpr double kLastStep = 1e-3;
constexpr double kRestartStep = 0.1;

std::vector<double> pricesIn(const CoreWithOrigin& smaller, const std::vector<double>& multipliers)
{
    std::vector<double> prices;
    for (int time : smaller.time)
        prices.push_back(multipliers[at(time)]);
    return prices;
}

/// Numbers in elimination tables: worth it at once, and worth it when the bound alone does not close the gap.
constexpr double kCheapTables = 1 << 15;
constexpr double kMostTables = 1 << 23;
constexpr int64_t kTablePasses = 64; // elimination may cost as much as so many passes

/// Rounds of tries without success before branching. Branching alone is faster on small cores and hopeless on large ones.
constexpr int kPrimalRounds = 30;
constexpr size_t kLabelsPerRound = 300;
/// Labels up to which prices may be polished at leisure.
constexpr size_t kSmallCore = 4000;
/// Labels left, in percent, below which the core is rebuilt without the others.
constexpr size_t kCompactPercent = 60;

/// One core of the search and the subtrees that bar labels of it.
class CoreSearch
{
public:
    using Lift = std::function<std::vector<int>(const std::vector<int>&)>;
    CoreSearch(const IlpCore& core, SearchContext& context, Lift lift)
        : core_(core)
        , context_(context)
        , lift_(std::move(lift))
        , lagrangian_(core)
        , local_(core)
        , labelCount_(static_cast<size_t>(std::accumulate(core.labelCount.begin(), core.labelCount.end(), 0)))
        , mostRounds_(std::clamp(static_cast<int>(labelCount_ / kLabelsPerRound), 1, kPrimalRounds))
        , primalRounds_(mostRounds_)
    {
    }

    /// Searches everything under the labels allowed. `bound`: known already.
    void solve(int depth, double bound);

private:
    enum class End { kClosed, kOpen };

    bool tryElimination(double mostNumbers);
    End iterate(int depth, double& bound, int turns);
    double startPrices();
    std::vector<uint8_t> likedLabels(float share) const;
    void searchPrimally();
    End searchRoot(double& bound);
    bool isCompactable() const { return allowedCount() * 100 < labelCount_ * kCompactPercent; }
    void remember();
    void notePrices();
    void offer(double cost, const std::vector<int>& choice);
    bool fixByReducedCost(double bound);
    bool propagate();
    void searchLocally(bool isThorough);
    void offerChoice(const std::vector<int>& choice);
    void inherit(const CoreSearch& outer, const CoreWithOrigin& smaller);
    bool compactAndSolve(int depth, double bound);
    void branch(int depth, double bound);
    std::pair<int, int> branchingLabel() const;
    size_t allowedCount() const;
    void spendPasses();

    const IlpCore& core_;
    SearchContext& context_;
    Lift lift_;
    Lagrangian lagrangian_;
    LocalSearch local_;
    size_t labelCount_; ///< Without padding.
    bool isWhole_ = true; ///< Not made from another core: its prices speak for all labels.
    std::vector<double> minMarginals_;
    std::vector<float> liking_;     ///< By label offset: how often recent passes chose it.
    std::vector<double> bundlePrices_;
    /// Choices that together use memory best; kNoLabel where that label is gone.
    std::vector<std::vector<int>> mixture_;
    std::vector<int> incumbent_;    ///< Best choice of this core so far; may be empty.
    double incumbentCost_ = kForbidden;
    int mostRounds_;
    int primalRounds_; ///< Left to this core and those made from it.
    double stepLength_ = kFirstStep;
    int64_t passesPaid_ = 0;
    int64_t localPaid_ = 0;
};

void CoreSearch::spendPasses()
{
    const int64_t passes = lagrangian_.messages.work();
    context_.spend(passes - passesPaid_ + (local_.work() - localPaid_));
    passesPaid_ = passes;
    localPaid_ = local_.work();
}

size_t CoreSearch::allowedCount() const
{
    size_t count = 0;
    for (int i = 0; i < core_.nodeCount; ++i) {
        for (int s = 0; s < core_.labelCount[at(i)]; ++s)
            count += lagrangian_.isAllowed[core_.labelOffset[at(i)] + at(s)];
    }
    return count;
}

void CoreSearch::offer(double cost, const std::vector<int>& choice)
{
    if (cost < incumbentCost_) {
        incumbentCost_ = cost;
        incumbent_ = choice;
    }
    if (cost < context_.upperBound)
        context_.offer(cost, lift_(choice));
}

void CoreSearch::offerChoice(const std::vector<int>& choice)
{
    offer(core_.costOf(choice), choice);
}

void CoreSearch::notePrices()
{
    if (!isWhole_)
        return;
    context_.prices.clear();
    for (size_t t = 0; t < lagrangian_.multipliers.size(); ++t) {
        if (lagrangian_.multipliers[t] > 0)
            context_.prices.emplace_back(static_cast<int>(t), lagrangian_.multipliers[t]);
    }
}

void CoreSearch::remember()
{
    liking_.resize(core_.labelTotal(), 0.0f);
    for (int i = 0; i < core_.nodeCount; ++i)
        liking_[core_.labelOffset[at(i)] + at(lagrangian_.messages.choice[at(i)])] += 1;
}

/// Exact if no usage can exceed its limit any more and the tables are small enough.
bool CoreSearch::tryElimination(double mostNumbers)
{
    if (core_.timeCount() > 0)
        return false;
    const std::optional<EliminationPlan> plan = planElimination(core_, mostNumbers);
    if (!plan)
        return false;
    const Elimination result = eliminateAll(core_, *plan);
    context_.spend(static_cast<int64_t>(plan->tableTotal));
    if (result.cost < context_.upperBound)
        context_.offer(result.cost, lift_(result.choice));
    context_.closedBy("elimination");
    return true;
}

/// Bars labels that cannot be part of a better choice. False if a node has none left.
bool CoreSearch::fixByReducedCost(double bound)
{
    const double cutoff = context_.cutoff();
    bool isAnyBarred = false;
    for (int i = 0; i < core_.nodeCount; ++i) {
        bool isAnyLeft = false;
        for (size_t label = core_.labelOffset[at(i)]; label < core_.labelOffset[at(i)] + at(core_.labelCount[at(i)]); ++label) {
            if (!lagrangian_.isAllowed[label])
                continue;
            if (bound + minMarginals_[label] >= cutoff) {
                lagrangian_.isAllowed[label] = 0;
                isAnyBarred = true;
            } else {
                isAnyLeft = true;
            }
        }
        if (!isAnyLeft)
            return false;
    }
    return !isAnyBarred || propagate();
}

/// Bars labels that use more than is left if all others use their least. False if nothing fits any more.
bool CoreSearch::propagate()
{
    constexpr double kHalfByte = 0.5;
    bool isAnyBarred = core_.timeCount() > 0;
    while (isAnyBarred) {
        isAnyBarred = false;
        std::vector<double> least(core_.capacity.size() + 1, 0.0);
        const auto forEachUsage = [&](auto&& act) {
            for (int i = 0; i < core_.nodeCount; ++i) {
                uint8_t* allowed = lagrangian_.isAllowed.data() + core_.labelOffset[at(i)];
                for (int u = core_.usageBegin[at(i)]; u < core_.usageBegin[at(i) + 1]; ++u) {
                    const double* bytes = core_.usageBytes.data() + core_.usages[at(u)].bytes;
                    double smallest = kForbidden;
                    for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
                        if (allowed[s])
                            smallest = std::min(smallest, bytes[s]);
                    }
                    act(core_.usages[at(u)], at(core_.labelCount[at(i)]), allowed, bytes, smallest);
                }
            }
        };
        bool isAnyEmpty = false;
        forEachUsage([&](const IlpCore::Usage& usage, size_t, const uint8_t*, const double*, double smallest) {
            isAnyEmpty |= smallest == kForbidden;
            least[at(usage.begin)] += smallest;
            least[at(usage.end)] -= smallest;
        });
        if (isAnyEmpty)
            return false;
        std::vector<double> slack(core_.capacity.size());
        double sum = 0;
        double tightest = kForbidden;
        for (size_t t = 0; t < slack.size(); ++t) {
            sum += least[t];
            slack[t] = core_.capacity[t] - sum;
            tightest = std::min(tightest, slack[t]);
        }
        if (tightest < -kHalfByte)
            return false;
        const RangeMinimum<double> room(std::move(slack));
        forEachUsage([&](const IlpCore::Usage& usage, size_t count, uint8_t* allowed, const double* bytes, double smallest) {
            double most = -1;
            for (size_t s = 0; s < count; ++s) {
                if (allowed[s] && bytes[s] - smallest > tightest + kHalfByte) {
                    if (most < 0)
                        most = room.minimum(at(usage.begin), at(usage.end)) + kHalfByte;
                    if (bytes[s] - smallest > most) {
                        allowed[s] = 0;
                        isAnyBarred = true;
                    }
                }
            }
        });
    }
    return true;
}

void CoreSearch::searchLocally(bool isThorough)
{
    local_.start(lagrangian_.messages.choice);
    if (!local_.repair(isThorough ? 2000 : 200))
        return;
    local_.descend(isThorough ? 10 : 3);
    if (isThorough && local_.descendPairs())
        local_.descend(5);
    offer(local_.cost(), local_.choice());
}

/// Message passing, price steps and fixing; ends when the bound closes this part, stalls, or its turns are used up.
CoreSearch::End CoreSearch::iterate(int depth, double& bound, int turns)
{
    const bool isRoot = depth == 0;
    double& length = stepLength_;
    if (!isRoot)
        length = kFirstStep;
    const bool hasTimes = core_.timeCount() > 0;
    double bestBound = -kForbidden;
    double stallBound = -kForbidden;
    std::vector<double> bestMultipliers = lagrangian_.multipliers;
    std::vector<double> bestMessages;
    const int patience = isRoot ? 12 : 30;
    lagrangian_.forgetDirection();
    int stalls = 0;
    for (int turn = 0; turn < turns && !context_.isOver(); ++turn) {
        lagrangian_.price();
        const double first = lagrangian_.messages.forward(turn % 2 == 0 || !hasTimes);
        if (!hasTimes)
            offerChoice(lagrangian_.messages.choice);
        const double second = lagrangian_.messages.backward(turn % 2 == 1 || !hasTimes, minMarginals_);
        ++context_.trwsIterations;
        spendPasses();
        const double now = std::max(first, second);
        if (now > bestBound) {
            stalls = now > bestBound + 1e-6 * std::abs(now) ? 0 : stalls;
            bestBound = now;
            bestMultipliers = lagrangian_.multipliers;
            if (isRoot && hasTimes)
                bestMessages = lagrangian_.messages.messages;
        }
        bound = std::max(bound, now);
        if (isRoot && context_.raiseRootBound(std::min(now, context_.cutoff())))
            notePrices();
        if (!hasTimes || core_.fits(lagrangian_.messages.choice))
            offerChoice(lagrangian_.messages.choice);
        if (hasTimes && isRoot)
            remember();
        if (hasTimes && (isRoot ? turn % 10 == 0 : turn % 4 == 3))
            searchLocally(isRoot && turn % 50 == 0);
        if (context_.isClosedBy(bound) || !fixByReducedCost(first)) {
            context_.closedBy("bound");
            return End::kClosed;
        }
        if (hasTimes) {
            if (++stalls > patience) {
                stalls = 0;
                length *= 0.6;
                lagrangian_.multipliers = bestMultipliers;
                lagrangian_.messages.messages = bestMessages;
                lagrangian_.forgetDirection();
                if (length < kLastStep) {
                    length = kRestartStep;
                    break;
                }
            }
            const double target = context_.upperBound < kForbidden ? context_.upperBound : now + 0.3 * std::abs(now) + 1e-9;
            lagrangian_.step(now, std::max(target, now + 1e-7 * std::abs(now)), length, isRoot ? 0.7 : 0.5);
        } else if (turn % 10 == 9) {
            if (bestBound - stallBound < 0.02 * (context_.upperBound - bestBound))
                break;
            stallBound = bestBound;
        }
        if (turn % 5 == 4 && isCompactable())
            break;
    }
    lagrangian_.multipliers = bestMultipliers;
    return End::kOpen;
}

/// Multipliers to start from; returns their bound.
double CoreSearch::startPrices()
{
    const auto see = [this](const std::vector<int>& choice, double cost) {
        remember();
        spendPasses();
        if (cost < incumbentCost_ && core_.fits(choice))
            offer(cost, choice);
    };
    PriceBundle bundle(core_, lagrangian_, see, [this] { return context_.isOver(); });
    const double bound = bundle.run();
    context_.trwsIterations += bundle.turns();
    mixture_ = bundle.mixture();
    bundlePrices_ = lagrangian_.multipliers;
    if (context_.raiseRootBound(bound))
        notePrices();
    return bound;
}

/// Labels that recent passes chose, and those of the incumbent.
std::vector<uint8_t> CoreSearch::likedLabels(float share) const
{
    std::vector<uint8_t> labels(core_.labelTotal(), 0);
    for (int i = 0; i < core_.nodeCount; ++i) {
        const float* liking = liking_.data() + core_.labelOffset[at(i)];
        const float all = std::accumulate(liking, liking + core_.labelCount[at(i)], 0.0f);
        uint8_t* liked = labels.data() + core_.labelOffset[at(i)];
        for (int s = 0; s < core_.labelCount[at(i)]; ++s)
            liked[s] = liking[s] > share * all;
        liked[lagrangian_.messages.choice[at(i)]] = 1;
        for (const std::vector<int>& choice : mixture_) {
            if (choice[at(i)] != kNoLabel)
                liked[choice[at(i)]] = 1;
        }
        if (!incumbent_.empty())
            liked[incumbent_[at(i)]] = 1;
    }
    return labels;
}

/// One round of tries on the labels that the passes liked.
void CoreSearch::searchPrimally()
{
    constexpr int kPatterns = 40;
    constexpr float kShares[] = {0.02f, 0.05f, 0.15f};
    --primalRounds_;
    PrimalSearch primal(core_, static_cast<uint64_t>(11 + primalRounds_));
    // Few prices leave the tries more freedom than the polished ones: take turns.
    const bool usesBundle = primalRounds_ % 3 != 0 && !bundlePrices_.empty();
    primal.run(likedLabels(usesBundle ? 2.0f : kShares[primalRounds_ % 3]),
               usesBundle ? bundlePrices_ : lagrangian_.multipliers, kPatterns,
               context_.upperBound,
               [this](double cost, const std::vector<int>& choice) { offer(cost, choice); });
    context_.spend(primal.work());
    for (float& liking : liking_)
        liking *= 0.5f;
}

/// Alternates between tries and passes until the bound closes, many labels are barred, or rounds are used up.
CoreSearch::End CoreSearch::searchRoot(double& bound)
{
    if (context_.rootBound == -kForbidden)
        bound = std::max(bound, startPrices());
    if (context_.isClosedBy(bound))
        return End::kClosed;
    // Prices first: tries are worth little before they have settled.
    const int firstTurns = labelCount_ < kSmallCore ? 250 : 100;
    constexpr int kTurns = 15;
    int turns = context_.upperBound < kForbidden && primalRounds_ < mostRounds_ ? kTurns : firstTurns;
    while (true) {
        if (iterate(0, bound, turns) == End::kClosed)
            return End::kClosed;
        if (primalRounds_ == 0 || context_.isOver() || isCompactable())
            return End::kOpen;
        const double before = context_.upperBound;
        searchPrimally();
        if (context_.upperBound < before)
            primalRounds_ = std::max(primalRounds_, mostRounds_ - (primalRounds_ % 2 == mostRounds_ % 2 ? 2 : 1));
        turns = kTurns;
    }
}

/// Rebuilds the core without barred labels if they are many, and goes on there.
bool CoreSearch::compactAndSolve(int depth, double bound)
{
    if (!isCompactable())
        return false;
    const auto smaller = std::make_shared<CoreWithOrigin>(restrictCore(core_, lagrangian_.isAllowed));
    for (double capacity : smaller->core.capacity) {
        if (capacity < -0.5)
            return true;
    }
    const Lift lift = lift_;
    CoreSearch inner(smaller->core, context_, [smaller, lift](const std::vector<int>& choice) {
        return lift(smaller->lift(choice));
    });
    if (depth == 0)
        inner.inherit(*this, *smaller);
    else
        inner.lagrangian_.multipliers = pricesIn(*smaller, lagrangian_.multipliers);
    inner.solve(depth, bound);
    return true;
}

/// What the search has learnt, in terms of the smaller core.
void CoreSearch::inherit(const CoreSearch& outer, const CoreWithOrigin& smaller)
{
    isWhole_ = false;
    lagrangian_.multipliers = pricesIn(smaller, outer.lagrangian_.multipliers);
    if (!outer.bundlePrices_.empty())
        bundlePrices_ = pricesIn(smaller, outer.bundlePrices_);
    primalRounds_ = std::min(outer.primalRounds_, mostRounds_);
    mixture_.assign(outer.mixture_.size(), std::vector<int>(smaller.node.size(), kNoLabel));
    liking_.assign(core_.labelTotal(), 0.0f);
    for (size_t i = 0; i < smaller.node.size(); ++i) {
        const size_t node = at(smaller.node[i]);
        for (size_t s = 0; s < smaller.label[i].size(); ++s) {
            const int label = smaller.label[i][s];
            if (!outer.liking_.empty())
                liking_[core_.labelOffset[i] + s] = outer.liking_[outer.core_.labelOffset[node] + at(label)];
            for (size_t k = 0; k < mixture_.size(); ++k) {
                if (outer.mixture_[k][node] == label)
                    mixture_[k][i] = static_cast<int>(s);
            }
        }
    }
}

/// The node where a second choice costs most, and its best label.
std::pair<int, int> CoreSearch::branchingLabel() const
{
    std::pair<int, int> result{-1, -1};
    double bestScore = -1;
    for (int i = 0; i < core_.nodeCount; ++i) {
        double least = kForbidden;
        double second = kForbidden;
        int label = -1;
        int count = 0;
        for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
            if (!lagrangian_.isAllowed[core_.labelOffset[at(i)] + at(s)])
                continue;
            ++count;
            const double marginal = minMarginals_[core_.labelOffset[at(i)] + at(s)];
            if (marginal < least || label < 0) {
                second = least;
                least = marginal;
                label = s;
            } else {
                second = std::min(second, marginal);
            }
        }
        if (count < 2)
            continue;
        const double score = std::min(second, 1e300) + 0.3 * lagrangian_.priceSpread(i);
        if (score > bestScore) {
            bestScore = score;
            result = {i, label};
        }
    }
    return result;
}

void CoreSearch::branch(int depth, double bound)
{
    const auto [node, label] = branchingLabel();
    if (node < 0) {
        // One label each: the bound of a single choice is its cost, and propagation has checked that it fits.
        std::vector<int> choice(at(core_.nodeCount));
        for (int i = 0; i < core_.nodeCount; ++i) {
            for (int s = 0; s < core_.labelCount[at(i)]; ++s) {
                if (lagrangian_.isAllowed[core_.labelOffset[at(i)] + at(s)])
                    choice[at(i)] = s;
            }
        }
        if (core_.fits(choice))
            offerChoice(choice);
        return;
    }
    const std::vector<uint8_t> allowed = lagrangian_.isAllowed;
    const std::vector<double> multipliers = lagrangian_.multipliers;
    for (bool takesLabel : {true, false}) {
        lagrangian_.isAllowed = allowed;
        lagrangian_.multipliers = multipliers;
        uint8_t* labels = lagrangian_.isAllowed.data() + core_.labelOffset[at(node)];
        if (takesLabel)
            std::fill_n(labels, core_.labelCount[at(node)], uint8_t{0});
        labels[label] = takesLabel;
        lagrangian_.messages.forgetBarred();
        if (context_.isOver())
            context_.giveUp(bound);
        else if (propagate())
            solve(depth + 1, bound);
    }
}

void CoreSearch::solve(int depth, double bound)
{
    if (context_.isClosedBy(bound))
        return;
    if (context_.isOver()) {
        context_.giveUp(bound);
        return;
    }
    context_.branchNodes += depth > 0;
    if (depth > 0)
        context_.closedBy("branching");
    if (core_.nodeCount == 0) {
        offerChoice({});
        return;
    }
    const bool isWhole = allowedCount() == labelCount_;
    if (isWhole && tryElimination(kCheapTables))
        return;
    const bool hasTimes = core_.timeCount() > 0;
    const End end = depth > 0   ? iterate(depth, bound, 14)
                    : !hasTimes ? iterate(0, bound, 200)
                                : searchRoot(bound);
    if (end == End::kClosed)
        return;
    if (context_.isOver()) {
        context_.giveUp(bound);
        return;
    }
    if (compactAndSolve(depth, bound))
        return;
    // Branching halves the work of elimination again and again, so its allowance grows with depth.
    const double allowance = static_cast<double>(kTablePasses * core_.passWork()) * std::pow(4.0, depth);
    if (isWhole && tryElimination(std::min(allowance, kMostTables)))
        return;
    branch(depth, bound);
}

bool areWhole(const std::vector<double>& numbers)
{
    return std::all_of(numbers.begin(), numbers.end(), [](double number) {
        return number == kForbidden || number == std::floor(number);
    });
}

} // namespace

bool isIntegral(const IlpProblem& problem)
{
    return std::all_of(problem.nodes.begin(), problem.nodes.end(),
                       [](const IlpNode& node) { return areWhole(node.costs); }) &&
           std::all_of(problem.matrices.begin(), problem.matrices.end(),
                       [](const IlpMatrix& matrix) { return areWhole(matrix.entries); });
}

double magnitudeOf(const IlpCore& core)
{
    double sum = std::abs(core.base);
    for (int i = 0; i < core.nodeCount; ++i) {
        double least = kForbidden;
        for (int s = 0; s < core.labelCount[at(i)]; ++s)
            least = std::min(least, std::abs(core.costs[core.labelOffset[at(i)] + at(s)]));
        sum += least;
    }
    return sum;
}

SearchContext::SearchContext(const IlpOptions& options, bool isIntegral, double costScale)
    : options_(options)
    , isIntegral_(isIntegral)
    , costScale_(costScale)
    , workLeft_(options.workLimit)
    , deadline_(std::chrono::steady_clock::time_point::max())
{
    if (options.timeLimit)
        deadline_ = std::chrono::steady_clock::now() +
                    std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                        std::chrono::duration<double>(options.timeLimit->count));
}

double SearchContext::cutoff() const
{
    if (upperBound == kForbidden)
        return kForbidden;
    // Sums of doubles in different orders agree to about 1e-15 per term.
    const double rounding = 1e-12 * costScale_;
    const double tolerance = std::max(options_.gapTolerance * std::abs(upperBound), rounding);
    return isIntegral_ ? std::min(upperBound - 1 + 1e-3, upperBound - tolerance) : upperBound - tolerance;
}

bool SearchContext::offer(double cost, const std::vector<int>& choice)
{
    if (!(cost < upperBound))
        return false;
    upperBound = cost;
    best = choice;
    if (options_.onBound)
        options_.onBound(upperBound, rootBound);
    return true;
}

bool SearchContext::raiseRootBound(double bound)
{
    if (bound <= rootBound)
        return false;
    rootBound = bound;
    if (options_.onBound)
        options_.onBound(upperBound, rootBound);
    return true;
}

void SearchContext::closedBy(std::string_view how)
{
    if (method != "branching")
        method = how;
}

void SearchContext::giveUp(double bound)
{
    openBound = std::min(openBound, bound);
}

bool SearchContext::isOver()
{
    if (workLeft_ <= 0 || branchNodes > options_.branchNodeLimit || isPastDeadline_ || isCancelled())
        return true;
    isPastDeadline_ = options_.timeLimit && std::chrono::steady_clock::now() > deadline_;
    return isPastDeadline_;
}

void searchCore(const IlpCore& core, SearchContext& context)
{
    if (std::any_of(core.capacity.begin(), core.capacity.end(), [](double room) { return room < -0.5; }))
        return;
    CoreSearch(core, context, [](const std::vector<int>& choice) { return choice; }).solve(0, -kForbidden);
}

} // namespace alpa
