#include "core/plan/plan_figures.h"

#include "core/base/text.h"
#include "core/plan/parallel_degrees.h"
#include "core/plan/stage_candidates.h"

#include <fmt/format.h>

namespace alpa
{

PlanFigures measurePlan(const ParallelPlan& plan)
{
    PlanFigures figures;
    const ParallelDegrees degrees = parallelDegrees(plan);
    figures.dp = degrees.data;
    figures.tp = degrees.tensor;
    figures.pp = plan.pipelineParallel();
    double share = -1;
    double idle = 0;
    double devices = 0;
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        const Bytes memory = plan.deviceMemory(s);
        const Bytes limit = memoryLimit(plan.cluster, plan.options.constraints, plan.kindOf(stage));
        if (memory / limit > share) {
            share = memory / limit;
            figures.peakMemory = memory;
            figures.memoryLimit = limit;
            figures.fullestStage = static_cast<int>(s);
        }
        figures.isOptimal = figures.isOptimal && stage.certificate.isOptimal;
        figures.gap = std::max(figures.gap, stage.certificate.gap());
        figures.decisions += stage.certificate.decisions;
        if (s < plan.timeline.stages.size()) {
            idle += plan.timeline.stages[s].bubbleFraction * stage.mesh.deviceCount();
            devices += stage.mesh.deviceCount();
        }
    }
    figures.bubble = devices > 0 ? idle / devices : 0;
    return figures;
}

std::string formatProof(bool isOptimal, double gap)
{
    return isOptimal ? "optimal" : "gap " + formatShare(gap);
}

std::string formatShare(double fraction)
{
    const double percent = fraction * 100;
    if (percent > 0 && percent < 0.01)
        return "<0.01 %";
    return fmt::format("{:.3g} %", percent);
}

} // namespace alpa
