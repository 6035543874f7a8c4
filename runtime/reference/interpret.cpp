#include "runtime/reference/interpret.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace alpa
{
namespace
{

/// The values of a run, by id; a tensor is freed when the last op that reads it has run.
class Evaluation
{
public:
    Evaluation(const Graph& graph, const InterpretOptions& options)
        : graph_(graph)
        , options_(options)
        , tensors_(graph.values.size())
        , reads_(graph.values.size(), 0)
    {
        for (const Op& op : graph.ops) {
            for (const ValueId operand : op.operands)
                ++reads_[operand.index()];
        }
        for (const GraphOutput& output : graph.outputs)
            ++reads_[output.value.index()];
    }

    void set(ValueId id, HostTensor tensor) { tensors_[id.index()] = std::move(tensor); }
    const HostTensor& at(ValueId id) const { return tensors_[id.index()]; }

    Status run(const Op& op)
    {
        std::vector<const HostTensor*> operands;
        for (const ValueId operand : op.operands)
            operands.push_back(&tensors_[operand.index()]);
        Result<std::vector<HostTensor>> results = evaluateOp(graph_, op, operands, options_);
        if (!results.ok())
            return results.error();
        for (size_t i = 0; i < op.results.size(); ++i)
            set(op.results[i], std::move((*results)[i]));
        for (const ValueId operand : op.operands) {
            if (--reads_[operand.index()] == 0)
                tensors_[operand.index()] = HostTensor{};
        }
        return {};
    }

private:
    const Graph& graph_;
    const InterpretOptions& options_;
    std::vector<HostTensor> tensors_;
    std::vector<int> reads_; ///< How many reads of each value are still to come.
};

Status checkInput(const Graph& graph, const GraphInput& input, const HostTensor& tensor,
                  int64_t microbatches)
{
    TensorType expected = graph.type(input.value);
    if (input.role == InputRole::kBatch && expected.rank() > 0)
        expected.dims[0] *= microbatches;
    if (tensor.type != expected ||
        static_cast<int64_t>(tensor.values.size()) != expected.elementCount())
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("input '{}' has type {} and {} values, expected {}",
                                 graph.value(input.value).name, formatType(tensor.type),
                                 tensor.values.size(), formatType(expected)));
    return {};
}

Status checkInputs(const Graph& graph, std::span<const HostTensor> inputs, int64_t microbatches)
{
    if (inputs.size() != graph.inputs.size())
        return Error(ErrorCode::kInvalidInput, fmt::format("the graph has {} inputs, got {}",
                                                           graph.inputs.size(), inputs.size()));
    for (size_t i = 0; i < inputs.size(); ++i)
        RETURN_IF_ERROR(checkInput(graph, graph.inputs[i], inputs[i], microbatches));
    return {};
}

void addTo(HostTensor& sum, const HostTensor& term)
{
    if (sum.values.empty()) {
        sum = term;
        return;
    }
    for (size_t i = 0; i < sum.values.size(); ++i)
        sum.values[i] += term.values[i];
}

void divideBy(HostTensor& tensor, int64_t count)
{
    for (double& value : tensor.values)
        value /= static_cast<double>(count);
}

/// What survives a microbatch: sums of the accumulated values and of the outputs made before the
/// update phase.
struct MicrobatchSums {
    std::vector<HostTensor> accumulated; ///< By op index; empty for ops that are no accumulate.
    std::vector<HostTensor> outputs; ///< By output index; empty for outputs of the update phase.
};

bool isMadeInUpdate(const Graph& graph, ValueId id)
{
    const OpId producer = graph.value(id).producer;
    return producer.isValid() && graph.op(producer).phase == Phase::kUpdate;
}

Status runMicrobatch(const Graph& graph, Evaluation& evaluation, MicrobatchSums& sums)
{
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const Op& op = graph.ops[i];
        if (op.phase == Phase::kUpdate)
            continue;
        RETURN_IF_ERROR(evaluation.run(op));
        if (op.kind == OpKind::kAccumulate)
            addTo(sums.accumulated[i], evaluation.at(op.results[0]));
    }
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
        if (!isMadeInUpdate(graph, graph.outputs[i].value))
            addTo(sums.outputs[i], evaluation.at(graph.outputs[i].value));
    }
    return {};
}

/// A result is the same in every microbatch or a sum over them; the mean is right for both.
void setMean(const Graph& graph, HostTensor& sum, ValueId id, int64_t microbatches,
             const InterpretOptions& options)
{
    divideBy(sum, microbatches);
    if (options.roundToDtype || !isFloating(graph.type(id).dtype))
        roundValues(sum.values, graph.type(id).dtype);
}

