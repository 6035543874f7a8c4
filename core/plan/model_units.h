// Units: the runs of forward ops that are never cut, and how they are clustered into layers.
#pragma once

#include "core/base/job.h"
#include "core/base/result.h"
#include "core/graph/graph.h"

#include <optional>
#include <string>
#include <vector>

namespace alpa
{

/// A block of the model, or a single contraction where there are no blocks.
struct ModelUnit {
    int begin = 0; ///< Into the list of forward ops.
    double flops = 0;
    std::string name; ///< "GPT/block_3"
};

/// Dots and convolutions.
bool isContraction(const Op& op);
/// Ops of the forward phase, in order.
std::vector<OpId> forwardOps(const Graph& graph);
/// Blocks by their scopes' numbers, in order of appearance; what stands before the first joins it,
/// what stands after the last is a unit called "head".
std::vector<ModelUnit> findBlocks(const Graph& graph, const std::vector<OpId>& ops);
/// A unit for every contraction, the cheap ops before it included.
std::vector<ModelUnit> findContractions(const Graph& graph, const std::vector<OpId>& ops);

/// Layers as runs of units.
struct Layering {
    bool isOfBlocks = true;         ///< Else of contractions.
    std::vector<int> begins;        ///< First unit of every layer, then the number of units.
    std::vector<std::string> names; ///< Per layer: "GPT/block_2 .. GPT/block_3".
    int layerCount() const { return static_cast<int>(names.size()); }
};

/// Clusters the forward ops of `graph`. `layerCount` unset: one layer for every block, at most 16.
/// `isOfBlocks` unset: of blocks if there are some and they are enough.
Result<Layering> layerUnits(const Graph& graph, std::optional<int> layerCount,
                            std::optional<bool> isOfBlocks, const JobControl& control);

} // namespace alpa
