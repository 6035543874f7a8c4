// alpa import MODEL: what is in a model file.
#include "app/cli/commands.h"
#include "app/cli/model_arguments.h"
#include "core/base/text.h"
#include "core/graph/graph_text.h"
#include "core/graph/op_cost.h"
#include "core/training/rebatch.h"
#include "core/training/sample_mixing.h"

#include <fmt/format.h>

#include <map>
#include <memory>

namespace alpa::cli
{
namespace
{

struct ImportArguments {
    std::string model;
    ModelArguments modelOptions;
    std::string weights;
    bool text = false;
};

Flops contractionFlops(const Graph& graph)
{
    Flops total;
    for (const Op& op : graph.ops) {
        if (op.kind == OpKind::kDot || op.kind == OpKind::kConvolution)
            total += opFlops(graph, op);
    }
    return total;
}

/// How often each kind of op occurs, most frequent first.
std::vector<std::pair<std::string, int>> countKinds(const Graph& graph)
{
    std::map<std::string, int> counts;
    for (const Op& op : graph.ops)
        ++counts[std::string(opKindName(op.kind))];
    std::vector<std::pair<std::string, int>> sorted(counts.begin(), counts.end());
    std::ranges::stable_sort(sorted,
                             [](const auto& a, const auto& b) { return a.second > b.second; });
    return sorted;
}

Json inputsJson(const Graph& graph)
{
    Json inputs = Json::array();
    for (const GraphInput& input : graph.inputs)
        inputs.push_back({{"name", graph.value(input.value).name},
                          {"role", inputRoleName(input.role)},
                          {"type", formatType(graph.type(input.value))}});
    return inputs;
}

/// A line about batch statistics; empty without.
std::string mixingText(const Graph& graph)
{
    const std::optional<OpId> mixing = firstSampleMixing(graph);
    if (!mixing)
        return {};
    return fmt::format("  statistics   over the batch reach single samples (line {}): microbatches "
                       "compute another loss\n",
                       graph.op(*mixing).sourceLine);
}

/// Operations that nobody knows, by name, with the rule that each has been given.
std::map<std::string, std::pair<int, std::string>> countOpaque(const Graph& graph)
{
    std::map<std::string, std::pair<int, std::string>> counts;
    for (const Op& op : graph.ops) {
        if (const auto* opaque = std::get_if<OpaqueAttributes>(&op.attributes)) {
            auto& [count, rule] = counts[opaque->name];
            ++count;
            rule = opaque->rule;
        }
    }
    return counts;
}

std::string opaqueText(const Graph& graph)
{
    std::string text;
    for (const auto& [name, entry] : countOpaque(graph))
        text += fmt::format("  {} x {}: {}\n", entry.first, name,
                            entry.second.empty() ? "whole on every device (--rules gives it a rule)"
                                                 : entry.second);
    return text.empty() ? text : "operations not known\n" + text;
}

/// The mesh of the file's shardings and how many values have one; empty without.
std::string shardingText(const Graph& graph)
{
    if (graph.fileMesh.empty())
        return {};
    std::string mesh;
    for (const FileMeshAxis& axis : graph.fileMesh)
        mesh += fmt::format("{}{}={}", mesh.empty() ? "" : ", ", axis.name, axis.size);
    const auto count = std::ranges::count_if(
        graph.values, [](const Value& value) { return !value.sharding.empty(); });
    return fmt::format(
        "  shardings    of {} values over [{}]; plan --like-annotations follows them\n", count,
        mesh);
}

void printSummary(const Graph& graph)
{
    std::string batches;
    int parameters = 0;
    for (const GraphInput& input : graph.inputs) {
        parameters += input.role == InputRole::kParameter ? 1 : 0;
        if (input.role == InputRole::kBatch)
            batches += fmt::format("  {:<12} {}\n", graph.value(input.value).name,
                                   formatType(graph.type(input.value)));
    }
    std::string kinds;
    for (const auto& [kind, count] : countKinds(graph))
        kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", kind, count);
    print(fmt::format("model {}\n"
                      "  parameters   {} in {} tensors\n"
                      "  batch size   {}\n"
                      "  operations   {} in {} scopes\n"
                      "  forward      {} in contractions\n"
                      "{}"
                      "batch inputs\n{}"
                      "{}"
                      "operations by kind\n  {}\n",
                      graph.name, formatCount(parameterCount(graph)), parameters, batchSize(graph),
                      formatCount(static_cast<int64_t>(graph.ops.size())), graph.scopes.size(),
                      formatFlops(contractionFlops(graph)), mixingText(graph) + shardingText(graph),
                      batches, opaqueText(graph), kinds));
}

/// The values that an ONNX file has for its parameters, as `alpa run --inputs` takes them.
Status writeWeights(const ImportArguments& arguments, const ImportOptions& options)
{
    ASSIGN_OR_RETURN(ImportResult imported, importModel(arguments.model, options));
    if (imported.weights.empty())
        return Error(ErrorCode::kInvalidInput, arguments.model + " holds no weights");
    for (SafeTensor& weight : imported.weights)
        weight.name = "param:" + weight.name;
    return writeSafetensors(arguments.weights, imported.weights);
}

ExitCode runImport(const Console& console, const ImportArguments& arguments)
{
    Result<ImportOptions> options = importOptions(arguments.modelOptions);
    if (!options.ok())
        return console.fail(options.error());
    if (!arguments.weights.empty()) {
        if (const Status written = writeWeights(arguments, *options); !written.ok())
            return console.fail(written.error());
    }
    Result<Graph> graph = loadModel(console, arguments.model, std::move(*options));
    if (!graph.ok())
        return console.fail(graph.error());
    if (console.json) {
        Json kinds = Json::object();
        for (const auto& [kind, count] : countKinds(*graph))
            kinds[kind] = count;
        Json opaque = Json::array();
        for (const auto& [name, entry] : countOpaque(*graph))
            opaque.push_back({{"name", name}, {"count", entry.first}, {"rule", entry.second}});
        printJson({{"name", graph->name},
                   {"parameters", parameterCount(*graph)},
                   {"batch_size", batchSize(*graph)},
                   {"operations", graph->ops.size()},
                   {"forward_flop", contractionFlops(*graph).count},
                   {"kinds", kinds},
                   {"opaque", opaque},
                   {"inputs", inputsJson(*graph)}});
    } else if (arguments.text) {
        print(formatGraph(*graph));
    } else {
        printSummary(*graph);
    }
    return ExitCode::kOk;
}

} // namespace

Command addImport(CLI::App& app)
{
    const auto arguments = std::make_shared<ImportArguments>();
    CLI::App* command = app.add_subcommand("import", "Read a model file and say what is in it");
    command->add_option("MODEL", arguments->model, "StableHLO text or ONNX, plain or gzip")
        ->required();
    addModelOptions(*command, arguments->modelOptions);
    command->add_option(
        "--weights", arguments->weights,
        "Write the weights of an ONNX file as 'param:NAME' to this safetensors file");
    command->add_flag("--text", arguments->text, "Print the whole graph");
    command->footer("Example: alpa import sample_models/gpt-tiny/gpt-tiny.loss.stablehlo.mlir.gz");
    return [arguments](const Console& console) { return runImport(console, *arguments); };
}

} // namespace alpa::cli
