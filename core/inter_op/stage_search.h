// The engine under stage_dp.h and choose_stages.h: minimises  sum t_i + rounds * max t_j + max p_j
// over covers of the layers by shapes whose devices add up. Internal to this folder.
//
// For bounds T on t and P on p, a dynamic programme over (layer, devices, stages from here) gives
// g(T, P), the least sum t_i. g falls as T and P grow, so g at the upper corner of a rectangle of
// (T, P) plus the lower corner's rounds * T + P bounds every plan inside from below: branch and
// bound over rectangles visits a few dozen values of T where the plain enumeration of the paper
// visits all.
#pragma once

#include "core/base/job.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace alpa
{

/// One point of a shape's trade-off.
struct StageOption {
    double time = 0;    ///< t, per microbatch.
    double perStep = 0; ///< p, once.
    int maxFollowing =
        0; ///< Most stages that may come after this one (memory of in-flight microbatches).
    int source = 0; ///< The caller's index.
};

/// Numbers of devices of either kind; most clusters have a first kind only.
struct DeviceCounts {
    int first = 0;
    int second = 0;
};

/// Layers [first, end) on one submesh, in any of its options.
struct StageShape {
    int first = 0;
    int end = 0;
    int submesh = 0;
    DeviceCounts devices;
    std::vector<StageOption> options;
};

struct StageSearchProblem {
    int layerCount = 0;
    DeviceCounts devices;
    double rounds = 0; ///< B - 1.
    int minStages = 1;
    int maxStages = 0;
    bool allowIdleDevices = false;
    std::vector<StageShape> shapes;
};

/// A chosen option of a chosen shape.
struct StageChoice {
    int shape = 0;
    int option = 0;
};

struct StageSearchResult {
    double objective = 0;
    std::vector<StageChoice> stages; ///< In pipeline order.
};

/// Numbers of devices [begin, end); empty if end <= begin.
struct DeviceRange {
    int begin = 0;
    int end = 0;
};

/// Is the table of a search over so many layers and devices small enough to be allocated (4 GiB of
/// addresses, of which a search touches what it reaches)? 64 layers on 32,768 devices still are.
bool fitsTable(int layerCount, DeviceCounts devices);

/// Sorts the shapes (first layer; longer first; submesh) and keeps each shape's Pareto-optimal
/// options, ascending in time. Both searches below assume it was called.
void normalise(StageSearchProblem& problem);

/// Solves one problem many times, each time for a subset of the shapes.
class StageSearch
{
public:
    /// Keeps a reference: `problem` must outlive the search.
    explicit StageSearch(const StageSearchProblem& problem);

    /// The optimum over the shapes with enabled[shape] != 0, or empty if there is none (or the job
    /// was cancelled).
    std::optional<StageSearchResult> solve(const std::vector<uint8_t>& enabled,
                                           const JobControl& job);
    /// Is there any cover at all?
    bool isFeasible(const std::vector<uint8_t>& enabled);
    /// Dynamic programmes solved so far.
    int programmesSolved() const { return programmesSolved_; }

private:
    struct Corner {
        double sum = 0;
        std::vector<StageChoice> stages;
    };
    /// The entries of the table from `layer` on, in `level` stages, with so many devices of the
    /// second kind.
    struct Row {
        int level = 0;
        int layer = 0;
        int second = 0;
    };
    std::optional<Corner> solveCorner(const std::vector<uint8_t>& enabled, double maxTime,
                                      double maxPerStep);
    void fillTable(const std::vector<uint8_t>& enabled, double maxTime, double maxPerStep);
    void relaxShape(const StageShape& shape, double time, int level);
    std::optional<Corner> readPlan(const std::vector<uint8_t>& enabled, double maxTime,
                                   double maxPerStep) const;
    std::optional<StageChoice> findStage(Row& row, int& devices,
                                         const std::vector<uint8_t>& enabled, double maxTime,
                                         double maxPerStep) const;
    int optionFor(const StageShape& shape, int level, double maxTime, double maxPerStep) const;
    void widenRow(const Row& row, DeviceRange range);
    double sumFrom(const Row& row, int devices) const;
    size_t cellIndex(const Row& row, int devices) const;
    size_t rowIndex(const Row& row) const;

    const StageSearchProblem& problem_;
    int levels_ = 1;               ///< Stages from here are told apart up to this number.
    bool lastLevelIsOpen_ = false; ///< The last level stands for "this many or more".
    size_t width_ = 1;             ///< Of a row: the widest band.
    std::vector<int> firstShape_;  ///< Per layer, into problem_.shapes.
    /// Per layer, the devices of the first kind that the stages from there on may use.
    std::vector<DeviceRange> bands_;
    /// (levels + 1, layers + 1, second kind + 1, width): the least sum from a layer to the end, by
    /// devices above the band's begin. Cells are valid only within filled_, so that no programme
    /// clears the table.
    std::unique_ptr<double[]> table_;
    std::vector<DeviceRange> filled_; ///< Per row.
    int programmesSolved_ = 0;
};

} // namespace alpa
