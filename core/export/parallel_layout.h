// A plan in the terms in which frameworks are configured: degrees, a ZeRO stage, and per module how
// its weight is split over the tensor axis. Says why, where a plan cannot be said so.
#pragma once

#include "core/export/value_specs.h"

#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// How a module's weight is split over the tensor axis.
enum class Partition {
    kReplicated,
    kColumn,          ///< Its output features.
    kRow,             ///< Its input features; outputs are summed.
    kVocabulary,      ///< Rows of an embedding table.
    kEmbeddingColumn, ///< Features of an embedding table.
    kSequence,        ///< Replicated, works on a part of the sequence (norms).
};
/// "column", "row", ...
std::string_view partitionName(Partition partition);

struct ModuleLayout {
    std::string name; ///< "block_0.fc": of parameters "block_0.fc.kernel" and "block_0.fc.bias".
    Partition partition = Partition::kReplicated;
    int stage = 0;
    bool isInputSplit = false; ///< Of a row: its input is already split as it needs it.
    /// Sizes along the output dimension of the parts that the plan splits one by one (queries, keys
    /// and values); empty for a weight in one piece.
    std::vector<int64_t> parts;
    bool isShared = false; ///< A table that gives the logits as well: used outside of its module.
    friend bool operator==(const ModuleLayout&, const ModuleLayout&) = default;
};

struct ParallelLayout {
    int dataParallel = 1, tensorParallel = 1;
    int pipelineParallel = 1; ///< Groups of devices; interleaved schedules have more stages.
    int zeroStage = 0; ///< 1: states, 2: gradients, 3: parameters are split over the data axis.
    bool hasSequenceParallel = false;
    bool recomputes = false;           ///< Every block's forward pass.
    bool repeatsCheapOps = false;      ///< All but products and convolutions; not with recomputes.
    std::vector<ModuleLayout> modules; ///< With parameters, in the order of the graph's inputs.
};

/// What `format`, which has one degree of each kind for the whole model, can say of `plan`. Fails
/// with kUnsupported if stages differ in their meshes, an axis is used differently by different
/// ops, or only some parameters are split over the data axis.
Result<ParallelLayout> uniformLayout(const ParallelPlan& plan, std::string_view format);

/// Blocks of a model: "block_0.fc" is {"block_", 0, ".fc"} as prefix, number and rest.
struct BlockName {
    std::string prefix;
    int number = 0;
    std::string rest;
};
/// Split at the first run of digits that is a path component or ends one; nothing without.
std::optional<BlockName> blockOf(const std::string& module);

/// The stage of every block, in order; nothing if blocks are not numbered from 0 or one of them
/// lies in two stages.
std::optional<std::vector<int>> stagesOfBlocks(const ParallelLayout& layout);

} // namespace alpa