void setMicrobatchInputs(const Graph& graph, std::span<const HostTensor> inputs, int64_t microbatch,
                         Evaluation& evaluation)
{
    for (size_t i = 0; i < inputs.size(); ++i) {
        const GraphInput& input = graph.inputs[i];
        const bool isSliced = input.role == InputRole::kBatch && inputs[i].type.rank() > 0;
        const int64_t count = isSliced ? graph.type(input.value).dims[0] : 0;
        evaluation.set(input.value,
                       isSliced ? rows(inputs[i], microbatch * count, count) : inputs[i]);
    }
}

Status runUpdate(const Graph& graph, Evaluation& evaluation, MicrobatchSums& sums,
                 int64_t microbatches, const InterpretOptions& options)
{
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const Op& op = graph.ops[i];
        if (op.kind == OpKind::kAccumulate) {
            setMean(graph, sums.accumulated[i], op.results[0], microbatches, options);
            evaluation.set(op.results[0], std::move(sums.accumulated[i]));
        }
    }
    for (const Op& op : graph.ops) {
        if (op.phase == Phase::kUpdate)
            RETURN_IF_ERROR(evaluation.run(op));
    }
    return {};
}

Result<StepResult> collectResult(const Graph& graph, const Evaluation& evaluation,
                                 MicrobatchSums& sums, int64_t microbatches,
                                 const InterpretOptions& options)
{
    StepResult result;
    bool hasLoss = false;
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
        const GraphOutput& output = graph.outputs[i];
        if (isMadeInUpdate(graph, output.value)) {
            result.outputs.push_back(evaluation.at(output.value));
        } else {
            setMean(graph, sums.outputs[i], output.value, microbatches, options);
            result.outputs.push_back(std::move(sums.outputs[i]));
        }
        if (output.role == OutputRole::kLoss && result.outputs.back().values.size() == 1) {
            result.loss = result.outputs.back().values[0];
            hasLoss = true;
        }
    }
    if (!hasLoss)
        return Error(ErrorCode::kInvalidInput, "the graph has no scalar loss among its outputs");
    return result;
}

} // namespace

Result<std::vector<HostTensor>> interpret(const Graph& graph, std::span<const HostTensor> inputs,
                                          const InterpretOptions& options)
{
    RETURN_IF_ERROR(checkInputs(graph, inputs, 1));
    Evaluation evaluation(graph, options);
    for (size_t i = 0; i < inputs.size(); ++i)
        evaluation.set(graph.inputs[i].value, inputs[i]);
    for (const Op& op : graph.ops)
        RETURN_IF_ERROR(evaluation.run(op));
    std::vector<HostTensor> outputs;
    for (const GraphOutput& output : graph.outputs)
        outputs.push_back(evaluation.at(output.value));
    return outputs;
}

Result<StepResult> interpretStep(const Graph& graph, std::span<const HostTensor> inputs,
                                 int64_t microbatches, const InterpretOptions& options)
{
    if (microbatches < 1)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("a step needs a microbatch, got {}", microbatches));
    RETURN_IF_ERROR(checkInputs(graph, inputs, microbatches));
    MicrobatchSums sums{std::vector<HostTensor>(graph.ops.size()),
                        std::vector<HostTensor>(graph.outputs.size())};
    // The update phase reads the last microbatch's values where they do not depend on the batch.
    std::unique_ptr<Evaluation> evaluation;
    for (int64_t microbatch = 0; microbatch < microbatches; ++microbatch) {
        evaluation = std::make_unique<Evaluation>(graph, options);
        setMicrobatchInputs(graph, inputs, microbatch, *evaluation);
        RETURN_IF_ERROR(runMicrobatch(graph, *evaluation, sums));
    }
    RETURN_IF_ERROR(runUpdate(graph, *evaluation, sums, microbatches, options));
    return collectResult(graph, *evaluation, sums, microbatches, options);
}

std::vector<HostTensor> nextInputs(const Graph& graph, std::vector<HostTensor> inputs,
                                   const StepResult& result)
{
    for (size_t i = 0; i < graph.outputs.size(); ++i) {
        const ValueId alias = graph.outputs[i].alias;
        if (!alias.isValid())
            continue;
        const auto input = std::ranges::find(graph.inputs, alias, &GraphInput::value);
        if (input != graph.inputs.end())
            inputs[static_cast<size_t>(input - graph.inputs.begin())] = result.outputs[i];
    }
    return inputs;
}

} // namespace alpa
