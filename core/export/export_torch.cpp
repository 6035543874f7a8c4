#include "core/export/export_torch.h"

#include "core/export/spec_text.h"
#include "core/export/transformer_shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace alpa
{
namespace
{

constexpr std::string_view kTorch = "PyTorch";
constexpr std::string_view kTorchtitan = "torchtitan";

/// "block_0" of "block_0.fc"; the module itself outside blocks.
std::string unitOf(const ParallelLayout& layout, const std::string& module)
{
    const std::optional<BlockName> block = blockIn(layout, module);
    return block ? block->prefix + std::to_string(block->number) : module;
}

/// The parallel style of a module. Inside a unit with a row module whose input arrives split,
/// columns stay split; elsewhere they are gathered.
std::string styleOf(const ParallelLayout& layout, const ModuleLayout& module)
{
    const std::string sequence = layout.hasSequenceParallel ? "Shard(1)" : "Replicate()";
    const bool isPaired = std::ranges::any_of(layout.modules, [&](const ModuleLayout& other) {
        return other.isInputSplit && unitOf(layout, other.name) == unitOf(layout, module.name) &&
               unitOf(layout, module.name) != module.name;
    });
    switch (module.partition) {
    case Partition::kColumn:
        return fmt::format("ColwiseParallel(input_layouts={}, output_layouts={})", sequence,
                           isPaired ? "Shard(-1)" : "Replicate()");
    case Partition::kRow:
        return fmt::format("RowwiseParallel(input_layouts={}, output_layouts={})",
                           module.isInputSplit ? "Shard(-1)" : "Replicate()", sequence);
    case Partition::kVocabulary:
        return fmt::format("RowwiseParallel(input_layouts=Replicate(), output_layouts={})",
                           sequence);
    case Partition::kEmbeddingColumn:
        return "ColwiseParallel(output_layouts=Replicate())";
    case Partition::kSequence:
        return "SequenceParallel()";
    case Partition::kReplicated:
        break;
    }
    return "";
}

std::string placementsTable(const ParallelPlan& plan, const ValueSpecs& specs, InputRole role)
{
    std::string text;
    for (const GraphInput& input : plan.graph->inputs) {
        const ShardingSpec* spec = specs.spec(input.value);
        const int stage = specs.stageOfValue[input.value.index()];
        if (input.role != role || spec == nullptr || stage < 0 || spec->rank == 0)
            continue;
        text += fmt::format("    \"{}\": (({},), {}),\n", plan.graph->value(input.value).name,
                            fmt::join(plan.graph->type(input.value).dims, ", "),
                            dtensorPlacements(plan.stages[static_cast<size_t>(stage)].mesh, *spec));
    }
    return text;
}

std::string modulesTable(const ParallelLayout& layout, size_t stageCount)
{
    std::string text = "\n# Weights split over the tensor axis, by module.\nMODULES = {\n";
    for (const ModuleLayout& module : layout.modules) {
        const std::string style = styleOf(layout, module);
        if (!style.empty() && layout.tensorParallel > 1)
            text += fmt::format("    \"{}\": {},\n", module.name, style);
    }
    text +=
        "}\n\n# Fused projections, whose parts are split one by one: sizes of the parts.\nPACKED "
        "= {\n";
    for (const ModuleLayout& module : layout.modules) {
        if (!module.parts.empty() && module.partition == Partition::kColumn &&
            layout.tensorParallel > 1)
            text += fmt::format("    \"{}\": [{}],\n", module.name, fmt::join(module.parts, ", "));
    }
    text +=
        "}\n\n# Units of data-parallel communication, and the modules of every pipeline stage.\n";
    std::vector<std::vector<std::string>> stages(stageCount);
    std::set<std::string> seen;
    for (const ModuleLayout& module : layout.modules) {
        if (module.isShared) // Gathered by the model itself, as it is used outside of its module.
            continue;
        const std::string unit = unitOf(layout, module.name);
        if (seen.insert(unit).second)
            stages[static_cast<size_t>(module.stage)].push_back('"' + unit + '"');
    }
    text += "STAGES = [\n";
    for (const std::vector<std::string>& units : stages)
        text += fmt::format("    [{}],\n", fmt::join(units, ", "));
    return text + "]\n";
}

constexpr std::string_view kTorchFunctions = R"PY(

def make_mesh(device_type="cuda"):
    return init_device_mesh(device_type, MESH_SHAPE, mesh_dim_names=MESH_NAMES)


def find(model, name):
    """The submodule, or None where another pipeline stage has it."""
    for part in name.split("."):
        model = getattr(model, part, None)
        if model is None:
            return None
    return model


def pack(weight, parts, dim=0):
    """Reorders a fused projection so that an even split over the tensor axis gives every device its
    share of each part (queries, keys and values of its own heads)."""
    size = MESH_SHAPE[MESH_NAMES.index("tp")]
    shares = [part.chunk(size, dim) for part in weight.split(parts, dim)]
    return torch.cat([share for device in zip(*shares) for share in device], dim)


def apply_tensor_parallel(model, mesh):
    """Splits the modules that MODULES names. Weights of PACKED modules must have gone through
    pack()."""
    for name, style in MODULES.items():
        module = find(model, name)
        if module is not None:
            parallelize_module(module, mesh["tp"], style)
    return model


def apply_data_parallel(model, mesh, **options):
    if ZERO_STAGE >= 2:
        for units in STAGES:
            for unit in units:
                module = find(model, unit)
                if isinstance(module, torch.nn.Module):
                    fully_shard(module, mesh=mesh["dp"], reshard_after_forward=ZERO_STAGE == 3,
                                **options)
        return fully_shard(model, mesh=mesh["dp"], reshard_after_forward=False, **options)
    return replicate(model, mesh=mesh["dp"])


def keep_products(context, operation, *arguments, **options):
    """What is kept for the backward pass under selective recomputation."""
    products = ("aten::mm", "aten::bmm", "aten::addmm", "aten::baddbmm", "aten::convolution")
    keeps = operation.name().split(".")[0] in products
    return CheckpointPolicy.MUST_SAVE if keeps else CheckpointPolicy.PREFER_RECOMPUTE


def apply_recomputation(model):
    """Runs the forward pass of every unit again before its backward, or all of it but products."""
    context = {}
    if RECOMPUTATION == "selective":
        context["context_fn"] = partial(create_selective_checkpoint_contexts, keep_products)
    for unit in (unit for units in STAGES for unit in units):
        parent, _, child = unit.rpartition(".")
        parent = find(model, parent) if parent else model
        module = getattr(parent, child, None) if parent is not None else None
        if isinstance(module, torch.nn.Module) and any(True for _ in module.children()):
            setattr(parent, child, checkpoint_wrapper(module, **context))
    return model


def apply(model, mesh):
    """The plan on `model`, whose modules have the plan's names; of one pipeline stage."""
    if MESH_SHAPE[MESH_NAMES.index("tp")] > 1:
        model = apply_tensor_parallel(model, mesh)
    if RECOMPUTATION != "none":
        model = apply_recomputation(model)
    if MESH_SHAPE[MESH_NAMES.index("dp")] > 1:
        model = apply_data_parallel(model, mesh)
    return model


def make_optimizer(model, optimizer=torch.optim.Adam, **options):
    """Under ZeRO 1 only the optimizer's states are split."""
    if ZERO_STAGE == 1:
        from torch.distributed.optim import ZeroRedundancyOptimizer
        return ZeroRedundancyOptimizer(model.parameters(), optimizer_class=optimizer, **options)
    return optimizer(model.parameters(), **options)


def distribute(tensors, table, mesh):
    """DTensors of plain tensors by name, as PARAMETERS or STATES say, in the layout of the model
    that was planned."""
    return {name: distribute_tensor(tensor, mesh, table[name][1])
            for name, tensor in tensors.items()}
)PY";

std::string_view torchSchedule(ScheduleKind kind)
{
    switch (kind) {
    case ScheduleKind::kGpipe:
        return "GPipe";
    case ScheduleKind::k1f1b:
        return "1F1B";
    case ScheduleKind::kInterleaved1f1b:
        return "Interleaved1F1B";
    case ScheduleKind::kZeroBubble:
        return "InterleavedZeroBubble";
    }
    return "1F1B";
}

/// torchtitan's names of what a stage holds.
std::string partsOfModel(const ParallelPlan& plan, const TransformerShape& shape)
{
    std::vector<std::string> parts;
    for (int stage = 0; stage < static_cast<int>(plan.stages.size()); ++stage) {
        std::vector<std::string> names;
        if (stage == 0)
            names.push_back("\"tok_embeddings\"");
        for (size_t block = 0; block < shape.stageOfBlock.size(); ++block) {
            if (shape.stageOfBlock[block] == stage)
                names.push_back(fmt::format("\"layers.{}\"", block));
        }
        if (stage + 1 == static_cast<int>(plan.stages.size())) {
            names.push_back("\"norm\"");
            names.push_back("\"lm_head\"");
        }
        parts.push_back(fmt::format("[{}]", fmt::join(names, ", ")));
    }
    return fmt::format("[{}]", fmt::join(parts, ", "));
}

} // namespace

