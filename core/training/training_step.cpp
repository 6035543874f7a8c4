#include "core/training/training_step.h"

#include "core/graph/builder.h"
#include "core/graph/simplify.h"
#include "core/graph/verify.h"
#include "core/training/differentiate.h"
#include "core/training/localize_invariants.h"
#include "core/training/optimizer.h"
#include "core/training/rebatch.h"
#include "core/training/update_scope.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Simplifies and localizes a differentiated graph. The passes renumber values, so the gradients
/// ride along as outputs.
Differentiation polished(Differentiation raw)
{
    const size_t outputs = raw.graph.outputs.size();
    raw.graph.addOutput({raw.loss, OutputRole::kLoss, "", {}});
    for (const ParameterGradient& gradient : raw.gradients) {
        for (const ValueId contribution : gradient.contributions)
            raw.graph.addOutput({contribution, OutputRole::kGradient, "", {}});
    }
    Differentiation result{localizeInvariants(simplify(std::move(raw.graph))), {}, {}};
    std::vector<GraphOutput>& all = result.graph.outputs;
    size_t next = outputs;
    result.loss = all[next++].value;
    size_t parameter = 0;
    for (const GraphInput& input : result.graph.inputs) {
        if (input.role != InputRole::kParameter)
            continue;
        ParameterGradient gradient{input.value, {}};
        for (size_t i = 0; i < raw.gradients[parameter].contributions.size(); ++i)
            gradient.contributions.push_back(all[next++].value);
        result.gradients.push_back(std::move(gradient));
        ++parameter;
    }
    all.resize(outputs);
    return result;
}

DType stateType(DType dtype) { return dtypeBytes(dtype) < 4 ? DType::kF32 : dtype; }

/// Accumulates each gradient where it is made, and sums the parts in the update's scope.
void emitAccumulation(GraphBuilder& builder, const ParameterGradient& gradient,
                      ScopeId updateScopeId, TrainedParameter& trained)
{
    Graph& graph = builder.graph();
    const DType dtype = stateType(graph.type(trained.parameter).dtype);
    builder.setPhase(Phase::kBackward);
    for (const ValueId contribution : gradient.contributions) {
        const OpId maker = graph.value(contribution).producer;
        builder.setScope(maker.isValid() ? graph.op(maker).scope : updateScopeId);
        builder.setOrigin(maker.isValid() ? graph.op(maker).origin : OpId());
        // Sums over many microbatches lose their tail in 16 bits.
        trained.gradients.push_back(builder.convert(contribution, dtype));
        trained.accumulatedParts.push_back(builder.accumulate(trained.gradients.back()));
    }
    builder.setPhase(Phase::kUpdate);
    builder.setScope(updateScopeId);
    builder.setOrigin({});
    for (const ValueId part : trained.accumulatedParts)
        trained.accumulated =
            trained.accumulated.isValid() ? builder.add(trained.accumulated, part) : part;
    if (!trained.accumulated.isValid())
        trained.accumulated = builder.constant(0.0, {dtype, graph.type(trained.parameter).dims});
}

void addStateInputs(Graph& graph, const OptimizerOptions& options, TrainedParameter& trained)
{
    const TensorType type = graph.type(trained.parameter);
    const std::string name = graph.value(trained.parameter).name;
    const TensorType state{stateType(type.dtype), type.dims};
    const auto add = [&](const char* suffix) {
        trained.stateInputs.push_back(
            graph.addInput(name + suffix, state, InputRole::kOptimizerState));
    };
    if (options.kind != OptimizerOptions::Kind::kSgd) {
        add(".m");
        add(".v");
    }
    if (options.masterWeights && state != type)
        add(".master");
}

void addUpdateOutputs(Graph& graph, const TrainedParameter& trained)
{
    graph.addOutput({trained.updated, OutputRole::kUpdatedParameter,
                     graph.value(trained.parameter).name, trained.parameter});
    for (size_t i = 0; i < trained.stateInputs.size(); ++i)
        graph.addOutput({trained.updatedStates[i], OutputRole::kUpdatedState,
                         graph.value(trained.stateInputs[i]).name, trained.stateInputs[i]});
}

} // namespace

Result<TrainingStep> makeTrainingStep(const Graph& loss, const OptimizerOptions& options)
{
    // Localized first, so that uses in different scope groups have separate gradients all the way.
    ASSIGN_OR_RETURN(Differentiation raw, differentiateLoss(localizeInvariants(simplify(loss))));
    Differentiation differentiated = polished(std::move(raw));
    TrainingStep step;
    step.graph = std::move(differentiated.graph);
    step.loss = differentiated.loss;
    step.optimizer = options;
    step.microbatchSize = batchSize(step.graph);
    Graph& graph = step.graph;
    const UpdateScopes updateScopes(graph.scopes);
    const TensorType scalar{DType::kF32, {}};
    step.learningRate = graph.addInput("learning_rate", scalar, InputRole::kOptimizerState);
    if (options.kind != OptimizerOptions::Kind::kSgd)
        step.stepCount = graph.addInput("step", scalar, InputRole::kOptimizerState);
    for (const ParameterGradient& gradient : differentiated.gradients) {
        TrainedParameter& trained = step.parameters.emplace_back();
        trained.parameter = gradient.parameter;
        addStateInputs(graph, options, trained);
    }
    GraphBuilder builder(graph, ScopeId(0), Phase::kUpdate);
    if (step.stepCount.isValid())
        graph.addOutput({builder.shift(step.stepCount, 1.0), OutputRole::kUpdatedState, "step",
                         step.stepCount});
    for (size_t i = 0; i < step.parameters.size(); ++i) {
        TrainedParameter& trained = step.parameters[i];
        const ScopeId scope = graph.scope(updateScopes.of(graph.value(trained.parameter).name));
        emitAccumulation(builder, differentiated.gradients[i], scope, trained);
        emitUpdate(builder, options, {step.learningRate, step.stepCount}, trained);
        addUpdateOutputs(graph, trained);
    }
    RETURN_IF_ERROR(checkGraph(graph));
    return step;
}

} // namespace alpa
