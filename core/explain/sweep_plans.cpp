#include "core/explain/sweep_plans.h"

#include "core/base/text.h"
#include "core/explain/text_table.h"
#include "core/plan/microbatch_counts.h"
#include "core/plan/plan_figures.h"
#include "core/plan/plan_json.h"
#include "core/training/rebatch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

namespace alpa
{
namespace
{

using Clock = std::chrono::steady_clock;

Seconds since(Clock::time_point start)
{
    return Seconds(std::chrono::duration<double>(Clock::now() - start).count());
}

struct Storage {
    StorageRule parameters, states;
};
constexpr std::array<Storage, 3> kStorages{{{StorageRule::kReplicated, StorageRule::kReplicated},
                                            {StorageRule::kReplicated, StorageRule::kSplit},
                                            {StorageRule::kSplit, StorageRule::kSplit}}};

/// `pp` stages of one table whose slowest is as fast as can be: by dynamic programming over the
/// ends of the stages. Empty if there are none.
std::vector<EvaluatedStage> balancedStages(const StageTable& table, int pp)
{
    const int layers = table.layers();
    const auto columns = static_cast<size_t>(layers) + 1;
    // slowest[s][e]: of the first s stages, when they end at layer e.
    std::vector<double> slowest(static_cast<size_t>(pp + 1) * columns, kForever.count);
    std::vector<int> previous(slowest.size(), -1);
    const auto at = [columns](int s, int e) {
        return static_cast<size_t>(s) * columns + static_cast<size_t>(e);
    };
    slowest[at(0, 0)] = 0;
    for (int s = 1; s <= pp; ++s) {
        for (int end = s; end <= layers; ++end) {
            for (int first = s - 1; first < end; ++first) {
                const double time =
                    std::max(slowest[at(s - 1, first)], table.at(first, end).perMicrobatch);
                if (time < slowest[at(s, end)]) {
                    slowest[at(s, end)] = time;
                    previous[at(s, end)] = first;
                }
            }
        }
    }
    std::vector<EvaluatedStage> stages;
    if (!(slowest[at(pp, layers)] < kForever.count))
        return stages;
    for (int s = pp, end = layers; s > 0; --s) {
        stages.insert(stages.begin(), {.table = &table, .end = end});
        end = previous[at(s, end)];
    }
    return stages;
}

Result<ScheduleKind> scheduleOf(const PlanConstraints& asked)
{
    for (const ScheduleKind kind : {ScheduleKind::k1f1b, ScheduleKind::kGpipe}) {
        if (isScheduleAllowed(asked, kind))
            return kind;
    }
    return Error(ErrorCode::kUnsupported,
                 fmt::format("constraints {}: a sweep estimates the schedules 1f1b and gpipe, "
                             "expected one of them to be allowed",
                             formatConstraints(asked)));
}

class GridSweep
{
public:
    GridSweep(const PlanRequest& request, PlanContext& context, const JobControl& control)
        : request_(request)
        , context_(context)
        , control_(control)
        , asked_(request.options.constraints)
        , batch_(request.options.globalBatch.value_or(batchSize(*request.model)))
        , limit_(memoryLimit(request.cluster, asked_))
    {
    }