Result<std::string> exportTorch(const ParallelPlan& plan)
{
    ASSIGN_OR_RETURN(const ParallelLayout layout, uniformLayout(plan, kTorch));
    RETURN_IF_ERROR(requireDevicesInOrder(plan, kTorch));
    const ValueSpecs specs = collectValueSpecs(plan);
    const DeviceMesh& mesh = plan.stages[0].mesh;
    std::vector<std::string> sizes;
    std::vector<std::string> names;
    if (plan.stages.size() > 1) {
        sizes.push_back(std::to_string(layout.pipelineParallel));
        names.push_back("\"pp\"");
    }
    for (const std::string& name : exportedAxisNames(mesh))
        names.push_back('"' + name + '"');
    for (const MeshAxis& axis : mesh.axes)
        sizes.push_back(std::to_string(axis.size));
    const bool isNamed = layout.dataParallel == mesh.axisSize(0) &&
                         (mesh.axes.size() < 2 || layout.tensorParallel == mesh.axisSize(1));
    if (!isNamed || mesh.axes.size() != 2)
        return refusal(kTorch, "its mesh axes are not one for data and one for tensors");
    std::string text = fmt::format(
        "\"\"\"{}.\n\nExported by Alpa Explorer. apply(model, make_mesh()) splits a model whose "
        "modules have these names;\nPARAMETERS and STATES hold shapes and placements in the layout "
        "of "
        "the planned model.\n\"\"\"\nfrom functools import partial\n\nimport torch\nfrom "
        "torch.distributed._composable.replicate_with_fsdp "
        "import replicate\nfrom torch.distributed.algorithms._checkpoint.checkpoint_wrapper import "
        "checkpoint_wrapper\nfrom torch.distributed.device_mesh import init_device_mesh\nfrom "
        "torch.distributed.fsdp import fully_shard\nfrom torch.distributed.tensor import Partial, "
        "Replicate, Shard, distribute_tensor\nfrom torch.distributed.tensor.parallel import (\n"
        "    ColwiseParallel, RowwiseParallel, SequenceParallel, parallelize_module)\n"
        "from torch.utils.checkpoint import CheckpointPolicy, "
        "create_selective_checkpoint_contexts\n\n"
        "MESH_SHAPE = ({},)\nMESH_NAMES = ({},)\nZERO_STAGE = {}\nMICROBATCHES = {}\n"
        "RECOMPUTATION = \"{}\"\n\n"
        "# Placements over the mesh of a stage.\nPARAMETERS = {{\n",
        describePlan(plan), fmt::join(sizes, ", "), fmt::join(names, ", "), layout.zeroStage,
        plan.microbatches,
        layout.recomputes        ? "full"
        : layout.repeatsCheapOps ? "selective"
                                 : "none");
    text += placementsTable(plan, specs, InputRole::kParameter) + "}\nSTATES = {\n" +
            placementsTable(plan, specs, InputRole::kOptimizerState) + "}\n";
    return text + modulesTable(layout, plan.stages.size()) + std::string(kTorchFunctions);
}

