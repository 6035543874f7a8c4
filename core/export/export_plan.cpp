#include "core/export/export_plan.h"

#include "core/export/export_jax.h"
#include "core/export/export_settings.h"
#include "core/export/export_stablehlo.h"
#include "core/export/export_torch.h"
#include "core/export/export_views.h"

#include <fmt/format.h>

#include <array>

namespace alpa
{
namespace
{

Result<std::string> writeShardy(const ParallelPlan& plan)
{
    return exportStablehlo(plan, ShardingDialect::kShardy);
}

Result<std::string> writeGspmd(const ParallelPlan& plan)
{
    return exportStablehlo(plan, ShardingDialect::kGspmd);
}

constexpr std::array kFormats = {
    ExportFormat{"jax", ".py", "JAX program: meshes, PartitionSpecs, constraints, training loop",
                 exportJax},
    ExportFormat{"sdy", ".mlir", "StableHLO of the training step with Shardy annotations",
                 writeShardy},
    ExportFormat{"gspmd", ".mlir", "StableHLO of the training step with mhlo.sharding", writeGspmd},
    ExportFormat{"torch", ".py", "PyTorch: DTensor placements, parallelize_module, fully_shard",
                 exportTorch},
    ExportFormat{"torchtitan", ".py", "torchtitan recipe", exportTorchtitan},
    ExportFormat{"pipeline", ".csv", "pipeline schedule as torch.distributed.pipelining reads it",
                 exportPipelineCsv},
    ExportFormat{"megatron", ".sh", "Megatron-LM arguments with the layout of the pipeline",
                 exportMegatron},
    ExportFormat{"deepspeed", ".json", "DeepSpeed configuration", exportDeepspeed},
    ExportFormat{"tp-plan", ".json", "Hugging Face tp_plan", exportTpPlan},
    ExportFormat{"trace", ".json", "predicted timeline for Perfetto and chrome://tracing",
                 exportChromeTrace},
    ExportFormat{"csv", ".csv", "tensors and decisions with their shardings", exportCsv},
    ExportFormat{"dot", ".dot", "modules by stage for Graphviz", exportDot},
    ExportFormat{"svg", ".svg", "drawing of the predicted timeline", exportSvg},
};

} // namespace

std::span<const ExportFormat> exportFormats() { return kFormats; }

const ExportFormat* findExportFormat(std::string_view name)
{
    for (const ExportFormat& format : kFormats) {
        if (format.name == name)
            return &format;
    }
    return nullptr;
}

Result<std::string> exportPlan(const ParallelPlan& plan, std::string_view format)
{
    if (const ExportFormat* known = findExportFormat(format))
        return known->write(plan);
    std::string names;
    for (const ExportFormat& known : kFormats)
        names += (names.empty() ? "" : ", ") + std::string(known.name);
    return Error(ErrorCode::kNotFound,
                 fmt::format("no export format '{}': there are {}", format, names));
}

} // namespace alpa
