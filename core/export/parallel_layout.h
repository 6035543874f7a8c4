// A plan in the terms in which frameworks are configured: degrees, a ZeRO stage, and per module how
// its weight is split over the tensor axis. Says why, where a plan cannot be said so.
#pragma once

#include "core/explain/module_names.h"
#include "core/export/value_specs.h"
#include "core/export/weight_partition.h"

#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

struct ModuleLayout {
    std::string name; ///< "block_0.fc": of parameters "block_0.fc.kernel" and "block_0.fc.bias".
    Partition partition = Partition::kReplicated;
    int stage = 0;
    bool isInputSplit = false; ///< Of a row: its input is already split as it needs it.
    /// Sizes along the output dimension of the parts that the plan splits one by one (queries, keys
    /// and values); empty for a weight in one piece.
    std::vector<int64_t> parts;
    bool isShared = false; ///< A table that gives the logits as well: used outside of its module.
    std::vector<std::vector<int64_t>> weights; ///< Shapes of its parameters of rank 2 and more.
    bool hasBias = false;                      ///< Of rank 1, beside a weight.
    friend bool operator==(const ModuleLayout&, const ModuleLayout&) = default;
};

/// Layers that the model's file stacks in one parameter (scanned) are modules of their own,
/// "iteration_0.block.fc", as their operations are.
struct ParallelLayout {
    int dataParallel = 1, tensorParallel = 1;
    int pipelineParallel = 1; ///< Groups of devices; interleaved schedules have more stages.
    int zeroStage = 0; ///< 1: states, 2: gradients, 3: parameters are split over the data axis.
    bool hasSequenceParallel = false;
    bool recomputes = false;           ///< Every block's forward pass.
    bool repeatsCheapOps = false;      ///< All but products and convolutions; not with recomputes.
    int recomputedBlocks = 0;          ///< Else of every stage's blocks, the first so many.
    std::vector<ModuleLayout> modules; ///< With parameters, in the order of the graph's inputs.
    /// Of the names of the model's blocks, "block_": the prefix with the most numbers. Empty
    /// without numbers.
    std::string blockPrefix;
};

/// The format that knows recomputation of a stage's first blocks alone.
inline constexpr std::string_view kMegatronFormat = "Megatron-LM";

/// What `format`, which has one degree of each kind for the whole model, can say of `plan`. Fails
/// with kUnsupported if stages differ in their meshes, an axis is used differently by different
/// ops, or only some parameters are split over the data axis.
Result<ParallelLayout> uniformLayout(const ParallelPlan& plan, std::string_view format);

/// The name of a module inside a block of `layout`'s model; nothing outside of blocks.
std::optional<BlockName> blockIn(const ParallelLayout& layout, const std::string& module);

/// The stage of every block, in order; nothing if blocks are not numbered from 0 or one of them
/// lies in two stages.
std::optional<std::vector<int>> stagesOfBlocks(const ParallelLayout& layout);

} // namespace alpa