    Result<Sweep> run()
    {
        if (request_.cluster.second)
            return Error(ErrorCode::kUnsupported,
                         fmt::format("{}: a sweep divides all devices into equal stages, the "
                                     "cluster has two kinds",
                                     request_.cluster.name));
        if (batch_ < 1)
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("global batch {}: expected at least 1", batch_));
        ASSIGN_OR_RETURN(sweep_.schedule, scheduleOf(asked_));
        for (const int count : microbatchCounts(batch_)) {
            if (asked_.microbatches.value_or(count) == count)
                RETURN_IF_ERROR(addMicrobatches(count));
        }
        std::ranges::stable_sort(sweep_.points, [](const SweepPoint& a, const SweepPoint& b) {
            return std::pair(!a.fits, a.step) < std::pair(!b.fits, b.step);
        });
        return std::move(sweep_);
    }

private:
    Status addMicrobatches(int microbatches)
    {
        ASSIGN_OR_RETURN(const auto model, context_.draftModel(batch_ / microbatches,
                                                               request_.options.layers, control_));
        for (const Storage& storage : kStorages) {
            const bool isMeant = (asked_.parameterStorage == StorageRule::kFree ||
                                  asked_.parameterStorage == storage.parameters) &&
                                 (asked_.stateStorage == StorageRule::kFree ||
                                  asked_.stateStorage == storage.states);
            for (const bool recomputes : {false, true}) {
                if (isMeant && asked_.recomputation.value_or(recomputes) == recomputes)
                    RETURN_IF_ERROR(addDegrees(*model, microbatches, storage, recomputes));
            }
        }
        return {};
    }

    /// Every degree is a constraint of its own: what may not be data parallel is costed so.
    Status addDegrees(const DraftModel& model, int microbatches, const Storage& storage,
                      bool recomputes)
    {
        const int devices = request_.cluster.deviceCount();
        for (int pp = 1; pp <= devices; ++pp) {
            for (int tp = 1; devices % pp == 0 && tp <= devices / pp; ++tp) {
                const int dp = devices / pp / tp;
                if (dp * tp * pp == devices && isAsked(dp, tp, pp))
                    RETURN_IF_ERROR(addTables(model, microbatches, storage, recomputes, dp, tp));
            }
        }
        return {};
    }

    bool isAsked(int dp, int tp, int pp) const
    {
        return tp <= asked_.maxTp.value_or(tp) && tp == asked_.fixedTp.value_or(tp) &&
               dp <= asked_.maxDp.value_or(dp) && dp == asked_.fixedDp.value_or(dp) &&
               pp <= asked_.maxPp.value_or(pp) && pp == asked_.fixedPp.value_or(pp);
    }

    Status addTables(const DraftModel& model, int microbatches, const Storage& storage,
                     bool recomputes, int dp, int tp)
    {
        // Splitting over one device is no ZeRO: one such point is enough.
        if (dp == 1 && storage.states == StorageRule::kSplit)
            return {};
        control_.report("costing stages for " + microbatchesText(microbatches), -1);
        const Clock::time_point start = Clock::now();
        PlanConstraints constraints = asked_;
        constraints.fixedDp = dp;
        constraints.fixedTp = tp;
        constraints.parameterStorage = storage.parameters;
        constraints.stateStorage = storage.states;
        constraints.recomputation = recomputes;
        constraints.usesAllDevices = true;
        const int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
        ASSIGN_OR_RETURN(
            const CandidateSet set,
            makeCandidates(
                {.context = &context_,
                 .model = &model,
                 .constraints = &constraints,
                 .microbatches = microbatches,
                 .share = {.devicesPerHost = request_.cluster.devicesPerHost, .only = {}},
                 .isLean = false,
                 .threads = threads,
                 .isExact = true},
                control_));
        std::vector<StageTable> tables;
        for (size_t config = 0; config < set.shapes.size(); ++config)
            tables.emplace_back(set, static_cast<int>(config), model.layerCount(), recomputes);
        sweep_.tableTime += since(start);
        const Clock::time_point begin = Clock::now();
        for (size_t config = 0; config < tables.size(); ++config)
            addPoint(set.shapes[config], tables[config], microbatches, storage, recomputes);
        sweep_.evaluationTime += since(begin);
        return {};
    }

