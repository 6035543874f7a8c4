#include "tests/numeric/onnx/onnx_sample.h"

#include "core/base/safetensors.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

std::string dataPath(const std::string& name)
{
    return std::string(ALPA_SOURCE_DIR) + "/tests/numeric/data/onnx/" + name;
}

} // namespace

OnnxSample readOnnxSample(const std::string& name, std::optional<LossKind> loss)
{
    OnnxSample sample;
    ImportOptions options;
    options.loss = loss;
    Result<ImportResult> imported = importModel(dataPath(name + ".onnx.gz"), options);
    EXPECT_TRUE(imported.ok() && imported->ok());
    EXPECT_EQ(imported->opaqueCount, 0);
    const auto reference = readSafetensors(dataPath(name + ".reference.safetensors"));
    EXPECT_TRUE(reference.ok());
    for (const SafeTensor& tensor : imported->weights)
        sample.values[tensor.name] = {{DType::kF32, tensor.dims}, *tensorValues(tensor)};
    for (const SafeTensor& tensor : *reference) {
        const std::string plain = tensor.name.substr(tensor.name.find(':') + 1);
        auto& values = tensor.name.starts_with("output:") ? sample.outputs : sample.values;
        HostTensor& host = values[plain];
        host.type = {tensor.dtype == "I64" ? DType::kS64 : DType::kF32, tensor.dims};
        host.values = *tensorValues(tensor);
    }
    sample.graph = std::move(*imported->graph);
    return sample;
}

std::vector<HostTensor> inputsOf(const OnnxSample& sample, const Graph& graph)
{
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : graph.inputs) {
        const auto known = sample.values.find(graph.value(input.value).name);
        HostTensor tensor = filledTensor(graph.type(input.value), 0);
        if (known != sample.values.end())
            tensor.values = known->second.values;
        for (size_t i = 0; known == sample.values.end() && i < tensor.values.size(); ++i)
            tensor.values[i] = static_cast<double>(i % 7);
        inputs.push_back(std::move(tensor));
    }
    return inputs;
}

} // namespace alpa