Result<std::string> exportTorchtitan(const ParallelPlan& plan)
{
    ASSIGN_OR_RETURN(const ParallelLayout layout, uniformLayout(plan, kTorchtitan));
    RETURN_IF_ERROR(requireDevicesInOrder(plan, kTorchtitan));
    ASSIGN_OR_RETURN(const TransformerShape shape, findTransformer(plan, layout, kTorchtitan));
    if (layout.zeroStage == 1)
        return refusal(kTorchtitan, "only its optimizer states are split over the data axis (ZeRO "
                                    "1), and FSDP splits gradients as well; plan with --strategy "
                                    "zero2 or zero3");
    const bool isSharded = layout.zeroStage > 0;
    std::string pipeline;
    if (layout.pipelineParallel > 1)
        pipeline = fmt::format("        pipeline_parallel_schedule=\"{}\",\n"
                               "        pipeline_parallel_microbatch_size={},\n"
                               "        module_fqns_per_model_part={},\n",
                               torchSchedule(plan.schedule),
                               std::max<int64_t>(1, plan.microbatchSize / layout.dataParallel),
                               partsOfModel(plan, shape));
    return fmt::format(
        "\"\"\"{}.\n\nExported by Alpa Explorer: a recipe for torchtitan. alpa_plan(base) takes "
        "the "
        "configuration of the model\nthat was planned, for instance "
        "torchtitan.models.llama3.config_registry.llama3_8b.\n\"\"\"\n"
        "from torchtitan.config import ParallelismConfig\n"
        "from torchtitan.distributed.activation_checkpoint import FullAC, SelectiveAC\n\n\n"
        "def alpa_plan(base):\n    c = base()\n    c.parallelism = ParallelismConfig(\n"
        "        data_parallel_replicate_degree={},\n        data_parallel_shard_degree={},\n"
        "        tensor_parallel_degree={},\n        enable_sequence_parallel={},\n"
        "        context_parallel_degree=1,\n        expert_parallel_degree=1,\n"
        "        pipeline_parallel_degree={},\n{}"
        "        fsdp_reshard_after_forward=\"{}\",\n    )\n"
        "    c.training.local_batch_size = {}\n    c.training.global_batch_size = {}\n{}"
        "    return c\n",
        describePlan(plan), isSharded ? 1 : layout.dataParallel,
        isSharded ? layout.dataParallel : 1, layout.tensorParallel,
        layout.hasSequenceParallel ? "True" : "False", layout.pipelineParallel, pipeline,
        layout.zeroStage == 3 ? "always" : "never",
        std::max<int64_t>(1,
                          (layout.pipelineParallel > 1 ? plan.globalBatch() : plan.microbatchSize) /
                              layout.dataParallel),
        plan.globalBatch(),
        layout.recomputes        ? "    c.activation_checkpoint = FullAC.Config()\n"
        : layout.repeatsCheapOps ? "    c.activation_checkpoint = SelectiveAC.Config()\n"
                                 : "    c.activation_checkpoint = None\n");
}

