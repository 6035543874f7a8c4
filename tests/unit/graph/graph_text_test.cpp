#include "core/base/rng.h"
#include "core/graph/graph_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

// The example of graph_text.h, and every part that a statement can have.
constexpr const char* kExample = R"(graph "mlp"
@0 ""
@1 "MLP/fc"
%0:f32[64,192] "fc.kernel" = parameter
%1:f32[8,64] "x" = batch
%7:f32[] "adam.step" = state
%2:f32[8,192] = dot %1 %0 lhs_contracting=[1] rhs_contracting=[0] @1 line=12
%3:f32[] = reduce %2 kind=add dims=[0,1] @1 line=13
%4:f32[] = constant value=0.5 @1 backward from=1
%5:f32[64,192] %6:pred[3] = opaque %3 name="stablehlo.fft" text="a \"b\" \\ \n\x01" @0 update
output loss %3
output gradient %4 "fc.kernel"
output updated_parameter %5 "fc.kernel" alias=%0
)";

TEST(GraphText, KeepsEverything)
{
    const Result<Graph> graph = parseGraph(kExample);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    EXPECT_EQ(formatGraph(*graph), kExample);
    EXPECT_EQ(graph->name, "mlp");
    EXPECT_EQ(graph->ops.size(), 4u);
    EXPECT_EQ(graph->ops[0].sourceLine, 12);
    EXPECT_EQ(graph->scopePath(graph->ops[0].scope), "MLP/fc");
    EXPECT_EQ(graph->ops[2].phase, Phase::kBackward);
    EXPECT_EQ(graph->ops[2].origin, OpId(1));
    EXPECT_EQ(std::get<OpaqueAttributes>(graph->ops[3].attributes).text, "a \"b\" \\ \n\x01");
    EXPECT_EQ(graph->inputs[2], (GraphInput{ValueId(7), InputRole::kOptimizerState}));
    EXPECT_EQ(graph->outputs[2].alias, ValueId(0));
    EXPECT_EQ(graph->value(ValueId(6)).producer, OpId(3));
    EXPECT_EQ(formatOp(*graph, graph->ops[1]),
              "%3:f32[] = reduce %2 kind=add dims=[0,1] @1 line=13");
}

TEST(GraphText, ConstantsReadBackBitForBit)
{
    Rng rng(1);
    std::vector<double> values{0.0,
                               -0.0,
                               0.1,
                               std::numeric_limits<double>::infinity(),
                               -std::numeric_limits<double>::infinity(),
                               std::nan(""),
                               std::numeric_limits<double>::denorm_min(),
                               std::numeric_limits<double>::max()};
    while (values.size() < 500) {
        const double value = std::bit_cast<double>(rng.next());
        if (!std::isnan(value))
            values.push_back(value);
    }
    Graph graph;
    Op op;
    op.kind = OpKind::kConstant;
    op.attributes = ConstantAttributes{values};
    graph.addOp(op, {{DType::kF64, {static_cast<int64_t>(values.size())}}});
    const Result<Graph> parsed = parseGraph(formatGraph(graph));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    const auto& read = std::get<ConstantAttributes>(parsed->ops[0].attributes).values;
    ASSERT_EQ(read.size(), values.size());
    for (size_t i = 0; i < values.size(); ++i)
        EXPECT_EQ(std::bit_cast<uint64_t>(read[i]), std::bit_cast<uint64_t>(values[i]))
            << values[i];
}

struct BrokenCase {
    const char* text;
    const char* expected;
};

