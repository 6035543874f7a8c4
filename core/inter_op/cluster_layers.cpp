#include "core/inter_op/cluster_layers.h"

#include "core/base/text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace alpa
{

namespace
{

constexpr double kNone = std::numeric_limits<double>::infinity();
/// LAYER_HEAVY_OP_LOWER_BOUND and the tie tolerance of
/// alpa/pipeline_parallel/layer_construction.py.
constexpr int kHeavyOpsPerLayer = 3;
constexpr double kTie = 1 + 1e-4;

/// A layer that begins at op l may end (exclusively) at any op in [first[l], last[l]]; at none if
/// first > last.
struct EndWindows {
    std::vector<int> first;
    std::vector<int> last;
};

Status checkProblem(const ClusteringProblem& problem, const ClusteringOptions& options)
{
    const auto opCount = static_cast<int>(problem.cost.size());
    if (problem.isHeavy.size() != problem.cost.size())
        return Error{ErrorCode::kInvalidInput,
                     "layer clustering: " + std::to_string(opCount) + " costs for " +
                         std::to_string(problem.isHeavy.size()) + " heavy flags"};
    if (options.layerCount < 1 || !(options.imbalance >= 0.0))
        return Error{ErrorCode::kInvalidInput,
                     "layer clustering: needs at least one layer and an imbalance of at least 0"};
    for (const double cost : problem.cost) {
        if (!(cost >= 0.0) || !std::isfinite(cost))
            return Error{ErrorCode::kInvalidInput,
                         "layer clustering: op costs must be finite and not negative"};
    }
    for (const ClusteringValue& value : problem.values) {
        const bool isOrdered = std::is_sorted(value.uses.begin(), value.uses.end());
        const bool isInside = value.producer >= 0 && value.producer < opCount &&
                              (value.uses.empty() || (value.uses.front() > value.producer &&
                                                      value.uses.back() < opCount));
        if (!isOrdered || !isInside || !(value.bytes >= 0.0) || !std::isfinite(value.bytes))
            return Error{ErrorCode::kInvalidInput,
                         "layer clustering: value of op " + std::to_string(value.producer) +
                             " must be used by later ops, in order, and have bytes"};
    }
    return {};
}

int heavyCount(const ClusteringProblem& problem)
{
    return static_cast<int>(std::count_if(problem.isHeavy.begin(), problem.isHeavy.end(),
                                          [](uint8_t flag) { return flag != 0; }));
}

/// Alpa's Block(l, r). The allowed ends are one interval because the heavy count and the cost only
/// grow with r.
EndWindows findWindows(const ClusteringProblem& problem, int layerCount, double imbalance)
{
    const auto opCount = static_cast<int>(problem.cost.size());
    double total = 0.0;
    for (size_t op = 0; op < problem.cost.size(); ++op)
        total += problem.isHeavy[op] ? problem.cost[op] : 0.0;
    const double bound = total / layerCount * (1 + imbalance);
    const int fewest = std::min(kHeavyOpsPerLayer, heavyCount(problem) / layerCount);
    EndWindows windows{std::vector<int>(problem.cost.size() + 1, 1),
                       std::vector<int>(problem.cost.size() + 1, 0)};
    for (int begin = 0; begin < opCount; ++begin) {
        int heavy = 0;
        double cost = 0.0;
        std::optional<int> first;
        int last = 0;
        for (int op = begin; op < opCount; ++op) {
            const bool isHeavy = problem.isHeavy[static_cast<size_t>(op)] != 0;
            if (isHeavy) {
                ++heavy;
                cost += problem.cost[static_cast<size_t>(op)];
            }
            if (heavy < fewest && cost < bound)
                continue;
            if (isHeavy && heavy > fewest && cost >= bound)
                break;
            first = first.value_or(op + 1);
            last = op + 1;
        }
        if (first) {
            windows.first[static_cast<size_t>(begin)] = *first;
            windows.last[static_cast<size_t>(begin)] = last;
        }
    }
    return windows;
}

/// canFinish[q][k]: can ops k..n-1 be cut into layers q..L-1?
std::vector<std::vector<uint8_t>> findFinishable(const EndWindows& windows, int layerCount)
{
    const size_t ops = windows.first.size() - 1;
    std::vector<std::vector<uint8_t>> canFinish(static_cast<size_t>(layerCount) + 1,
                                                std::vector<uint8_t>(ops + 1, 0));
    canFinish.back()[ops] = 1;
    std::vector<int> finishableBefore(ops + 2, 0);
    for (auto layer = static_cast<size_t>(layerCount); layer-- > 0;) {
        for (size_t op = 0; op <= ops; ++op)
            finishableBefore[op + 1] = finishableBefore[op] + canFinish[layer + 1][op];
        for (size_t begin = 0; begin < ops; ++begin) {
            const int first = windows.first[begin];
            const int last = windows.last[begin];
            canFinish[layer][begin] =
                first <= last && finishableBefore[static_cast<size_t>(last) + 1] >
                                     finishableBefore[static_cast<size_t>(first)];
        }
    }
    return canFinish;
}

bool hasClustering(const ClusteringProblem& problem, int layerCount, double imbalance)
{
    return findFinishable(findWindows(problem, layerCount, imbalance), layerCount)
               .front()
               .front() != 0;
}

Error noClustering(const ClusteringProblem& problem, const ClusteringOptions& options)
{
    std::string message = "no clustering into " + std::to_string(options.layerCount) +
                          " layers keeps each within " + formatNumber(1 + options.imbalance) +
                          " times the mean cost";
    const int heavy = heavyCount(problem);
    int fewer = options.layerCount - 1;
    while (fewer >= 1 && !hasClustering(problem, fewer, options.imbalance))
        --fewer;
    int more = options.layerCount + 1;
    while (more <= heavy && !hasClustering(problem, more, options.imbalance))
        ++more;
    std::string admitted = fewer >= 1 ? std::to_string(fewer) : "";
    if (more <= heavy)
        admitted += (admitted.empty() ? "" : " or ") + std::to_string(more);
    if (!admitted.empty())
        message += "; " + admitted + " would do";
    return {ErrorCode::kInvalidInput, message};
}

/// Bytes that the ops from `begin` on read of what the ops before `begin` produced, for one `begin`
/// after another.
class IncomingBytes
{
public:
    explicit IncomingBytes(const ClusteringProblem& problem)
        : problem_(problem)
        , produced_(problem.cost.size())
        , awaited_(problem.cost.size())
        , nextUse_(problem.values.size(), 0)
        , bytesByOp_(problem.cost.size(), 0.0)
    {
        for (size_t value = 0; value < problem.values.size(); ++value) {
            if (!problem.values[value].uses.empty())
                produced_[static_cast<size_t>(problem.values[value].producer)].push_back(value);
        }
    }

    /// Moves `begin` past `op`.
    void advance(int op)
    {
        for (const size_t value : awaited_[static_cast<size_t>(op)]) {
            const std::vector<int>& uses = problem_.values[value].uses;
            while (nextUse_[value] < uses.size() && uses[nextUse_[value]] <= op)
                ++nextUse_[value];
            await(value);
        }
        for (const size_t value : produced_[static_cast<size_t>(op)])
            await(value);
    }

    /// Bytes of values whose first use from `begin` on is `op`; summed from `begin` to r they are
    /// I[begin, r].
    double firstReadAt(int op) const { return bytesByOp_[static_cast<size_t>(op)]; }

private:
    void await(size_t value)
    {
        const std::vector<int>& uses = problem_.values[value].uses;
        if (nextUse_[value] == uses.size())
            return;
        const auto op = static_cast<size_t>(uses[nextUse_[value]]);
        bytesByOp_[op] += problem_.values[value].bytes;
        awaited_[op].push_back(value);
    }

    const ClusteringProblem& problem_;
    std::vector<std::vector<size_t>> produced_; ///< Per op, the values it makes.
    std::vector<std::vector<size_t>> awaited_;  ///< Per op, the values whose next use it is.
    std::vector<size_t> nextUse_;               ///< Per value, into its uses.
    std::vector<double> bytesByOp_;
};

/// Is there a clustering whose layers all receive at most `limit` bytes? One bit a number of layers
/// makes this far cheaper than the programme below.
bool isWithin(const ClusteringProblem& problem, int layerCount, double imbalance, double limit)
{
    const EndWindows windows = findWindows(problem, layerCount, imbalance);
    const auto opCount = static_cast<int>(problem.cost.size());
    const size_t words = static_cast<size_t>(layerCount) / 64 + 1;
    // Bit q of row r: ops 0..r-1 can be cut into q layers.
    std::vector<uint64_t> reached(words * (problem.cost.size() + 1), 0);
    reached[0] = 1;
    std::vector<uint64_t> shifted(words);
    IncomingBytes incoming(problem);
    for (int begin = 0; begin < opCount; ++begin) {
        if (begin > 0)
            incoming.advance(begin - 1);
        const uint64_t* row = reached.data() + static_cast<size_t>(begin) * words;
        for (size_t word = 0; word < words; ++word)
            shifted[word] = (row[word] << 1) | (word > 0 ? row[word - 1] >> 63 : 0);
        if (std::all_of(shifted.begin(), shifted.end(), [](uint64_t bits) { return bits == 0; }))
            continue;
        double bytes = 0.0;
        for (int end = begin + 1; end <= windows.last[static_cast<size_t>(begin)]; ++end) {
            bytes += incoming.firstReadAt(end - 1);
            if (bytes > limit)
                break;
            if (end < windows.first[static_cast<size_t>(begin)])
                continue;
            for (size_t word = 0; word < words; ++word)
                reached[static_cast<size_t>(end) * words + word] |= shifted[word];
        }
    }
    const auto layers = static_cast<size_t>(layerCount);
    return (reached[problem.cost.size() * words + layers / 64] >> (layers % 64) & 1) != 0;
}

/// G and its tie-breakers for q layers that end at op r.
struct PrefixCost {
    double largest = kNone;
    double sum = kNone;
    double unevenness = kNone;
    int previousEnd = -1;
};

/// Alpa's programme with the begins in the outer loop: I[begin, .] is then one running sum shared
/// by all layer numbers, and each (layers, end) still sees its begins in ascending order, which
/// decides ties.
class LayerProgramme
{
public:
    LayerProgramme(const ClusteringProblem& problem, const EndWindows& windows,
                   const std::vector<std::vector<uint8_t>>& canFinish, int layerCount)
        : windows_(windows)
        , canFinish_(canFinish)
        , layerCount_(layerCount)
        , opCount_(static_cast<int>(problem.cost.size()))
        , incoming_(problem)
        , best_(static_cast<size_t>(layerCount) + 1,
                std::vector<PrefixCost>(problem.cost.size() + 1))
    {
        best_[0][0] = {0.0, 0.0, 0.0, -1};
    }

    bool run(const JobControl& job)
    {
        std::vector<double> bytes(static_cast<size_t>(opCount_) + 1);
        for (int begin = 0; begin < opCount_; ++begin) {
            if (begin > 0)
                incoming_.advance(begin - 1);
            if (begin % 256 == 0 && job.isCancelled())
                return false;
            double sum = 0.0;
            for (int end = begin + 1; end <= windows_.last[static_cast<size_t>(begin)]; ++end) {
                sum += incoming_.firstReadAt(end - 1);
                bytes[static_cast<size_t>(end)] = sum;
            }
            for (int layers = 1; layers <= layerCount_; ++layers)
                extend(begin, layers, bytes);
        }
        return true;
    }

    LayerClustering result() const
    {
        const PrefixCost& whole = best_.back().back();
        LayerClustering clustering{{}, whole.largest, whole.sum};
        int end = opCount_;
        for (auto layers = static_cast<size_t>(layerCount_); layers > 0; --layers) {
            end = best_[layers][static_cast<size_t>(end)].previousEnd;
            clustering.begins.insert(clustering.begins.begin(), end);
        }
        return clustering;
    }

private:
    /// Appends [begin, end) as layer number `layers` for each allowed end.
    void extend(int begin, int layers, const std::vector<double>& bytes)
    {
        const PrefixCost& before =
            best_[static_cast<size_t>(layers) - 1][static_cast<size_t>(begin)];
        if (before.largest == kNone)
            return;
        const std::vector<uint8_t>& canFinish = canFinish_[static_cast<size_t>(layers)];
        std::vector<PrefixCost>& row = best_[static_cast<size_t>(layers)];
        const double begun = before.unevenness + static_cast<double>(begin) * begin / layers;
        const int last = windows_.last[static_cast<size_t>(begin)];
        for (int end = windows_.first[static_cast<size_t>(begin)]; end <= last; ++end) {
            const double received = bytes[static_cast<size_t>(end)];
            const double largest = std::max(before.largest, received);
            PrefixCost& best = row[static_cast<size_t>(end)];
            if (largest > best.largest * kTie || !canFinish[static_cast<size_t>(end)])
                continue;
            const double sum = before.sum + received;
            const double width = end - begin;
            const double unevenness =
                begun - static_cast<double>(end) * end / (layers + 1) + width * width;
            if (largest < best.largest || sum < best.sum ||
                (sum <= best.sum * kTie && unevenness < best.unevenness))
                best = {largest, sum, unevenness, begin};
        }
    }

    const EndWindows& windows_;
    const std::vector<std::vector<uint8_t>>& canFinish_;
    int layerCount_;
    int opCount_;
    IncomingBytes incoming_;
    std::vector<std::vector<PrefixCost>> best_; ///< [layers][end]
};

} // namespace

Result<LayerClustering> clusterLayers(const ClusteringProblem& problem,
                                      const ClusteringOptions& options, const JobControl& job)
{
    RETURN_IF_ERROR(checkProblem(problem, options));
    const int heavy = heavyCount(problem);
    if (heavy < options.layerCount)
        return Error{ErrorCode::kInvalidInput,
                     "cannot make " + std::to_string(options.layerCount) + " layers of " +
                         std::to_string(heavy) +
                         " heavy ops (dots and convolutions): each layer needs one"};
    const EndWindows windows = findWindows(problem, options.layerCount, options.imbalance);
    const std::vector<std::vector<uint8_t>> canFinish = findFinishable(windows, options.layerCount);
    if (!canFinish.front().front())
        return noClustering(problem, options);
    LayerProgramme programme(problem, windows, canFinish, options.layerCount);
    if (!programme.run(job))
        return Error{ErrorCode::kCancelled, "layer clustering was cancelled"};
    return programme.result();
}

Result<int> searchLayerCount(const ClusteringProblem& problem, double imbalance, double slack,
                             const JobControl& job)
{
    RETURN_IF_ERROR(checkProblem(problem, {1, imbalance}));
    if (heavyCount(problem) < 2 || !hasClustering(problem, 2, imbalance))
        return 1;
    ASSIGN_OR_RETURN(const LayerClustering two, clusterLayers(problem, {2, imbalance}, job));
    const int most = std::max(2, heavyCount(problem) / kHeavyOpsPerLayer);
    for (int count = most; count > 2; --count) {
        if (job.isCancelled())
            return Error{ErrorCode::kCancelled, "layer clustering was cancelled"};
        if (isWithin(problem, count, imbalance, two.objective * (1 + slack)))
            return count;
        job.report("layer count", static_cast<double>(most - count) / most);
    }
    return 2;
}

} // namespace alpa