    void addPoint(const MeshShape& shape, const StageTable& table, int microbatches,
                  const Storage& storage, bool recomputes)
    {
        const int pp = request_.cluster.deviceCount() / table.devices();
        if (pp * table.devices() != request_.cluster.deviceCount() || pp > table.layers())
            return;
        const std::vector<EvaluatedStage> stages = balancedStages(table, pp);
        if (stages.empty())
            return;
        const PlanEstimate estimate = estimatePlan(stages, microbatches, sweep_.schedule);
        if (!(estimate.stepSeconds < kForever.count))
            return;
        sweep_.points.push_back({.dp = shape.dp(),
                                 .tp = shape.tp(),
                                 .pp = pp,
                                 .microbatches = microbatches,
                                 .recomputes = recomputes,
                                 .parameters = storage.parameters,
                                 .states = storage.states,
                                 .step = Seconds(estimate.stepSeconds),
                                 .memory = Bytes(estimate.peakBytes),
                                 .fits = estimate.peakBytes <= limit_.count});
    }

    const PlanRequest& request_;
    PlanContext& context_;
    const JobControl& control_;
    const PlanConstraints& asked_;
    int64_t batch_;
    Bytes limit_;
    Sweep sweep_;
};

} // namespace

std::string zeroName(const SweepPoint& point)
{
    if (point.parameters == StorageRule::kSplit)
        return "ZeRO-3";
    return point.states == StorageRule::kSplit ? "ZeRO-2" : "none";
}

PlanConstraints constraintsOf(const Sweep& sweep, const SweepPoint& point,
                              const PlanConstraints& asked)
{
    PlanConstraints constraints = asked;
    constraints.fixedDp = point.dp;
    constraints.fixedTp = point.tp;
    constraints.fixedPp = point.pp;
    constraints.microbatches = point.microbatches;
    constraints.recomputation = point.recomputes;
    constraints.parameterStorage = point.parameters;
    constraints.stateStorage = point.states;
    constraints.schedule = sweep.schedule;
    return constraints;
}

Result<Sweep> sweepPlans(const PlanRequest& request, PlanContext& context,
                         const JobControl& control)
{
    return GridSweep(request, context, control).run();
}

std::string formatSweep(const Sweep& sweep, int top, Bytes limit)
{
    TextTable table(
        {"step", "DP", "TP", "PP", "microb.", "<ZeRO", "<activations", "memory", "of limit"});
    size_t fitting = 0;
    for (const SweepPoint& point : sweep.points) {
        fitting += point.fits ? 1 : 0;
        if (!point.fits || fitting > static_cast<size_t>(top))
            continue;
        table.add({formatSeconds(point.step), fmt::format("{}", point.dp),
                   fmt::format("{}", point.tp), fmt::format("{}", point.pp),
                   fmt::format("{}", point.microbatches), zeroName(point),
                   point.recomputes ? "recomputed" : "kept", formatMemory(point.memory),
                   formatShare(point.memory / limit)});
    }
    return table.text() +
           fmt::format("{} of {} plans with schedule {} fit in {}. Tables {}, all plans {}.\n",
                       fitting, sweep.points.size(), text(sweep.schedule), formatMemory(limit),
                       formatSeconds(sweep.tableTime), formatSeconds(sweep.evaluationTime));
}

std::string sweepToJson(const Sweep& sweep, int top)
{
    Json json{{"plans", sweep.points.size()},
              {"schedule", text(sweep.schedule)},
              {"table_s", jsonNumber(sweep.tableTime.count)},
              {"evaluation_s", jsonNumber(sweep.evaluationTime.count)}};
    json["points"] = Json::array();
    for (size_t i = 0; i < std::min(sweep.points.size(), static_cast<size_t>(top)); ++i) {
        const SweepPoint& point = sweep.points[i];
        json["points"].push_back({{"step_ms", jsonNumber(point.step.count * 1e3)},
                                  {"dp", point.dp},
                                  {"tp", point.tp},
                                  {"pp", point.pp},
                                  {"microbatches", point.microbatches},
                                  {"zero", zeroName(point)},
                                  {"recomputes", point.recomputes},
                                  {"memory_bytes", point.memory.count},
                                  {"fits", point.fits}});
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace alpa
