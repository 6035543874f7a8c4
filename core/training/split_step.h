// A file that already holds a whole training step (loss, gradients and update in one function),
// brought into the form that makeTrainingStep gives: backward ops know their forward op, gradients
// are accumulated over microbatches, the updates of two parameters share no op.
#pragma once

#include "core/base/result.h"
#include "core/graph/graph.h"

#include <optional>
#include <string>

namespace alpa
{

/// Does the graph update parameters? Then it is a step and no loss to be differentiated.
bool isTrainingStep(const Graph& graph);

/// Why the step can only be planned inside one stage, and with one microbatch; nothing if it can be
/// cut:
/// * its forward and backward passes cannot be told apart (a text without name stacks), or
/// * updates of several parameters hang together (a clipped norm of all gradients).
std::optional<std::string> whyStepIsWhole(const Graph& step);

/// The same step, its passes told apart by data flow if they are not known: what the loss needs is
/// forward, what reads a state or makes an output is update, the rest is backward.
Graph withKnownPasses(Graph step);

/// The same step with
/// * an origin for every backward op: the forward op of its scope that it undoes;
/// * an accumulate behind every value of a microbatch that the update reads, one per scope group
///   for a sum of gradients from several (a tied embedding), float32 or wider;
/// * scalars of the update (bias corrections) repeated for every parameter that reads them;
/// * states that belong to one parameter named after it: "0.mu.fc.kernel" becomes "fc.kernel.mu".
/// Simplified and localized as makeTrainingStep does. The result is verified.
///
/// Passes that are not known are those of withKnownPasses.
Result<Graph> splitTrainingStep(const Graph& step);

} // namespace alpa
