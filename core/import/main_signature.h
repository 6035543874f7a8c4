// The main function of a model: what its arguments and results are to the training step.
#pragma once

#include "core/graph/graph.h"
#include "core/import/argument_roles.h"
#include "core/import/mlir_syntax.h"
#include "core/import/name_stack.h"

#include <vector>

namespace alpa
{

/// Names and roles of the arguments of `main`, from their locations or their jax.arg_info.
std::vector<ArgumentRole> mainArgumentRoles(const MlirFunction& main, const LocationNames& names);

/// Adds the results of `main` as outputs. The first floating-point scalar is the loss. A result of
/// a training step that carries the name of an argument (jax.result_info =
/// "result[0]['fc']['kernel']") or takes its memory (tf.aliasing_output) replaces it: an updated
/// parameter or state; it is the gradient instead when the backward phase made it. Where the file
/// says neither, the results of a step with an optimizer's state stand in the arguments' order.
void addMainOutputs(Graph& graph, const MlirFunction& main, const std::vector<ValueId>& results);

/// Operations without operands (constants, iotas) that have no scope of their own take that of
/// their first user. In a training step no operation may be of a later phase than its users: those
/// that are move to the users' phase.
void settlePhasesAndScopes(Graph& graph, bool isStep);

} // namespace alpa
