// What the ONNX importer says of models that leave something open, are wrong, or are damaged.
#include "core/base/rng.h"
#include "core/import/import_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

namespace alpa
{
namespace
{

// Protobuf's wire format, as far as models in tests need it.
std::string varint(uint64_t value)
{
    std::string bytes;
    for (; value >= 0x80; value >>= 7)
        bytes += static_cast<char>(value | 0x80);
    return bytes + static_cast<char>(value);
}
std::string number(int field, uint64_t value)
{
    return varint(static_cast<uint64_t>(field) << 3) + varint(value);
}
std::string bytes(int field, const std::string& content)
{
    return varint(static_cast<uint64_t>(field) << 3 | 2) + varint(content.size()) + content;
}

/// A value's name, element type (1: f32, 7: s64) and dimensions, open ones by name.
std::string valueInfo(const std::string& name, int dtype, const std::vector<std::string>& dims)
{
    std::string shape;
    for (const std::string& dim : dims) {
        const bool isSize = dim.find_first_not_of("0123456789") == std::string::npos;
        shape += bytes(1, isSize ? number(1, std::stoull(dim)) : bytes(2, dim));
    }
    const std::string tensor = number(1, static_cast<uint64_t>(dtype)) + bytes(2, shape);
    return bytes(1, name) + bytes(2, bytes(1, tensor));
}

std::string node(const std::string& type, const std::vector<std::string>& inputs,
                 const std::vector<std::string>& outputs, const std::string& name)
{
    std::string content;
    for (const std::string& input : inputs)
        content += bytes(1, input);
    for (const std::string& output : outputs)
        content += bytes(2, output);
    return content + bytes(3, name) + bytes(4, type);
}

std::string model(const std::vector<std::string>& nodes, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs, const std::string& more = "")
{
    std::string graph;
    for (const std::string& entry : nodes)
        graph += bytes(1, entry);
    graph += bytes(2, "g");
    for (const std::string& entry : inputs)
        graph += bytes(11, entry);
    for (const std::string& entry : outputs)
        graph += bytes(12, entry);
    return number(1, 8) + bytes(7, graph + more) + bytes(8, number(2, 17));
}

std::string linear()
{
    return model(
        {node("MatMul", {"x", "fc.weight"}, {"h"}, "mm"), node("Relu", {"h"}, {"y"}, "act")},
        {valueInfo("x", 1, {"batch", "4"}), valueInfo("fc.weight", 1, {"4", "3"})},
        {valueInfo("y", 1, {"batch", "3"})});
}

std::string messages(const ImportResult& result)
{
    return formatDiagnostics("m.onnx", result.sourceText, result.diagnostics);
}

ImportOptions withBatch(int64_t size)
{
    ImportOptions options;
    options.dims["batch"] = size;
    return options;
}

TEST(ImportOnnx, TakesOpenDimensionsFromTheOptions)
{
    const ImportResult result = importOnnx(linear(), "m", withBatch(8));
    ASSERT_TRUE(result.ok()) << messages(result);
    const Graph& graph = *result.graph;
    ASSERT_EQ(graph.inputs.size(), 2u);
    EXPECT_EQ(formatType(graph.type(graph.inputs[0].value)), "f32[8,4]");
    EXPECT_EQ(graph.inputs[0].role, InputRole::kBatch);
    EXPECT_EQ(graph.inputs[1].role, InputRole::kParameter);
    EXPECT_EQ(formatType(graph.type(graph.outputs[0].value)), "f32[8,3]");
}

/// A known scalar: element type, its bytes.
std::string scalar(const std::string& name, int dtype, const std::string& raw)
{
    return bytes(5, number(2, static_cast<uint64_t>(dtype)) + bytes(8, name) + bytes(9, raw));
}

/// PyTorch's newer exporter writes the bounds of an arange so.
TEST(ImportOnnx, CountsToBoundsCastLikeAnother)
{
    const std::string zero(4, '\0');
    const std::string one("\0\0\x80\x3f", 4);
    const std::string four = "\4" + std::string(7, '\0');
    const std::string text =
        model({node("CastLike", {"zero", "four"}, {"begin"}, "c0"),
               node("CastLike", {"one", "four"}, {"step"}, "c1"),
               node("Range", {"begin", "four", "step"}, {"places"}, "r"),
               node("CastLike", {"places", "x"}, {"numbers"}, "c2"),
               node("Add", {"x", "numbers"}, {"y"}, "a")},
              {valueInfo("x", 1, {"2", "4"})}, {valueInfo("y", 1, {"2", "4"})},
              scalar("zero", 1, zero) + scalar("one", 1, one) + scalar("four", 7, four));
    const ImportResult result = importOnnx(text, "m", {});
    ASSERT_TRUE(result.ok()) << messages(result);
    EXPECT_EQ(result.opaqueCount, 0) << messages(result);
    const auto constant = std::ranges::find(result.graph->ops, OpKind::kConstant, &Op::kind);
    ASSERT_NE(constant, result.graph->ops.end());
    EXPECT_EQ(std::get<ConstantAttributes>(constant->attributes).values,
              (std::vector<double>{0, 1, 2, 3}));
}

/// torch.chunk, in PyTorch's newer exporter.
TEST(ImportOnnx, TakesListsOfTensorsApart)
{
    const std::string two = "\2" + std::string(7, '\0');
    const std::string last(8, '\xff');
    const std::string known = scalar("two", 7, two) + scalar("last", 7, last);
    const std::vector<std::string> inputs = {valueInfo("x", 1, {"5", "4"})};
    const ImportResult result =
        importOnnx(model({node("SplitToSequence", {"x", "two"}, {"parts"}, "s"),
                          node("SequenceAt", {"parts", "last"}, {"tail"}, "t"),
                          node("ConcatFromSequence", {"parts"}, {"whole"}, "c"),
                          node("Add", {"whole", "tail"}, {"y"}, "a")},
                         inputs, {valueInfo("y", 1, {"5", "4"})}, known),
                   "m", {});
    ASSERT_TRUE(result.ok()) << messages(result);
    EXPECT_EQ(result.opaqueCount, 0) << messages(result);
    std::vector<TensorType> slices;
    for (const Op& op : result.graph->ops) {
        if (op.kind == OpKind::kSlice)
            slices.push_back(result.graph->type(op.results[0]));
    }
    const TensorType pair{DType::kF32, {2, 4}};
    EXPECT_EQ(slices, (std::vector<TensorType>{pair, pair, {DType::kF32, {1, 4}}}));
    EXPECT_EQ(result.graph->type(result.graph->outputs[0].value),
              (TensorType{DType::kF32, {5, 4}}));
    const ImportResult beyond =
        importOnnx(model({node("SplitToSequence", {"x", "two"}, {"parts"}, "s"),
                          node("SequenceAt", {"x", "two"}, {"no list"}, "n"),
                          node("Relu", {"parts"}, {"no tensor"}, "r")},
                         inputs, {}, known),
                   "m", {});
    const std::string text = messages(beyond);
    EXPECT_NE(text.find("'n' (SequenceAt): input 0 is no list of tensors"), std::string::npos)
        << text;
    EXPECT_NE(text.find("'r' (Relu): input 0 is missing"), std::string::npos) << text;
}

TEST(ImportOnnx, SaysHowToCloseAnOpenDimension)
{
    const ImportResult result = importOnnx(linear(), "m");
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(messages(result), "m.onnx: error: dimension 'batch' of input 'x' is open: give it a "
                                "size with --dim batch=N\n");
}

TEST(ImportOnnx, NamesTheNodeThatDoesNotFit)
{
    const std::string wrong = model({node("MatMul", {"x", "w"}, {"y"}, "mm3")},
                                    {valueInfo("x", 1, {"2", "5"}), valueInfo("w", 1, {"4", "3"})},
                                    {valueInfo("y", 1, {"2", "3"})});
    const ImportResult result = importOnnx(wrong, "m");
    EXPECT_FALSE(result.ok());
    EXPECT_NE(messages(result).find("m.onnx:1: error: node 'mm3' (MatMul): "), std::string::npos)
        << messages(result);
}

TEST(ImportOnnx, ReportsAllProblemsAndNotTheirConsequences)
{
    const std::string wrong =
        model({node("MatMul", {"x", "x"}, {"a"}, "first"), node("Relu", {"a"}, {"b"}, "behind"),
               node("Add", {"x", "nowhere"}, {"c"}, "second")},
              {valueInfo("x", 1, {"2", "5"})}, {valueInfo("b", 1, {"2", "5"})});
    const std::string text = messages(importOnnx(wrong, "m"));
    EXPECT_NE(text.find("'first'"), std::string::npos) << text;
    EXPECT_NE(text.find("node 'second' (Add): its input 'nowhere' is not defined"),
              std::string::npos)
        << text;
    EXPECT_EQ(text.find("'behind'"), std::string::npos) << text;
}

TEST(ImportOnnx, KeepsUnknownOperatorsWhoseTypesTheFileSays)
{
    const auto withUnknown = [](const std::string& more) {
        return model({node("Fancy", {"x"}, {"h"}, "f"), node("Relu", {"h"}, {"y"}, "act")},
                     {valueInfo("x", 1, {"2", "5"})}, {valueInfo("y", 1, {"2", "5"})}, more);
    };
    const ImportResult kept =
        importOnnx(withUnknown(bytes(13, valueInfo("h", 1, {"2", "5"}))), "m");
    ASSERT_TRUE(kept.ok()) << messages(kept);
    EXPECT_EQ(kept.opaqueCount, 1);
    EXPECT_EQ(kept.graph->ops[0].kind, OpKind::kOpaque);
    const ImportResult lost = importOnnx(withUnknown(""), "m");
    EXPECT_FALSE(lost.ok());
    EXPECT_NE(messages(lost).find("does not say of what type 'h' is"), std::string::npos);
}

TEST(AddLoss, MakesEachKindOfLoss)
{
    for (const LossKind kind : {LossKind::kMean, LossKind::kMeanSquare, LossKind::kCrossEntropy}) {
        const ImportResult forward = importOnnx(linear(), "m", withBatch(8));
        ASSERT_TRUE(forward.ok());
        const Result<Graph> trainable = addLoss(*forward.graph, kind);
        ASSERT_TRUE(trainable.ok()) << trainable.error().message;
        ASSERT_EQ(trainable->outputs.size(), 1u);
        EXPECT_EQ(trainable->outputs[0].role, OutputRole::kLoss);
        EXPECT_EQ(trainable->inputs.size(), kind == LossKind::kMean ? 2u : 3u);
        EXPECT_EQ(addLoss(*trainable, kind).error().message, "the model has a loss already");
        EXPECT_EQ(lossFromName(lossName(kind)), kind);
    }
}

std::string sampleBytes(const std::string& name)
{
    const auto tensors = readSafetensors(std::string(ALPA_SOURCE_DIR) +
                                         "/tests/numeric/data/onnx/node_cases.safetensors");
    EXPECT_TRUE(tensors.ok());
    for (const SafeTensor& tensor : *tensors) {
        if (tensor.name == name + "/model")
            return tensor.bytes;
    }
    ADD_FAILURE() << name;
    return "";
}

TEST(ImportOnnx, EndsInAMessageWhereverTheFileIsCut)
{
    const std::string whole = sampleBytes("test_conv_with_strides_padding");
    ASSERT_TRUE(importOnnx(whole, "m").ok());
    for (size_t size = 0; size < whole.size(); ++size) {
        const ImportResult result = importOnnx(whole.substr(0, size), "m");
        EXPECT_TRUE(result.ok() || !result.diagnostics.empty()) << size;
    }
}

/// Every conformance case with bytes changed, removed and doubled. Nothing is expected but an end.
TEST(ImportOnnx, SurvivesDamage)
{
    const auto tensors = readSafetensors(std::string(ALPA_SOURCE_DIR) +
                                         "/tests/numeric/data/onnx/node_cases.safetensors");
    ASSERT_TRUE(tensors.ok());
    Rng rng(7);
    int refused = 0;
    for (const SafeTensor& tensor : *tensors) {
        if (!tensor.name.ends_with("/model"))
            continue;
        for (int round = 0; round < 60; ++round) {
            std::string damaged = tensor.bytes;
            for (int change = 0; change <= round / 12; ++change) {
                const auto at = static_cast<size_t>(rng.below(static_cast<int>(damaged.size())));
                switch (rng.below(4)) {
                case 0:
                    damaged[at] = static_cast<char>(rng.below(256));
                    break;
                case 1:
                    damaged.erase(at, 1);
                    break;
                case 2:
                    damaged.insert(at, damaged.substr(at / 2, 9));
                    break;
                default:
                    // The largest numbers that varints hold.
                    damaged.insert(at, "\xff\xff\xff\xff\xff\xff\xff\xff\x7f");
                    break;
                }
            }
            const ImportResult result = importOnnx(damaged, "m");
            refused += result.ok() ? 0 : 1;
            EXPECT_TRUE(result.ok() || !result.diagnostics.empty()) << tensor.name;
        }
    }
    EXPECT_GT(refused, 5000);
}

TEST(ImportOnnx, RefusesGraphsNestedWithoutEnd)
{
    // If in If in If: attribute "then_branch" with a graph.
    std::string graph = bytes(2, "innermost");
    for (int depth = 0; depth < 10000; ++depth) {
        const std::string attribute = bytes(1, "then_branch") + number(20, 5) + bytes(6, graph);
        graph = bytes(1, bytes(4, "If") + bytes(5, attribute));
        if (graph.size() > (1u << 22))
            break;
    }
    const ImportResult result = importOnnx(number(1, 8) + bytes(7, graph), "m");
    EXPECT_FALSE(result.ok());
    EXPECT_FALSE(result.diagnostics.empty());
}

TEST(ImportOnnx, ReadsTwoHundredMegabytesOfNodes)
{
    const std::string entry = bytes(1, node("Relu", {"x"}, {"y"}, std::string(180, 'n')));
    std::string graph;
    graph.reserve(210u << 20);
    while (graph.size() < (200u << 20))
        graph += entry;
    const ImportResult result =
        importOnnx(number(1, 8) + bytes(7, graph + bytes(11, valueInfo("x", 1, {"2"})) +
                                               bytes(12, valueInfo("y", 1, {"2"}))),
                   "m");
    EXPECT_FALSE(result.ok()); // More nodes than a model has.
    EXPECT_NE(messages(result).find("nodes"), std::string::npos);
}

} // namespace
} // namespace alpa
