#include "tests/numeric/sample_model.h"

#include "core/base/files.h"
#include "core/base/safetensors.h"
#include "core/import/import_model.h"

#include <nlohmann/json.hpp>

namespace alpa
{
namespace
{

Result<HostTensor> hostTensor(const SafeTensor& tensor, DType dtype)
{
    ASSIGN_OR_RETURN(std::vector<double> values, tensorValues(tensor));
    return HostTensor{{dtype, tensor.dims}, std::move(values)};
}

} // namespace

Result<SampleModel> readSampleModel(const std::string& folder, const std::string& name)
{
    const std::string stem = std::string(ALPA_SOURCE_DIR) + "/" + folder + "/" + name + "/" + name;
    SampleModel model;
    ASSIGN_OR_RETURN(ImportResult imported, importModel(stem + ".loss.stablehlo.mlir.gz"));
    if (!imported.ok())
        return Error(ErrorCode::kInvalidInput,
                     formatDiagnostics(name, imported.sourceText, imported.diagnostics));
    model.graph = std::move(*imported.graph);
    ASSIGN_OR_RETURN(const std::vector<SafeTensor> tensors,
                     readSafetensors(stem + ".reference.safetensors"));
    std::map<std::string, HostTensor> inputs;
    for (const SafeTensor& tensor : tensors) {
        const size_t colon = tensor.name.find(':');
        const DType dtype = tensor.dtype == "I32" ? DType::kS32 : DType::kF32;
        ASSIGN_OR_RETURN(HostTensor host, hostTensor(tensor, dtype));
        const std::string label = tensor.name.substr(colon == std::string::npos ? 0 : colon + 1);
        if (tensor.name.starts_with("grad:"))
            model.gradients[label] = std::move(host);
        else
            inputs[label] = std::move(host);
    }
    for (const GraphInput& input : model.graph.inputs) {
        const auto found = inputs.find(model.graph.value(input.value).name);
        if (found == inputs.end())
            return Error(ErrorCode::kNotFound,
                         "no reference for input " + model.graph.value(input.value).name);
        model.inputs.push_back(found->second);
    }
    ASSIGN_OR_RETURN(const std::string text, readFile(stem + ".json"));
    const nlohmann::json json = nlohmann::json::parse(text);
    model.loss = json["loss"].get<double>();
    model.adamLosses = json["adam_1e-3_losses"].get<std::vector<double>>();
    model.sgdLosses = json["sgd_1e-1_losses"].get<std::vector<double>>();
    return model;
}

std::vector<HostTensor> stepInputs(const Graph& graph, const SampleModel& model,
                                   double learningRate)
{
    std::map<std::string, const HostTensor*> known;
    for (size_t i = 0; i < model.inputs.size(); ++i)
        known[model.graph.value(model.graph.inputs[i].value).name] = &model.inputs[i];
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs) {
        const std::string& name = graph.value(input.value).name;
        const auto found = known.find(name);
        inputs.push_back(found != known.end()
                             ? *found->second
                             : filledTensor(graph.type(input.value),
                                            name == "learning_rate" ? learningRate : 0.0));
    }
    return inputs;
}

} // namespace alpa
