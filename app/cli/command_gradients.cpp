// alpa gradients MODEL --inputs FILE: loss and gradients by the double-precision interpreter,
// beside those of the file if it has any.
#include "app/cli/commands.h"
#include "app/cli/load_inputs.h"
#include "app/cli/model_arguments.h"
#include "core/base/safetensors.h"
#include "core/base/text.h"
#include "core/training/differentiate.h"
#include "core/training/rebatch.h"
#include "runtime/reference/interpret.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace alpa::cli
{
namespace
{

struct GradientArguments {
    std::string model;
    ModelArguments modelOptions;
    std::string inputs;
    std::string output;
};

struct Gradient {
    std::string name;
    HostTensor value;
    std::optional<double> difference; ///< Relative to the file's, where it has one.
};

struct Gradients {
    double loss = 0;
    std::vector<Gradient> gradients;
};

double norm(const std::vector<double>& values)
{
    double sum = 0;
    for (const double value : values)
        sum += value * value;
    return std::sqrt(sum);
}

Result<std::vector<HostTensor>> graphInputs(const Graph& graph, const std::string& path)
{
    ASSIGN_OR_RETURN(const HostInputs buffers, loadInputs(graph, {.file = path, .views = {}}));
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs) {
        const HostBuffer& buffer = buffers.at(graph.value(input.value).name);
        ASSIGN_OR_RETURN(std::vector<double> values, bufferValues(buffer));
        inputs.push_back({buffer.type, std::move(values)});
    }
    return inputs;
}

/// Relative differences to "grad:NAME" of the file.
Status compareWith(const std::string& path, std::vector<Gradient>& gradients)
{
    ASSIGN_OR_RETURN(const std::vector<SafeTensor> tensors, readSafetensors(path));
    for (Gradient& gradient : gradients) {
        for (const SafeTensor& tensor : tensors) {
            if (tensor.name != "grad:" + gradient.name)
                continue;
            ASSIGN_OR_RETURN(std::vector<double> values, tensorValues(tensor));
            const HostTensor expected{{gradient.value.type.dtype, tensor.dims}, std::move(values)};
            gradient.difference = relativeDifference(gradient.value, expected);
        }
    }
    return {};
}

/// The file's batch may be any size: the graph is made for it.
Result<Graph> fitBatch(Graph loss, const std::string& path)
{
    ASSIGN_OR_RETURN(const std::vector<SafeTensor> tensors, readSafetensors(path));
    for (const SafeTensor& tensor : tensors) {
        if (tensor.name.starts_with("batch:") && !tensor.dims.empty() &&
            tensor.dims[0] != batchSize(loss))
            return rebatch(loss, tensor.dims[0]);
    }
    return loss;
}

Result<Gradients> computeGradients(const Console& console, const GradientArguments& arguments)
{
    ASSIGN_OR_RETURN(ImportOptions options, importOptions(arguments.modelOptions));
    ASSIGN_OR_RETURN(Graph model, loadModel(console, arguments.model, std::move(options)));
    ASSIGN_OR_RETURN(const Graph loss, fitBatch(std::move(model), arguments.inputs));
    ASSIGN_OR_RETURN(const Graph graph, differentiate(loss));
    ASSIGN_OR_RETURN(const std::vector<HostTensor> inputs, graphInputs(graph, arguments.inputs));
    ASSIGN_OR_RETURN(std::vector<HostTensor> outputs, interpret(graph, inputs));
    Gradients result;
    for (size_t i = 0; i < outputs.size(); ++i) {
        const GraphOutput& output = graph.outputs[i];
        if (output.role == OutputRole::kLoss)
            result.loss = outputs[i].values[0];
        if (output.role == OutputRole::kGradient)
            result.gradients.push_back(
                {.name = output.name, .value = std::move(outputs[i]), .difference = {}});
    }
    RETURN_IF_ERROR(compareWith(arguments.inputs, result.gradients));
    return result;
}

Status writeGradients(const std::string& path, const std::vector<Gradient>& gradients)
{
    std::vector<SafeTensor> tensors;
    for (const Gradient& gradient : gradients) {
        ASSIGN_OR_RETURN(SafeTensor tensor,
                         makeSafeTensor("grad:" + gradient.name, "F32", gradient.value.type.dims,
                                        gradient.value.values));
        tensors.push_back(std::move(tensor));
    }
    return writeSafetensors(path, tensors);
}

void printGradients(const Console& console, const Gradients& result)
{
    double squares = 0;
    double worst = 0;
    size_t compared = 0;
    size_t width = 4;
    Json list = Json::array();
    for (const Gradient& gradient : result.gradients) {
        const double length = norm(gradient.value.values);
        squares += length * length;
        worst = std::max(worst, gradient.difference.value_or(0));
        compared += gradient.difference ? 1u : 0u;
        width = std::max(width, gradient.name.size());
        Json entry{{"name", gradient.name}, {"norm", length}};
        if (gradient.difference)
            entry["relative_difference"] = *gradient.difference;
        list.push_back(std::move(entry));
    }
    if (console.json) {
        Json json{{"loss", result.loss}, {"gradient_norm", std::sqrt(squares)}};
        if (compared > 0)
            json["largest_relative_difference"] = worst;
        json["gradients"] = std::move(list);
        printJson(json);
        return;
    }
    print(fmt::format("{:<{}}  {:>12}  {:>12}\n", "gradient", width, "norm", "difference"));
    for (const Gradient& gradient : result.gradients)
        print(fmt::format("{:<{}}  {:>12.6g}  {:>12}\n", gradient.name, width,
                          norm(gradient.value.values),
                          gradient.difference ? fmt::format("{:.2e}", *gradient.difference) : "-"));
    print(fmt::format("\nloss {:.9g}, gradient norm {:.6g}", result.loss, std::sqrt(squares)));
    print(compared == 0 ? std::string("\n")
                        : fmt::format(", largest relative difference to the file's {} gradients "
                                      "{:.2e}\n",
                                      compared, worst));
}

ExitCode runGradients(const Console& console, const GradientArguments& arguments)
{
    const Result<Gradients> result = computeGradients(console, arguments);
    if (!result.ok())
        return console.fail(result.error());
    if (!arguments.output.empty()) {
        if (const Status written = writeGradients(arguments.output, result->gradients);
            !written.ok())
            return console.fail(written.error());
    }
    printGradients(console, *result);
    return ExitCode::kOk;
}

} // namespace

Command addGradients(CLI::App& app)
{
    const auto arguments = std::make_shared<GradientArguments>();
    CLI::App* command = app.add_subcommand(
        "gradients", "Loss and gradients in double precision, beside reference values");
    command
        ->add_option("MODEL", arguments->model, "Loss graph: StableHLO text or ONNX, plain or gzip")
        ->required();
    addModelOptions(*command, arguments->modelOptions);
    command
        ->add_option("-i,--inputs", arguments->inputs,
                     "Safetensors file with 'param:NAME' and 'batch:NAME'; 'grad:NAME' is compared")
        ->required();
    command->add_option("-o,--output", arguments->output, "Write the gradients as 'grad:NAME'");
    command->footer(
        "Example: alpa gradients sample_models/gpt-tiny/gpt-tiny.loss.stablehlo.mlir.gz "
        "--inputs sample_models/gpt-tiny/gpt-tiny.reference.safetensors");
    return [arguments](const Console& console) { return runGradients(console, *arguments); };
}

} // namespace alpa::cli
