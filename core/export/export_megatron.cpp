// The command line of Megatron-LM's pretrain_gpt.py.
#include "core/export/export_settings.h"
#include "core/export/parallel_layout.h"
#include "core/export/transformer_shape.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace alpa
{
namespace
{

constexpr std::string_view kMegatron = kMegatronFormat;

/// Inside blocks, weights are columns and rows, and every row's input arrives split.
Status requireColumnsAndRows(const ParallelLayout& layout)
{
    if (layout.tensorParallel == 1)
        return {};
    for (const ModuleLayout& module : layout.modules) {
        if (!blockIn(layout, module.name))
            continue;
        const bool isOdd = (module.partition == Partition::kRow && !module.isInputSplit) ||
                           module.partition == Partition::kVocabulary ||
                           module.partition == Partition::kEmbeddingColumn;
        if (isOdd)
            return refusal(kMegatron,
                           fmt::format("{} is split by {} behind an input that is whole; it has "
                                       "columns, then rows, in every block",
                                       module.name, partitionName(module.partition)));
    }
    const auto hasBoth = [&](int block) {
        bool hasColumn = false;
        bool hasRow = false;
        for (const ModuleLayout& module : layout.modules) {
            const auto name = blockIn(layout, module.name);
            if (!name || name->number != block)
                continue;
            hasColumn |= module.partition == Partition::kColumn;
            hasRow |= module.partition == Partition::kRow;
        }
        return hasColumn && hasRow;
    };
    for (const ModuleLayout& module : layout.modules) {
        const auto name = blockIn(layout, module.name);
        if (name && !hasBoth(name->number))
            return refusal(kMegatron, fmt::format("block {} is not split by columns and rows, and "
                                                  "it splits all blocks alike",
                                                  name->number));
    }
    return {};
}

/// "Et*8|t*8L": what every stage holds.
std::string layoutText(const ParallelPlan& plan, const TransformerShape& shape)
{
    std::string text;
    for (int stage = 0; stage < static_cast<int>(plan.stages.size()); ++stage) {
        const auto count = std::ranges::count(shape.stageOfBlock, stage);
        text += stage == 0 ? "E" : "|";
        if (count > 0)
            text += count == 1 ? "t" : fmt::format("t*{}", count);
    }
    return text + "L";
}

std::vector<std::string> zeroArguments(int zeroStage)
{
    switch (zeroStage) {
    case 1:
        return {"--use-distributed-optimizer", "--overlap-grad-reduce", "--overlap-param-gather"};
    case 2:
        return {"--use-megatron-fsdp", "--data-parallel-sharding-strategy optim_grads",
                "--ckpt-format fsdp_dtensor", "--init-model-with-meta-device"};
    case 3:
        return {"--use-megatron-fsdp", "--data-parallel-sharding-strategy optim_grads_params",
                "--ckpt-format fsdp_dtensor", "--init-model-with-meta-device"};
    default:
        return {};
    }
}

std::vector<std::string> modelArguments(const TransformerShape& shape)
{
    std::vector<std::string> arguments{fmt::format("--num-layers {}", shape.stageOfBlock.size()),
                                       fmt::format("--hidden-size {}", shape.hidden),
                                       fmt::format("--ffn-hidden-size {}", shape.feedForward),
                                       fmt::format("--num-attention-heads {}", shape.heads),
                                       fmt::format("--seq-length {}", shape.sequence),
                                       fmt::format("--max-position-embeddings {}", shape.sequence),
                                       fmt::format("--vocab-size {}", shape.vocabulary)};
    if (shape.keyHeads > 0 && shape.keyHeads < shape.heads)
        arguments.push_back(
            fmt::format("--group-query-attention --num-query-groups {}", shape.keyHeads));
    if (shape.isGated)
        arguments.push_back("--swiglu --normalization RMSNorm");
    if (!shape.hasBias)
        arguments.push_back("--disable-bias-linear");
    if (!shape.isTied)
        arguments.push_back("--untie-embeddings-and-output-weights");
    if (!shape.hasPositions)
        arguments.push_back("--position-embedding-type rope");
    // What was planned has none; the default is 0.1.
    arguments.push_back("--attention-dropout 0 --hidden-dropout 0");
    return arguments;
}

Status requireSchedule(const ParallelPlan& plan)
{
    const bool isGpipe = plan.schedule == ScheduleKind::kGpipe;
    if (plan.stages.size() > 1 && (isGpipe || plan.schedule == ScheduleKind::kZeroBubble))
        return refusal(kMegatron, fmt::format("its schedule is {}, and it runs 1F1B, plain or "
                                              "interleaved; plan with --schedule 1f1b",
                                              isGpipe ? "GPipe" : "zero-bubble"));
    return {};
}

std::string optimizerArguments(const OptimizerOptions& optimizer)
{
    if (optimizer.kind == OptimizerOptions::Kind::kSgd)
        return fmt::format("--optimizer sgd --sgd-momentum 0 --lr {}", optimizer.learningRate);
    return fmt::format(
        "--optimizer adam --lr {} --adam-beta1 {} --adam-beta2 {} --adam-eps {} --weight-decay {}",
        optimizer.learningRate, optimizer.beta1, optimizer.beta2, optimizer.epsilon,
        optimizer.kind == OptimizerOptions::Kind::kAdamW ? optimizer.weightDecay : 0);
}

} // namespace

Result<std::string> exportMegatron(const ParallelPlan& plan)
{
    ASSIGN_OR_RETURN(const ParallelLayout layout, uniformLayout(plan, kMegatron));
    ASSIGN_OR_RETURN(const TransformerShape shape, findTransformer(plan, layout, kMegatron));
    if (shape.hasExperts)
        return refusal(kMegatron, "its blocks hold experts, and how tokens are routed to them "
                                  "(top-k, capacity) cannot be read off the model's operations");
    RETURN_IF_ERROR(requireAllDevices(plan, kMegatron));
    RETURN_IF_ERROR(requireDevicesInOrder(plan, kMegatron));
    RETURN_IF_ERROR(requireSchedule(plan));
    RETURN_IF_ERROR(requireColumnsAndRows(layout));
    std::vector<std::string> arguments = modelArguments(shape);
    const auto add = [&](std::string argument) { arguments.push_back(std::move(argument)); };
    add(fmt::format("--tensor-model-parallel-size {}", layout.tensorParallel));
    if (layout.hasSequenceParallel && layout.tensorParallel > 1)
        add("--sequence-parallel");
    add(fmt::format("--pipeline-model-parallel-size {}", layout.pipelineParallel));
    if (layout.pipelineParallel > 1)
        add(fmt::format("--pipeline-model-parallel-layout \"{}\"", layoutText(plan, shape)));
    add("--context-parallel-size 1");
    add(fmt::format("--micro-batch-size {}", plan.microbatchSize / layout.dataParallel));
    add(fmt::format("--global-batch-size {}", plan.globalBatch()));
    for (std::string& argument : zeroArguments(layout.dataParallel > 1 ? layout.zeroStage : 0))
        add(std::move(argument));
    if (layout.repeatsCheapOps)
        add("--recompute-granularity selective --recompute-modules core_attn");
    if (layout.recomputes)
        add("--recompute-granularity full --recompute-method uniform --recompute-num-layers 1");
    if (layout.recomputedBlocks > 0)
        add(fmt::format("--recompute-granularity full --recompute-method block "
                        "--recompute-num-layers {}",
                        layout.recomputedBlocks));
    const bool isHalf = std::ranges::any_of(plan.graph->ops, [&](const Op& op) {
        return op.kind == OpKind::kDot && plan.graph->type(op.results[0]).dtype == DType::kBF16;
    });
    if (isHalf)
        add("--bf16");
    std::string notes;
    if (hasPlannersOptimizer(plan))
        add(optimizerArguments(plan.options.optimizer));
    else
        notes +=
            "# The model's file has an optimizer of its own, whose settings are not known here: "
            "add --optimizer and --lr.\n";
    if (layout.repeatsCheapOps)
        notes +=
            "# The plan repeats all cheap operations; of these, Megatron-LM repeats attention's "
            "core alone.\n";
    // Without it, Megatron-LM refuses tensor parallelism on what came before Blackwell; with it,
    // its own FSDP.
    const bool isFsdp = layout.dataParallel > 1 && layout.zeroStage > 1;
    return fmt::format(
        "# {}\n# Exported by Alpa Explorer. Add your data, tokenizer and checkpoint "
        "arguments.\n{}{}torchrun --nnodes {} --nproc_per_node {} pretrain_gpt.py \\\n    "
        "{}\n",
        describePlan(plan), notes,
        layout.tensorParallel > 1 && !isFsdp ? "CUDA_DEVICE_MAX_CONNECTIONS=1 " : "",
        plan.cluster.hosts, plan.cluster.devicesPerHost, fmt::join(arguments, " \\\n    "));
}

} // namespace alpa