Result<std::string> exportPipelineCsv(const ParallelPlan& plan)
{
    if (plan.stages.size() == 1)
        return refusal("a pipeline schedule", "it has one stage");
    const std::vector<int> rankOf = ranksOfStages(plan);
    std::vector<std::vector<std::pair<double, std::string>>> ranks(plan.stages.size());
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        for (const TimelineTask& task : plan.timeline.stages[s].tasks) {
            const bool isZeroBubble = plan.schedule == ScheduleKind::kZeroBubble;
            std::string_view letter;
            if (task.task.phase == ScheduledTask::Phase::kForward)
                letter = "F";
            else if (task.task.phase == ScheduledTask::Phase::kBackward)
                letter = isZeroBubble ? "I" : "B";
            else if (task.task.phase == ScheduledTask::Phase::kWeightGradient)
                letter = "W";
            else
                continue;
            ranks[static_cast<size_t>(rankOf[s])].emplace_back(
                task.start.count,
                fmt::format("{}{}{}", task.task.stage, letter, task.task.microbatch));
        }
    }
    std::string text;
    for (auto& tasks : ranks) {
        if (tasks.empty())
            continue;
        std::ranges::stable_sort(tasks, {}, &std::pair<double, std::string>::first);
        std::vector<std::string> cells;
        for (const auto& [start, cell] : tasks)
            cells.push_back(cell);
        text += fmt::format("{}\n", fmt::join(cells, ","));
    }
    return text;
}

} // namespace alpa