TEST(GraphText, NamesThePlaceOfAMistake)
{
    const std::vector<BrokenCase> cases{
        {"", "1:1: expected 'graph \"name\"'"},
        {"graph mlp", "1:7: expected '\"'"},
        {"graph \"a\"\ngraph \"b\"",
         "2:1: expected '@', '%', 'output', 'mesh', 'sharding' or one 'graph'"},
        {"graph \"a\" x", "1:11: expected the end of the line"},
        {"graph \"a\\q\"", "1:10: expected one of the escapes \\\" \\\\ \\n \\x"},
        {"graph \"a\n\"", "1:9: expected '\"'"},
        {"graph \"a\"\n@1 \"x\"", "2:1: expected scope @0"},
        {"graph \"a\"\n@0 \"x\"", "2:1: scope @0 must be \"\""},
        {"graph \"a\"\n@0 \"\"\n@1 \"\"", "3:1: scope \"\" is listed twice"},
        {"graph \"a\"\n%0:f31[2] = batch", "2:4: expected an element type such as f32"},
        {"graph \"a\"\n%0:f32[-2] = batch", "2:10: a dimension cannot be negative"},
        {"graph \"a\"\n%0:f32[99999999999999999999] = batch", "2:8: number out of range"},
        {"graph \"a\"\n%0:f32[] = batch\n%0:f32[] = batch", "3:1: %0 is defined twice"},
        {"graph \"a\"\n%1:f32[] = batch\n", "3:1: %0 is never defined, but later numbers are"},
        {"graph \"a\"\n%4000000000:f32[] = batch", "2:1: %4000000000 is out of range"},
        {"graph \"a\"\n%0:f32[] = sing", "2:12: unknown op kind 'sing'"},
        {"graph \"a\"\n%0:f32[] = exp %0", "2:16: an op cannot read its own result"},
        {"graph \"a\"\n%0:f32[] = exp %1", "2:16: %1 is not defined above"},
        {"graph \"a\"\n%0:f32[] = exp @3", "2:18: no such scope"},
        {"graph \"a\"\n%0:f32[] = exp dim=3", "2:16: exp has no attribute 'dim'"},
        {"graph \"a\"\n%0:s32[2] = iota dim=x", "2:22: expected a number"},
        {"graph \"a\"\n%0:s32[2] = iota sideways",
         "2:18: expected an operand, a scope, a phase or an attribute"},
        {"graph \"a\"\n%0:s32[2] = iota from=7", "2:1: op 0 is from op 7, which does not exist"},
        {"graph \"a\"\noutput los %0", "2:8: expected an output role such as loss"},
        {"graph \"a\"\n%0:f32[] = batch\noutput loss %0 alas=%0", "3:16: expected 'alias='"},
    };
    for (const BrokenCase& test : cases) {
        SCOPED_TRACE(test.text);
        const Result<Graph> graph = parseGraph(test.text);
        ASSERT_FALSE(graph.ok());
        EXPECT_EQ(graph.error().message, test.expected);
    }
}

TEST(GraphText, SurvivesEveryTruncationAndManyChangedLetters)
{
    const std::string text = kExample;
    for (size_t size = 0; size < text.size(); ++size)
        (void)parseGraph(text.substr(0, size));
    Rng rng(7);
    const std::string letters = "%@\"=[],\\x09-. \nz";
    for (int i = 0; i < 20000; ++i) {
        std::string changed = text;
        for (int change = rng.between(1, 3); change > 0; --change)
            changed[static_cast<size_t>(rng.below(static_cast<int>(text.size())))] =
                letters[static_cast<size_t>(rng.below(static_cast<int>(letters.size())))];
        const Result<Graph> graph = parseGraph(changed);
        // What is accepted must print and read back as the same text.
        if (graph.ok()) {
            const std::string printed = formatGraph(*graph);
            const Result<Graph> again = parseGraph(printed);
            ASSERT_TRUE(again.ok()) << again.error().message << "\n" << printed;
            ASSERT_EQ(formatGraph(*again), printed);
        }
    }
}

TEST(GraphText, TypesReadAlone)
{
    EXPECT_EQ(parseType("bf16[4,32]"), (TensorType{DType::kBF16, {4, 32}}));
    EXPECT_EQ(parseType("f32[]"), (TensorType{DType::kF32, {}}));
    EXPECT_EQ(parseType("i1[2]"), (TensorType{DType::kPred, {2}}));
    EXPECT_EQ(parseType("f32[4"), std::nullopt);
    EXPECT_EQ(parseType("f32[4] "), std::nullopt);
    EXPECT_EQ(parseType(""), std::nullopt);
}

} // namespace
} // namespace alpa
