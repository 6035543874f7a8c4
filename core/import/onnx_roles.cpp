#include "core/import/onnx_roles.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace alpa
{
namespace
{

struct LayerInputs {
    std::string_view opType;
    size_t firstWeight, endWeight,
        endFrozen; ///< Inputs [first, end) are weights, then frozen ones.
};

constexpr std::array<LayerInputs, 16> kLayers{{{"MatMul", 1, 2, 2},
                                               {"Gemm", 1, 3, 3},
                                               {"Conv", 1, 3, 3},
                                               {"ConvTranspose", 1, 3, 3},
                                               {"Gather", 0, 1, 1},
                                               {"LayerNormalization", 1, 3, 3},
                                               {"RMSNormalization", 1, 2, 2},
                                               {"SimplifiedLayerNormalization", 1, 2, 2},
                                               {"GroupNormalization", 1, 3, 3},
                                               {"InstanceNormalization", 1, 3, 3},
                                               {"BatchNormalization", 1, 3, 5},
                                               {"PRelu", 1, 2, 2},
                                               {"LSTM", 1, 4, 4},
                                               {"GRU", 1, 4, 4},
                                               {"RNN", 1, 4, 4},
                                               {"Einsum", 0, 8, 8}}};

bool passesOn(const std::string& opType)
{
    constexpr std::array<std::string_view, 6> kPassing = {"Transpose", "Cast",    "Identity",
                                                          "Reshape",   "Squeeze", "Unsqueeze"};
    return std::ranges::find(kPassing, opType) != kPassing.end();
}

void findUses(const std::vector<OnnxNode>& nodes, OnnxUses& uses)
{
    for (size_t i = nodes.size(); i-- > 0;) {
        const OnnxNode& node = nodes[i];
        if (passesOn(node.opType) && !node.inputs.empty() && !node.outputs.empty() &&
            uses.weights.count(node.outputs[0]) > 0)
            uses.weights.insert(node.inputs[0]);
        for (const OnnxAttribute& attribute : node.attributes) {
            if (attribute.graph != nullptr)
                findUses(attribute.graph->nodes, uses);
        }
        for (const LayerInputs& layer : kLayers) {
            if (layer.opType != node.opType)
                continue;
            for (size_t k = layer.firstWeight; k < node.inputs.size() && k < layer.endFrozen; ++k) {
                if (!node.inputs[k].empty())
                    (k < layer.endWeight ? uses.weights : uses.frozen).insert(node.inputs[k]);
            }
        }
    }
}

bool hasNumber(std::string_view component)
{
    return !component.empty() && std::isdigit(static_cast<unsigned char>(component.back())) != 0 &&
           (component.find_first_not_of("0123456789") == std::string_view::npos ||
            component[component.find_last_not_of("0123456789")] == '_');
}

} // namespace

OnnxUses findOnnxUses(const OnnxModel& model)
{
    OnnxUses uses;
    findUses(model.graph.nodes, uses);
    return uses;
}

bool isParameterPath(std::string_view name)
{
    const size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot + 1 == name.size() || dot == 0)
        return false;
    const std::string_view last = name.substr(dot + 1);
    return std::isalpha(static_cast<unsigned char>(last[0])) != 0;
}

std::string onnxScope(std::string_view path)
{
    std::vector<std::string_view> components;
    for (size_t begin = 0; begin <= path.size();) {
        const size_t end = std::min(path.find_first_of("./", begin), path.size());
        if (end > begin)
            components.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    const auto numbered = std::ranges::find_if(components, hasNumber);
    const size_t joined = numbered == components.end()
                              ? components.size()
                              : static_cast<size_t>(numbered - components.begin()) + 1;
    std::string scope;
    for (size_t i = 0; i < components.size(); ++i) {
        scope += i == 0 ? "" : i < joined ? "." : "/";
        for (const char c : components[i])
            scope +=
                std::isprint(static_cast<unsigned char>(c)) == 0 || c == '"' || c == '\\' ? '_' : c;
    }
    return scope;
}

std::string onnxModule(const OnnxNode& node, const OnnxUses& uses)
{
    if (!node.scope.empty())
        return node.scope;
    // The older exporter: "/transformer/h.0/attn/MatMul".
    const size_t slash = node.name.rfind('/');
    if (node.name.starts_with('/') && slash != std::string::npos && slash > 0)
        return node.name.substr(1, slash - 1);
    for (const std::string& input : node.inputs) {
        if (uses.weights.count(input) > 0 && isParameterPath(input))
            return input.substr(0, input.rfind('.'));
    }
    return "";
}

bool isOnnxWeight(const OnnxUses& uses, const std::string& name)
{
    return uses.weights.count(name) > 0 || (uses.frozen.count(name) == 0 && isParameterPath(name));
}

} // namespace alpa
