// Whole plans evaluated a second, of a GPT in 32 layers. Calculon, the fastest published evaluator
// of single plans, does 53.7 a second on one core.
#include "core/explain/plan_evaluator.h"
#include "core/import/import_model.h"
#include "core/plan/plan_cache.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

namespace alpa
{
namespace
{

constexpr int kLayers = 32;
constexpr int kMicrobatches = 64;

/// Tables of every mesh shape of GPT-39B on 64 V100.
std::vector<StageTable> makeTables()
{
    const std::string path =
        std::string(ALPA_SOURCE_DIR) + "/sample_models/gpt-39b/gpt-39b.loss.stablehlo.mlir.gz";
    Result<ImportResult> imported = importModel(path);
    if (!imported.ok() || !imported->ok()) {
        std::fprintf(stderr, "cannot read %s\n", path.c_str());
        std::exit(1);
    }
    PlanRequest request;
    request.model = std::make_shared<const Graph>(std::move(*imported->graph));
    request.cluster = *loadCluster("p3.16xlarge-x8");
    request.options.layers = kLayers;
    PlanCache cache;
    const auto context = cache.context(request);
    const auto model = context->draftModel(8, kLayers, {});
    const PlanConstraints constraints;
    const auto set =
        makeCandidates({.context = context.get(),
                        .model = model->get(),
                        .constraints = &constraints,
                        .microbatches = kMicrobatches,
                        .share = {.devicesPerHost = request.cluster.devicesPerHost, .only = {}},
                        .isLean = false,
                        .threads = 2},
                       {});
    std::vector<StageTable> tables;
    for (size_t config = 0; config < set->shapes.size(); ++config)
        tables.emplace_back(*set, static_cast<int>(config), (*model)->layerCount(), false);
    return tables;
}

/// Plans of state.range(0) stages with other meshes and cuts each time.
void evaluatePlans(benchmark::State& state)
{
    static const std::vector<StageTable> tables = makeTables();
    const int stages = static_cast<int>(state.range(0));
    const int layers = tables.front().layers();
    std::vector<EvaluatedStage> plan(static_cast<size_t>(stages));
    uint32_t turn = 1;
    double sum = 0;
    for (auto iteration : state) {
        for (int s = 0; s < stages; ++s) {
            turn = turn * 1664525u + 1013904223u;
            const int even = (s + 1) * layers / stages;
            const bool isLast = s + 1 == stages;
            plan[static_cast<size_t>(s)] = {
                .table = &tables[(turn >> 8) % tables.size()],
                .end =
                    isLast ? layers : even - static_cast<int>((turn >> 4) & 1u) * (even > s + 1)};
        }
        sum += estimatePlan(plan, kMicrobatches, ScheduleKind::k1f1b).stepSeconds;
    }
    benchmark::DoNotOptimize(sum);
    state.counters["plans/s"] =
        benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
    state.counters["x Calculon"] = benchmark::Counter(
        static_cast<double>(state.iterations()) / 53.7, benchmark::Counter::kIsRate);
}
BENCHMARK(evaluatePlans)->Arg(1)->Arg(4)->Arg(8)->Arg(16);

} // namespace
} // namespace alpa

BENCHMARK_MAIN();
