#include "core/inter_op/stage_search.h"

#include "core/base/check.h"

#include <queue>

#include <algorithm>
#include <limits>
#include <tuple>

namespace alpa
{

namespace
{

constexpr double kNone = std::numeric_limits<double>::infinity();

/// A plan must beat the best by more than rounding to be worth another programme.
constexpr double kRounding = 1e-12;

/// Rectangle of bounds, as inclusive indices into the ascending distinct times and perSteps.
struct Rectangle {
    int timeLow = 0;
    int timeHigh = 0;
    int perStepLow = 0;
    int perStepHigh = 0;
    int timeUsed =
        0; ///< The largest time in the plan of the upper corner, or timeLow if that is larger.
    int perStepUsed = 0; ///< The same of perStep. From (timeUsed, perStepUsed) to the corner, that
                         ///< plan is optimal.
    double sum = 0;      ///< g at the upper corner.
    double bound = 0;    ///< No plan inside is better.
    int order = 0;       ///< Makes the queue's order total.
};

struct Later {
    bool operator()(const Rectangle& a, const Rectangle& b) const
    {
        return std::tie(a.bound, a.order) > std::tie(b.bound, b.order);
    }
};

template <typename Member>
std::vector<double> distinctValues(const StageSearchProblem& problem,
                                   const std::vector<uint8_t>& enabled, Member member)
{
    std::vector<double> values;
    for (size_t shape = 0; shape < problem.shapes.size(); ++shape) {
        if (!enabled[shape])
            continue;
        for (const StageOption& option : problem.shapes[shape].options)
            values.push_back(option.*member);
    }
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

int indexOf(const std::vector<double>& values, double value)
{
    return static_cast<int>(std::lower_bound(values.begin(), values.end(), value) - values.begin());
}

/// The last index in [low, high) whose value is at most the middle between both ends.
int middle(const std::vector<double>& values, int low, int high)
{
    const double half =
        0.5 * (values[static_cast<size_t>(low)] + values[static_cast<size_t>(high)]);
    const auto above = std::upper_bound(values.begin() + low, values.begin() + high, half);
    return std::clamp(static_cast<int>(above - values.begin()) - 1, low, high - 1);
}

void keepParetoOptions(std::vector<StageOption>& options)
{
    std::stable_sort(options.begin(), options.end(),
                     [](const StageOption& a, const StageOption& b) {
                         return std::tie(a.time, a.perStep, b.maxFollowing) <
                                std::tie(b.time, b.perStep, a.maxFollowing);
                     });
    std::vector<StageOption> kept;
    for (const StageOption& option : options) {
        const bool isDominated =
            std::any_of(kept.begin(), kept.end(), [&](const StageOption& better) {
                return better.perStep <= option.perStep &&
                       better.maxFollowing >= option.maxFollowing;
            });
        if (!isDominated)
            kept.push_back(option);
    }
    options = std::move(kept);
}

/// Per layer, the numbers of devices that the stages from there on may use: what the stages before
/// it, in any cover of those layers, leave. Pruned candidates make these bands narrow.
std::vector<DeviceRange> findBands(const StageSearchProblem& problem)
{
    const auto layers = static_cast<size_t>(problem.layerCount);
    std::vector<DeviceRange> before(layers + 1); // Devices of covers of the layers before.
    before[0] = {0, 1};
    for (const StageShape& shape : problem.shapes) {
        const DeviceRange from = before[static_cast<size_t>(shape.first)];
        if (from.begin >= from.end || shape.options.empty())
            continue;
        DeviceRange& to = before[static_cast<size_t>(shape.end)];
        const DeviceRange reached{from.begin + shape.devices.first, from.end + shape.devices.first};
        if (to.begin >= to.end)
            to = reached;
        to = {std::min(to.begin, reached.begin), std::max(to.end, reached.end)};
    }
    std::vector<DeviceRange> bands(layers + 1);
    for (size_t layer = 0; layer <= layers; ++layer) {
        const DeviceRange used = before[layer];
        if (used.begin >= used.end)
            continue;
        const int all = problem.devices.first;
        const int fewest = problem.allowIdleDevices ? 0 : all - used.end + 1;
        bands[layer] = {std::max(0, fewest), all - used.begin + 1};
    }
    return bands;
}

} // namespace

bool fitsTable(int layerCount, DeviceCounts devices)
{
    constexpr double kMostCells = 0x1p29;
    const double levels = std::min(layerCount, devices.first + devices.second) + 1.0;
    return levels * (layerCount + 1.0) * (devices.first + 1.0) * (devices.second + 1.0) <=
           kMostCells;
}

void normalise(StageSearchProblem& problem)
{
    for (StageShape& shape : problem.shapes)
        keepParetoOptions(shape.options);
    std::stable_sort(
        problem.shapes.begin(), problem.shapes.end(), [](const StageShape& a, const StageShape& b) {
            return std::tie(a.first, b.end, a.submesh) < std::tie(b.first, a.end, b.submesh);
        });
}

StageSearch::StageSearch(const StageSearchProblem& problem)
    : problem_(problem)
{
    const int possible =
        std::min(problem.layerCount, problem.devices.first + problem.devices.second);
    const int mostStages = std::min(possible, problem.maxStages);
    const bool countsMatter = problem.minStages > 1 || problem.maxStages < possible;
    int lastUsefulLevel = 1;
    for (const StageShape& shape : problem.shapes) {
        for (const StageOption& option : shape.options) {
            if (option.maxFollowing < mostStages - 1)
                lastUsefulLevel = std::max(lastUsefulLevel, option.maxFollowing + 2);
        }
    }
    levels_ = std::max(1, countsMatter ? mostStages : std::min(mostStages, lastUsefulLevel));
    lastLevelIsOpen_ = !countsMatter;
    firstShape_.assign(static_cast<size_t>(problem.layerCount) + 1, 0);
    for (const StageShape& shape : problem.shapes)
        ++firstShape_[static_cast<size_t>(shape.first) + 1];
    for (size_t layer = 1; layer < firstShape_.size(); ++layer)
        firstShape_[layer] += firstShape_[layer - 1];
    bands_ = findBands(problem);
    for (const DeviceRange& band : bands_)
        width_ = std::max(width_, static_cast<size_t>(std::max(0, band.end - band.begin)));
    const size_t rows = rowIndex({levels_ + 1, 0, 0});
    table_ = std::make_unique_for_overwrite<double[]>(rows * width_);
    filled_.resize(rows);
}

size_t StageSearch::cellIndex(const Row& row, int devices) const
{
    return rowIndex(row) * width_ +
           static_cast<size_t>(devices - bands_[static_cast<size_t>(row.layer)].begin);
}

size_t StageSearch::rowIndex(const Row& row) const
{
    const size_t layers = static_cast<size_t>(problem_.layerCount) + 1;
    const size_t seconds = static_cast<size_t>(problem_.devices.second) + 1;
    return (static_cast<size_t>(row.level) * layers + static_cast<size_t>(row.layer)) * seconds +
           static_cast<size_t>(row.second);
}

/// Row (level, shape.first) = min(itself, row (level before, shape.end) shifted by the shape's
/// devices, plus time), for every number of devices of the second kind.
void StageSearch::relaxShape(const StageShape& shape, double time, int level)
{
    const DeviceRange band = bands_[static_cast<size_t>(shape.first)];
    const auto relaxFrom = [&](int levelAfter, int secondAfter) {
        const Row after{levelAfter, shape.end, secondAfter};
        const Row here{level, shape.first, secondAfter + shape.devices.second};
        const DeviceRange source = filled_[rowIndex(after)];
        const int begin = std::max(source.begin + shape.devices.first, band.begin);
        const int end = std::min(source.end + shape.devices.first, band.end);
        if (source.begin >= source.end || begin >= end)
            return;
        widenRow(here, {begin, end});
        double* to = table_.get() + cellIndex(here, begin);
        const double* from = table_.get() + cellIndex(after, begin - shape.devices.first);
        for (int cell = 0; cell < end - begin; ++cell) {
            const double sum = from[cell] + time;
            to[cell] = sum < to[cell] ? sum : to[cell];
        }
    };
    for (int second = 0; second + shape.devices.second <= problem_.devices.second; ++second) {
        relaxFrom(level - 1, second);
        if (lastLevelIsOpen_ && level == levels_)
            relaxFrom(level, second);
    }
}

/// Makes what is filled of a row include `range`.
void StageSearch::widenRow(const Row& row, DeviceRange range)
{
    DeviceRange& filled = filled_[rowIndex(row)];
    if (filled.begin >= filled.end)
        filled = {range.begin, range.begin};
    const int first = bands_[static_cast<size_t>(row.layer)].begin;
    double* values = table_.get() + cellIndex(row, first);
    if (range.begin < filled.begin)
        std::fill(values + (range.begin - first), values + (filled.begin - first), kNone);
    if (range.end > filled.end)
        std::fill(values + (filled.end - first), values + (range.end - first), kNone);
    filled = {std::min(filled.begin, range.begin), std::max(filled.end, range.end)};
}

double StageSearch::sumFrom(const Row& row, int devices) const
{
    const DeviceRange filled = filled_[rowIndex(row)];
    const bool isFilled = devices >= filled.begin && devices < filled.end;
    return isFilled ? table_[cellIndex(row, devices)] : kNone;
}

void StageSearch::fillTable(const std::vector<uint8_t>& enabled, double maxTime, double maxPerStep)
{
    ++programmesSolved_;
    std::fill(filled_.begin(), filled_.end(), DeviceRange{});
    const DeviceRange atEnd = bands_.back();
    if (atEnd.begin > 0 || atEnd.end < 1)
        return;
    widenRow({0, problem_.layerCount, 0}, {0, 1});
    table_[cellIndex({0, problem_.layerCount, 0}, 0)] = 0.0;
    for (int layer = problem_.layerCount - 1; layer >= 0; --layer) {
        const int shapesEnd = firstShape_[static_cast<size_t>(layer) + 1];
        for (int index = firstShape_[static_cast<size_t>(layer)]; index < shapesEnd; ++index) {
            if (!enabled[static_cast<size_t>(index)])
                continue;
            const StageShape& shape = problem_.shapes[static_cast<size_t>(index)];
            // Options ascend in time, so each serves the levels that no faster one may.
            int served = 0;
            for (const StageOption& option : shape.options) {
                if (option.time > maxTime)
                    break;
                if (option.perStep > maxPerStep)
                    continue;
                const int last = std::min(levels_, option.maxFollowing + 1);
                for (int level = served + 1; level <= last; ++level)
                    relaxShape(shape, option.time, level);
                served = std::max(served, last);
            }
        }
    }
}

int StageSearch::optionFor(const StageShape& shape, int level, double maxTime,
                           double maxPerStep) const
{
    for (size_t index = 0; index < shape.options.size(); ++index) {
        const StageOption& option = shape.options[index];
        if (option.time <= maxTime && option.perStep <= maxPerStep &&
            option.maxFollowing + 1 >= level)
            return static_cast<int>(index);
    }
    return -1;
}

/// Walks the table from the first layer. The choice is not stored but found again: the same two
/// doubles were added when the table was filled, so equality is exact.
std::optional<StageSearch::Corner> StageSearch::readPlan(const std::vector<uint8_t>& enabled,
                                                         double maxTime, double maxPerStep) const
{
    Row row;
    int devices = 0;
    double best = kNone;
    const DeviceCounts& all = problem_.devices;
    const int firstLevel = lastLevelIsOpen_ ? 1 : problem_.minStages;
    for (int level = firstLevel; level <= levels_; ++level) {
        for (int second = problem_.allowIdleDevices ? 0 : all.second; second <= all.second;
             ++second) {
            for (int used = problem_.allowIdleDevices ? 0 : all.first; used <= all.first; ++used) {
                if (sumFrom({level, 0, second}, used) < best) {
                    row = {level, 0, second};
                    devices = used;
                    best = sumFrom(row, used);
                }
            }
        }
    }
    if (best == kNone)
        return std::nullopt;
    Corner corner{best, {}};
    while (row.layer < problem_.layerCount) {
        const std::optional<StageChoice> stage =
            findStage(row, devices, enabled, maxTime, maxPerStep);
        CHECK(stage.has_value(), "each finite table entry has the stage that produced it");
        corner.stages.push_back(*stage);
    }
    return corner;
}

/// The stage that the entry of `row` at `devices` was computed from; both move on to what is after
/// it.
std::optional<StageChoice> StageSearch::findStage(Row& row, int& devices,
                                                  const std::vector<uint8_t>& enabled,
                                                  double maxTime, double maxPerStep) const
{
    const double rest = sumFrom(row, devices);
    const int shapesEnd = firstShape_[static_cast<size_t>(row.layer) + 1];
    for (int index = firstShape_[static_cast<size_t>(row.layer)]; index < shapesEnd; ++index) {
        const StageShape& shape = problem_.shapes[static_cast<size_t>(index)];
        if (!enabled[static_cast<size_t>(index)] || shape.devices.first > devices ||
            shape.devices.second > row.second)
            continue;
        const int option = optionFor(shape, row.level, maxTime, maxPerStep);
        if (option < 0)
            continue;
        const double time = shape.options[static_cast<size_t>(option)].time;
        const int levelsAfter = lastLevelIsOpen_ && row.level == levels_ ? 2 : 1;
        for (int step = 0; step < levelsAfter; ++step) {
            const Row after{row.level - 1 + step, shape.end, row.second - shape.devices.second};
            if (sumFrom(after, devices - shape.devices.first) + time == rest) {
                row = after;
                devices -= shape.devices.first;
                return StageChoice{index, option};
            }
        }
    }
    return std::nullopt;
}

std::optional<StageSearch::Corner> StageSearch::solveCorner(const std::vector<uint8_t>& enabled,
                                                            double maxTime, double maxPerStep)
{
    fillTable(enabled, maxTime, maxPerStep);
    return readPlan(enabled, maxTime, maxPerStep);
}

bool StageSearch::isFeasible(const std::vector<uint8_t>& enabled)
{
    return solveCorner(enabled, kNone, kNone).has_value();
}

std::optional<StageSearchResult> StageSearch::solve(const std::vector<uint8_t>& enabled,
                                                    const JobControl& job)
{
    const std::vector<double> times = distinctValues(problem_, enabled, &StageOption::time);
    const std::vector<double> perSteps = distinctValues(problem_, enabled, &StageOption::perStep);
    if (times.empty())
        return std::nullopt;
    const auto timeAt = [&](int index) { return times[static_cast<size_t>(index)]; };
    const auto perStepAt = [&](int index) { return perSteps[static_cast<size_t>(index)]; };

    std::optional<StageSearchResult> best;
    std::priority_queue<Rectangle, std::vector<Rectangle>, Later> open;
    int order = 0;
    const auto push = [&](Rectangle rectangle) {
        rectangle.bound = rectangle.sum + problem_.rounds * timeAt(rectangle.timeLow) +
                          perStepAt(rectangle.perStepLow);
        rectangle.order = order++;
        if (!best || rectangle.bound < best->objective * (1.0 - kRounding))
            open.push(rectangle);
    };
    const auto explore = [&](Rectangle rectangle) {
        const std::optional<Corner> corner =
            solveCorner(enabled, timeAt(rectangle.timeHigh), perStepAt(rectangle.perStepHigh));
        if (!corner)
            return;
        double slowest = 0.0;
        double perStep = 0.0;
        for (const StageChoice& stage : corner->stages) {
            const StageOption& option = problem_.shapes[static_cast<size_t>(stage.shape)]
                                            .options[static_cast<size_t>(stage.option)];
            slowest = std::max(slowest, option.time);
            perStep = std::max(perStep, option.perStep);
        }
        const double objective = corner->sum + problem_.rounds * slowest + perStep;
        if (!best || objective < best->objective)
            best = StageSearchResult{objective, corner->stages};
        rectangle.sum = corner->sum;
        rectangle.timeUsed = std::max(indexOf(times, slowest), rectangle.timeLow);
        rectangle.perStepUsed = std::max(indexOf(perSteps, perStep), rectangle.perStepLow);
        push(rectangle);
    };

    explore({0, static_cast<int>(times.size()) - 1, 0, static_cast<int>(perSteps.size()) - 1, 0, 0,
             0, 0, 0});
    while (!open.empty()) {
        if (job.isCancelled())
            return std::nullopt;
        const Rectangle rectangle = open.top();
        open.pop();
        if (rectangle.bound >= best->objective * (1.0 - kRounding))
            break;
        Rectangle lower = rectangle;
        Rectangle upper = rectangle;
        const double timeSlack =
            problem_.rounds * (timeAt(rectangle.timeUsed) - timeAt(rectangle.timeLow));
        const double perStepSlack =
            perStepAt(rectangle.perStepUsed) - perStepAt(rectangle.perStepLow);
        if (timeSlack >= perStepSlack) {
            lower.timeHigh = middle(times, rectangle.timeLow, rectangle.timeUsed);
            upper.timeLow = lower.timeHigh + 1;
        } else {
            lower.perStepHigh = middle(perSteps, rectangle.perStepLow, rectangle.perStepUsed);
            upper.perStepLow = lower.perStepHigh + 1;
        }
        push(upper);
        explore(lower);
    }
    return best;
}

} // namespace alpa
