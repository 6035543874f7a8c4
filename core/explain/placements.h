// Placements that AutoParallel (PyTorch) wrote down with save_placements, as constraints:
//
//   {"version": 1, "mesh_shape": [2, 4], "mesh_dim_names": ["dp", "tp"],
//    "placements": {"primals_1": {"output": "RS(0)", "inputs": ["RS(0)"]},
//                   "mm": {"output": "S(0)S(1)", "inputs": ["S(0)R", "RS(1)"]}, ...}}
//
// A placement says per mesh axis what becomes of a tensor: S(d) splits dimension d, R repeats it,
// P(sum) leaves it to be summed.
#pragma once

#include "core/plan/json_place.h"
#include "core/plan/plan_request.h"

#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

/// How one tensor lies on the mesh; the rank of the tensor is not known.
struct Placement {
    std::string node;                    ///< Of the traced program: "primals_3", "mm_1".
    std::vector<std::optional<int>> dim; ///< Per mesh axis the dimension that it splits.
    friend bool operator==(const Placement&, const Placement&) = default;
};

struct PlacementPlan {
    std::vector<int> mesh;             ///< Sizes of the axes, outermost first.
    std::vector<Placement> placements; ///< Of nodes with one output, in the order of the file.
};

/// Is this AutoParallel's form?
bool looksLikePlacements(const JsonPlace& root);
/// Remembers in `root` what is not as expected.
PlacementPlan readPlacements(const JsonPlace& root);

/// "S(0)R" per mesh axis; nothing for what is no placement of one tensor on so many axes.
std::optional<std::vector<std::optional<int>>> parsePlacement(std::string_view text, size_t axes);

/// A mesh of this shape, no pipeline, and a pin for every parameter of `model` that the file
/// places. Nodes are matched by name ("block_0.fc.weight", "p_block_0_fc_weight") or, where they
/// are numbered (primals_1, primals_2, ...), in the order of the model's parameters. Fails with
/// kInvalidInput if no parameter can be found, if the numbered nodes are too few, or if a dimension
/// is not there.
Status applyPlacements(const PlacementPlan& plan, const Graph& model, PlanConstraints& constraints);

} // namespace alpa
