// Where a selection lies in everything that views show: the one function by which all of them
// follow one selection.
#pragma once

#include "app/session/graph_facts.h"
#include "app/session/selection_model.h"

#include <optional>
#include <set>
#include <vector>

namespace alpa::app
{

/// What is selected itself and what it belongs to; unset where that makes no sense (a stage has no
/// op).
struct SelectionPlace {
    std::optional<OpId>
        op; ///< For a value its producer, else its first reader; for a collective the reader.
    std::optional<ValueId> value;
    std::optional<int> layer;
    std::optional<int> stage;
    std::optional<int> device;        ///< Of the cluster.
    std::optional<int> communication; ///< Into GraphFacts::communications.
    friend bool operator==(const SelectionPlace&, const SelectionPlace&) = default;
};

/// Nothing set if the selection does not exist in `facts`, for instance because it was made in
/// another plan's graph.
SelectionPlace placeOf(const Selection& selection, const GraphFacts& facts,
                       const ScopeTree& scopes);

/// Where several selections lie together: what views mark that show them all.
struct SelectionPlaces {
    std::set<OpId> ops;
    std::set<int> layers, stages, devices, communications;
};
SelectionPlaces placesOf(const std::vector<Selection>& selections, const GraphFacts& facts,
                         const ScopeTree& scopes);

/// Does `row`, a line of a list, stand for `place` or for what it lies in?
bool holds(const Selection& row, const SelectionPlace& place);

/// The node of the outline for a place: a parameter's own, else the deepest scope that holds the op
/// or begins the layer.
std::optional<int> scopeNodeOf(const SelectionPlace& place, const GraphFacts& facts,
                               const ScopeTree& scopes);

/// Ops that the selection stands for, in graph order: one for an op, all forward ones for a layer,
/// scope or stage.
std::vector<OpId> opsOf(const Selection& selection, const GraphFacts& facts,
                        const ScopeTree& scopes);

/// The stages with the device in their mesh, ascending.
std::vector<int> stagesOfDevice(const GraphFacts& facts, int device);

} // namespace alpa::app
