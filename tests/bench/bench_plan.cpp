// How long whole plans take, beside what others published for the same work. Prints one line a row;
// arguments pick rows by their beginning; --edits before them prints every edit of a replan row.
#include "core/base/rng.h"
#include "core/base/text.h"
#include "core/import/import_model.h"
#include "core/plan/make_plan.h"
#include "core/plan/plan_cache.h"
#include "core/plan/plan_file.h"
#include "tests/support/gpt_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <sys/resource.h>

namespace alpa
{
namespace
{

/// Of all threads; the wall clock of a shared machine says less.
double cpuSeconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double peakMebibytes()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

struct Timed {
    double seconds = 0;
    double firstSeconds = 0; ///< Until a plan was there to show.
    double cpu = 0;
    Result<PlanOutcome> outcome;
    const ParallelPlan* plan() const
    {
        const auto* found =
            outcome ? std::get_if<std::shared_ptr<const ParallelPlan>>(&*outcome) : nullptr;
        return found != nullptr ? found->get() : nullptr;
    }
};

Timed timePlan(const PlanRequest& request, PlanCache* cache = nullptr)
{
    const double cpu = cpuSeconds();
    const auto start = std::chrono::steady_clock::now();
    const auto elapsed = [&start] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    double first = 0;
    Result<PlanOutcome> outcome =
        makePlan(request, {}, cache, [&](const std::shared_ptr<const ParallelPlan>&) {
            first = first > 0 ? first : elapsed();
        });
    const double whole = elapsed();
    return {whole, first > 0 ? first : whole, cpuSeconds() - cpu, std::move(outcome)};
}

std::string describe(const Timed& timed)
{
    if (!timed.outcome)
        return timed.outcome.error().message;
    if (const auto* none = std::get_if<NoPlan>(&*timed.outcome))
        return "no plan: " + none->reason +
               "; clash: " + fmt::format("{}", fmt::join(none->clashing, ", "));
    const ParallelPlan& plan = *timed.plan();
    double gap = 0;
    for (const PlanStage& stage : plan.stages)
        gap = std::max(gap, stage.certificate.gap());
    return fmt::format("DP {} TP {} PP {} x{}, step {}, gap {:.3g} %, CPU {:.0f} ms",
                       plan.dataParallel(), plan.tensorParallel(), plan.pipelineParallel(),
                       plan.microbatches, formatSeconds(plan.stepTime), gap * 100, timed.cpu * 1e3);
}

/// `peer` seconds of somebody's published work, or 0.
void printRow(const std::string& name, double seconds, double goal, double peer,
              const std::string& peerName, const std::string& remark)
{
    const std::string ratio =
        peer > 0 ? fmt::format("{} {:g} s, {:.0f}x", peerName, peer, peer / seconds) : peerName;
    fmt::print("{:<44} {:>9.1f} ms  goal {:>7.0f} ms {}  {:<28} {}\n", name, seconds * 1e3,
               goal * 1e3, seconds <= goal ? "met   " : "missed", ratio, remark);
    std::fflush(stdout);
}

PlanRequest requestOf(std::shared_ptr<const Graph> model, const std::string& cluster, int64_t batch)
{
    PlanRequest request;
    request.model = std::move(model);
    request.cluster = *loadCluster(cluster);
    request.options.globalBatch = batch;
    return request;
}

std::shared_ptr<const Graph> sample(const std::string& name)
{
    const auto imported = importModel(std::string(ALPA_SOURCE_DIR) + "/sample_models/" + name +
                                      "/" + name + ".loss.stablehlo.mlir.gz");
    return std::make_shared<const Graph>(*imported->graph);
}

/// A constraint on one weight of `parameter`, which names a block by {}, or of all blocks; or none.
void editSpecs(PlanConstraints& constraints, Rng& rng, const std::string& parameter, int blocks)
{
    if (!constraints.specs.empty()) {
        constraints.specs.clear();
        return;
    }
    const std::string name = fmt::format(fmt::runtime(parameter), rng.below(blocks));
    constraints.specs.push_back({rng.chance(0.5) ? name : "*" + name.substr(name.find('.')),
                                 *parseSpec(rng.chance(0.5) ? "{-, y}" : "{-, -}"),
                                 rng.chance(0.5)});
}

/// One constraint more, another or taken away, as a person at the constraints panel makes them.
using Edit = void (*)(PlanConstraints& constraints, Rng& rng, const std::string& parameter,
                      int blocks);

/// Of the shardings of one stage on one mesh: what AutoParallel's users may change.
void editShardings(PlanConstraints& constraints, Rng& rng, const std::string& parameter, int blocks)
{
    switch (rng.below(8)) {
    case 0:
        constraints.maxTp = rng.chance(0.5) ? std::nullopt : std::optional(8);
        break;
    case 1:
        constraints.maxDp = rng.chance(0.3) ? std::nullopt : std::optional(8 << rng.below(4));
        break;
    case 2:
    case 3:
        constraints.memoryPerDevice =
            rng.chance(0.3) ? std::nullopt : std::optional(gibibytes(80 - 4 * rng.below(14)));
        break;
    case 4:
        constraints.recomputation = rng.chance(0.5) ? std::nullopt : std::optional(rng.chance(0.5));
        break;
    default:
        editSpecs(constraints, rng, parameter, blocks);
        break;
    }
}

/// Of a whole plan.
void editAnything(PlanConstraints& constraints, Rng& rng, const std::string& parameter, int blocks)
{
    const int power = 1 << rng.below(4);
    switch (rng.below(9)) {
    case 0:
        constraints.maxTp = rng.chance(0.3) ? std::nullopt : std::optional(power);
        break;
    case 1:
        constraints.maxPp = rng.chance(0.3) ? std::nullopt : std::optional(2 * power);
        break;
    case 2:
        constraints.maxDp = rng.chance(0.3) ? std::nullopt : std::optional(4 * power);
        break;
    case 3:
        constraints.memoryPerDevice =
            rng.chance(0.3) ? std::nullopt : std::optional(gibibytes(80 - 4 * rng.below(10)));
        break;
    case 4:
        constraints.schedule = rng.chance(0.5) ? std::nullopt : std::optional(ScheduleKind::kGpipe);
        break;
    case 5:
        constraints.forbiddenCuts.clear();
        if (rng.chance(0.7))
            constraints.forbiddenCuts.push_back(1 + rng.below(14));
        break;
    case 6:
        constraints.recomputation = rng.chance(0.5) ? std::nullopt : std::optional(rng.chance(0.5));
        break;
    default:
        editSpecs(constraints, rng, parameter, blocks);
        break;
    }
}

bool printsEdits = false; ///< Set by --edits.

void benchReplans(const std::string& name, PlanRequest request, Edit edit,
                  const std::string& parameter, int blocks, double goal)
{
    PlanCache cache;
    timePlan(request, &cache);
    Rng rng(1);
    std::vector<std::pair<double, std::string>> times;
    std::vector<double> cpus;
    std::vector<double> firsts;
    int plans = 0;
    for (int edits = 0; edits < 50; ++edits) {
        const PlanConstraints before = request.options.constraints;
        edit(request.options.constraints, rng, parameter, blocks);
        const Timed timed = timePlan(request, &cache);
        plans += timed.plan() != nullptr ? 1 : 0;
        times.emplace_back(timed.seconds, formatConstraints(request.options.constraints));
        cpus.push_back(timed.cpu);
        firsts.push_back(timed.firstSeconds);
        if (printsEdits)
            fmt::print("  {:>8.1f} ms, first {:>8.1f} ms, CPU {:>8.1f} ms  {}: {}\n",
                       timed.seconds * 1e3, timed.firstSeconds * 1e3, timed.cpu * 1e3,
                       times.back().second, describe(timed));
        // Constraints that leave no plan are taken back, as a person would.
        if (timed.plan() == nullptr)
            request.options.constraints = before;
    }
    std::ranges::sort(times);
    std::ranges::sort(cpus);
    std::ranges::sort(firsts);
    printRow(name + ", a plan to show", firsts[47], goal, 12, "AutoParallel's CBC",
             fmt::format("p95 of 50; median {:.1f} ms, worst {:.1f} ms", firsts[24] * 1e3,
                         firsts[49] * 1e3));
    printRow(name, times[47].first, goal, 12, "AutoParallel's CBC",
             fmt::format(
                 "p95 of 50, CPU {:.1f} ms; median {:.1f} ms, CPU {:.1f} ms; worst {:.1f} ms ({}), "
                 "{} plans, cache {}",
                 cpus[47] * 1e3, times[24].first * 1e3, cpus[24] * 1e3, times[49].first * 1e3,
                 times[49].second, plans, formatBytes(cache.size())));
}

std::shared_ptr<const Graph> gpt(const GptShape& shape)
{
    return std::make_shared<const Graph>(GptGraph(shape).make());
}

/// Of GPT-3's size.
std::shared_ptr<const Graph> gpt175b()
{
    return gpt({.layers = 96,
                .hidden = 12288,
                .heads = 96,
                .sequence = 2048,
                .vocabulary = 51200,
                .batch = 8});
}

struct Row {
    std::string name;
    void (*run)(const std::string& name);
};

void benchMesh(const std::string& name, const std::vector<int>& axes, double goal, double peer)
{
    PlanRequest request = requestOf(sample("llama-8b"), "dgx-h100-x8", 512);
    request.options.constraints.meshAxes = axes;
    const Timed timed = timePlan(request);
    printRow(name, timed.seconds, goal, peer, "AutoParallel",
             describe(timed) + fmt::format(", peak {:.0f} MiB", peakMebibytes()));
}

const std::vector<Row>& rows()
{
    static const std::vector<Row> all{
        {"mesh-2d llama-8b 8x8",
         [](const std::string& n) {
             benchMesh(n, {8, 8}, 1.0, 46.8);
         }},
        {"mesh-3d llama-8b 4x4x4",
         [](const std::string& n) {
             benchMesh(n, {4, 4, 4}, 5, 44.1);
         }},
        {"mesh-3d llama-8b 2x4x8",
         [](const std::string& n) {
             benchMesh(n, {2, 4, 8}, 5, 44.1);
         }},
        {"cold llama-8b dgx-h100-x8",
         [](const std::string& n) {
             const Timed timed = timePlan(requestOf(sample("llama-8b"), "dgx-h100-x8", 512));
             printRow(n, timed.seconds, 1.0, 0, "", describe(timed));
         }},
        {"cold gpt-39b p3.16xlarge-x8",
         [](const std::string& n) {
             const Timed timed = timePlan(requestOf(sample("gpt-39b"), "p3.16xlarge-x8", 1024));
             printRow(n, timed.seconds, 2.0, 2393, "Alpa", describe(timed));
         }},
        {"replan mesh-2d llama-8b 8x8",
         [](const std::string& n) {
             PlanRequest request = requestOf(sample("llama-8b"), "dgx-h100-x8", 512);
             request.options.constraints.meshAxes = {8, 8};
             benchReplans(n, std::move(request), editShardings, "layer_{}.wq.kernel", 32, 0.1);
         }},
        {"replan llama-8b",
         [](const std::string& n) {
             benchReplans(n, requestOf(sample("llama-8b"), "dgx-h100-x8", 512), editAnything,
                          "layer_{}.wq.kernel", 32, 0.1);
         }},
        {"replan gpt-39b",
         [](const std::string& n) {
             benchReplans(n, requestOf(sample("gpt-39b"), "p3.16xlarge-x8", 1024), editAnything,
                          "block_{}.fc.kernel", 48, 0.15);
         }},
        {"deep 1024-layer gpt, 64 devices",
         [](const std::string& n) {
             const auto model = gpt({.layers = 1024,
                                     .hidden = 1024,
                                     .heads = 16,
                                     .sequence = 1024,
                                     .vocabulary = 51200,
                                     .batch = 8});
             const Timed timed = timePlan(requestOf(model, "p3.16xlarge-x8", 1024));
             printRow(n, timed.seconds, 10, 246, "Aceso", describe(timed));
         }},
        {"wide gpt-175b, 1024 devices",
         [](const std::string& n) {
             const Timed timed = timePlan(requestOf(gpt175b(), "dgx-h100-x128", 1536));
             printRow(n, timed.seconds, 5, 0, "none published", describe(timed));
         }},
        {"wide gpt-175b, 16384 devices",
         [](const std::string& n) {
             const Timed timed = timePlan(requestOf(gpt175b(), "dgx-h100-x2048", 8192));
             printRow(n, timed.seconds, 20, 0, "none published", describe(timed));
         }},
        {"clash gpt-39b, 2 GiB and max TP 1", [](const std::string& n) {
             PlanRequest request = requestOf(sample("gpt-39b"), "p3.16xlarge-x8", 1024);
             request.options.constraints.memoryPerDevice = gibibytes(2);
             request.options.constraints.maxTp = 1;
             const Timed timed = timePlan(request);
             printRow(n, timed.seconds, 1.0, 0, "text advice", describe(timed));
         }}};
    return all;
}

} // namespace
} // namespace alpa

int main(int argc, char** argv)
{
    const bool printsEdits = argc > 1 && std::string_view(argv[1]) == "--edits";
    alpa::printsEdits = printsEdits;
    if (printsEdits) {
        --argc;
        ++argv;
    }
    for (const alpa::Row& row : alpa::rows()) {
        const bool isAsked = argc < 2 || std::any_of(argv + 1, argv + argc, [&](const char* asked) {
                                 return row.name.starts_with(asked);
                             });
        if (isAsked)
            row.run(row.name);
    }
    return 0;
}
