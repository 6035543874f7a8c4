#include "core/graph/builder.h"
#include "core/graph/factor_rule.h"
#include "core/graph/verify.h"
#include "tests/unit/graph/op_fixture.h"

namespace alpa
{
namespace
{

struct RuleCase {
    const char* inputs;
    const char* statement;
    const char* results;
    const char* expected; ///< As formatRule prints it.
    const char* linear;   ///< Groups, "0 1" for one group of two, "0|1" for two groups.
};

std::string linearText(const FactorRule& rule)
{
    std::string text;
    for (size_t group = 0; group < rule.linearGroups.size(); ++group) {
        text += group == 0 ? "" : "|";
        for (size_t i = 0; i < rule.linearGroups[group].size(); ++i)
            text += (i == 0 ? "" : " ") + std::to_string(rule.linearGroups[group][i]);
    }
    return text;
}

void expectRules(const std::vector<RuleCase>& cases)
{
    for (const RuleCase& test : cases) {
        SCOPED_TRACE(std::string(test.inputs) + " " + test.statement);
        const Result<Graph> graph = graphOf(test.inputs, test.statement, test.results);
        ASSERT_TRUE(graph.ok()) << graph.error().message;
        const Status status = checkGraph(*graph);
        EXPECT_TRUE(status.ok()) << status.error().message;
        const FactorRule rule = factorRule(*graph, graph->ops[0]);
        EXPECT_EQ(formatRule(rule), test.expected);
        EXPECT_EQ(linearText(rule), test.linear);
    }
}

TEST(FactorRule, ElementwiseOpsShareEveryDimension)
{
    expectRules({
        {"f32[8,64] f32[8,64]", "add %0 %1", "f32[8,64]", "([b0, b1], [b0, b1]) -> ([b0, b1])",
         "0 1"},
        {"f32[8,1] f32[8,1]", "subtract %0 %1", "f32[8,1]", "([b0, 1], [b0, 1]) -> ([b0, 1])",
         "0 1"},
        {"f32[8] f32[8]", "multiply %0 %1", "f32[8]", "([b0], [b0]) -> ([b0])", "0|1"},
        {"f32[8] f32[8]", "divide %0 %1", "f32[8]", "([b0], [b0]) -> ([b0])", "0"},
        {"s32[8] s32[8]", "divide %0 %1", "s32[8]", "([b0], [b0]) -> ([b0])", ""},
        {"f32[8] f32[8]", "maximum %0 %1", "f32[8]", "([b0], [b0]) -> ([b0])", ""},
        {"f32[8]", "negate %0", "f32[8]", "([b0]) -> ([b0])", "0"},
        {"f32[8]", "exp %0", "f32[8]", "([b0]) -> ([b0])", ""},
        {"f32[8]", "convert %0", "bf16[8]", "([b0]) -> ([b0])", "0"},
        {"s32[8]", "convert %0", "f32[8]", "([b0]) -> ([b0])", ""},
        {"f32[8] f32[8]", "compare %0 %1 direction=lt", "pred[8]", "([b0], [b0]) -> ([b0])", ""},
        {"f32[]", "sqrt %0", "f32[]", "([]) -> ([])", ""},
        {"f32[0,4]", "tanh %0", "f32[0,4]", "([b0, b1]) -> ([b0, b1]) blocked {b0}", ""},
        {"f32[4,2]", "accumulate %0", "f32[4,2]", "([b0, b1]) -> ([b0, b1])", "0"},
    });
}

TEST(FactorRule, ScalarOperandsOfSelectAndClampHaveNoFactors)
{
    expectRules({
        {"pred[8,4] f32[8,4] f32[8,4]", "select %0 %1 %2", "f32[8,4]",
         "([b0, b1], [b0, b1], [b0, b1]) -> ([b0, b1])", "1 2"},
        {"pred[] f32[8,4] f32[8,4]", "select %0 %1 %2", "f32[8,4]",
         "([], [b0, b1], [b0, b1]) -> ([b0, b1])", "1 2"},
        {"f32[] f32[8] f32[]", "clamp %0 %1 %2", "f32[8]", "([], [b0], []) -> ([b0])", ""},
    });
}

TEST(FactorRule, OpsWithoutOperandsPassTheirResultDimensions)
{
    expectRules({
        {"", "constant value=1", "f32[4,8]", "() -> ([b0, b1])", ""},
        {"", "constant value=[1,2,3]", "f32[3]", "() -> ([b0]) blocked {b0}", ""},
        {"", "iota dim=1", "s32[4,8]", "() -> ([b0, b1])", ""},
    });
}

TEST(FactorRule, BroadcastAddsFactorsThatOnlyTheResultHas)
{
    expectRules({
        {"f32[]", "broadcast %0", "f32[4,8]", "([]) -> ([b0, b1])", "0"},
        {"f32[64]", "broadcast %0 dims=[2]", "f32[4,8,64]", "([b0]) -> ([b1, b2, b0])", "0"},
        {"f32[4,1]", "broadcast %0 dims=[0,1]", "f32[4,8]", "([b0, 1]) -> ([b0, b1])", "0"},
        {"f32[8,4]", "broadcast %0 dims=[1,0]", "f32[4,8]", "([b0, b1]) -> ([b1, b0])", "0"},
    });
}

TEST(FactorRule, ReshapeMatchesMajorToMinor)
{
    expectRules({
        {"f32[4,32,192]", "reshape %0", "f32[4,32,12,16]",
         "([b0, b1, b2*b3]) -> ([b0, b1, b2, b3])", "0"},
        {"f32[4,32,12,16]", "reshape %0", "f32[128,192]", "([b0, b1, b2, b3]) -> ([b0*b1, b2*b3])",
         "0"},
        {"f32[8,1,64]", "reshape %0", "f32[1,8,64,1]", "([b0, 1, b1]) -> ([1, b0, b1, 1])", "0"},
        {"f32[6,4]", "reshape %0", "f32[4,6]",
         "([b0*b1, b2]) -> ([b0*b3, b4]) blocked {b1, b2, b3, b4}", "0"},
        {"f32[3,4,8]", "reshape %0", "f32[4,3,8]",
         "([b0, b1, b2]) -> ([b3, b4, b2]) blocked {b0, b1, b3, b4}", "0"},
        {"f32[1]", "reshape %0", "f32[]", "([1]) -> ([])", "0"},
        {"f32[24]", "reshape %0", "f32[2,3,4]", "([b0*b1*b2]) -> ([b0, b1, b2])", "0"},
        {"f32[0,4]", "reshape %0", "f32[2,0]", "([b0, b1]) -> ([b2, b3]) blocked {b0, b1, b2, b3}",
         "0"},
    });
}

TEST(FactorRule, MovingOpsPassTheDimensionsTheyKeep)
{
    expectRules({
        {"f32[4,8,16]", "transpose %0 dims=[2,0,1]", "f32[16,4,8]",
         "([b0, b1, b2]) -> ([b2, b0, b1])", "0"},
        {"f32[4,8]", "slice %0 starts=[0,0] limits=[4,2] strides=[1,1]", "f32[4,2]",
         "([b0, b1]) -> ([b0, b2]) blocked {b1, b2}", "0"},
        {"f32[4,8]", "slice %0 starts=[0,3] limits=[4,4] strides=[1,1]", "f32[4,1]",
         "([b0, b1]) -> ([b0, 1]) blocked {b1}", "0"},
        {"f32[4,8] f32[]", "pad %0 %1 low=[0,1] high=[0,0] interior=[0,0]", "f32[4,9]",
         "([b0, b1], []) -> ([b0, b2]) blocked {b1, b2}", ""},
        {"f32[4,8] f32[4,2]", "concatenate %0 %1 dim=1", "f32[4,10]",
         "([b0, b1], [b0, b2]) -> ([b0, b3]) blocked {b1, b2, b3}", "0 1"},
        {"f32[4,8]", "reverse %0 dims=[1]", "f32[4,8]", "([b0, b1]) -> ([b0, b1]) blocked {b1}",
         "0"},
        {"f32[4,8] s32[] s32[]", "dynamic_slice %0 %1 %2 sizes=[4,2]", "f32[4,2]",
         "([b0, b1], [], []) -> ([b0, b2]) blocked {b1, b2}", "0"},
        {"f32[4,8] f32[4,2] s32[] s32[]", "dynamic_update_slice %0 %1 %2 %3", "f32[4,8]",
         "([b0, b1], [b0, b2], [], []) -> ([b0, b1]) blocked {b1, b2}", "0 1"},
        {"f32[4,8] s32[4,8]", "sort %0 %1 dim=1", "f32[4,8] s32[4,8]",
         "([b0, b1], [b0, b1]) -> ([b0, b1], [b0, b1]) blocked {b1}", ""},
    });
}

TEST(FactorRule, DotContractsToReductions)
{
    expectRules({
        {"f32[8,32,64] f32[64,192]", "dot %0 %1 lhs_contracting=[2] rhs_contracting=[0]",
         "f32[8,32,192]", "([b0, b1, b2], [b2, b3]) -> ([b0, b1, b3]) reduction {b2: add}", "0|1"},
        {"f32[4,12,32,16] f32[4,12,32,16]",
         "dot %0 %1 lhs_batch=[0,1] rhs_batch=[0,1] lhs_contracting=[3] rhs_contracting=[3]",
         "f32[4,12,32,32]",
         "([b0, b1, b2, b3], [b0, b1, b4, b3]) -> ([b0, b1, b2, b4]) reduction {b3: add}", "0|1"},
        {"bf16[8,32,64] bf16[8,32,192]", "dot %0 %1 lhs_contracting=[0,1] rhs_contracting=[0,1]",
         "f32[64,192]", "([b0, b1, b2], [b0, b1, b3]) -> ([b2, b3]) reduction {b0: add, b1: add}",
         "0|1"},
    });
}

TEST(FactorRule, ReduceCombinesByItsKind)
{
    expectRules({
        {"f32[8,32,64]", "reduce %0 kind=add dims=[0,1]", "f32[64]",
         "([b0, b1, b2]) -> ([b2]) reduction {b0: add, b1: add}", "0"},
        {"f32[8,32]", "reduce %0 kind=maximum dims=[1]", "f32[8]",
         "([b0, b1]) -> ([b0]) reduction {b1: maximum}", ""},
        {"pred[8,32]", "reduce %0 kind=and dims=[1]", "pred[8]",
         "([b0, b1]) -> ([b0]) blocked {b1}", ""},
        {"f32[8,4]",
         "reduce_window %0 kind=add window=[1,2] strides=[1,2] padding_low=[0,0] "
         "padding_high=[0,0]",
         "f32[8,2]", "([b0, b1]) -> ([b0, b2]) blocked {b1, b2}", "0"},
        {"f32[8,4] f32[8,2]",
         "select_and_scatter %0 %1 kind=maximum window=[1,2] strides=[1,2] padding_low=[0,0] "
         "padding_high=[0,0]",
         "f32[8,4]", "([b0, b1], [b0, b2]) -> ([b0, b1]) blocked {b1, b2}", "1"},
    });
}

TEST(FactorRule, ConvolutionKeepsImagesApartAndSumsFeatures)
{
    const char* plain =
        "convolution %0 %1 strides=[2,2] padding_low=[1,1] padding_high=[1,1] "
        "lhs_dilation=[1,1] rhs_dilation=[1,1] reversal=[0,0] input_batch=0 input_feature=3 "
        "input_spatial=[1,2] kernel_input_feature=2 kernel_output_feature=3 "
        "kernel_spatial=[0,1] output_batch=0 output_feature=3 output_spatial=[1,2]";
    const char* pointwise =
        "convolution %0 %1 strides=[1] padding_low=[0] padding_high=[0] "
        "lhs_dilation=[1] rhs_dilation=[1] reversal=[0] input_batch=0 input_feature=1 "
        "input_spatial=[2] kernel_input_feature=1 kernel_output_feature=0 "
        "kernel_spatial=[2] output_batch=0 output_feature=1 output_spatial=[2]";
    const std::string grouped = std::string(pointwise) + " feature_groups=2";
    expectRules({
        {"f32[8,32,32,16] f32[3,3,16,64]", plain, "f32[8,16,16,64]",
         "([b0, b1, b2, b3], [b4, b5, b3, b6]) -> ([b0, b7, b8, b6]) "
         "reduction {b3: add} blocked {b1, b2, b4, b5, b7, b8}",
         "0|1"},
        {"f32[8,16,32] f32[64,16,1]", pointwise, "f32[8,64,32]",
         "([b0, b1, b2], [b3, b1, 1]) -> ([b0, b3, b2]) reduction {b1: add}", "0|1"},
        {"f32[8,16,32] f32[64,8,1]", grouped.c_str(), "f32[8,64,32]",
         "([b0, b1, b2], [b3, b4, 1]) -> ([b0, b3, b2]) blocked {b1, b3, b4}", "0|1"},
    });
}

TEST(FactorRule, EmbeddingLookupSplitsVocabularyBatchAndFeatures)
{
    expectRules({
        {"f32[512,64] s32[4,32,1]",
         "gather %0 %1 offset_dims=[2] collapsed_slice_dims=[0] start_index_map=[0] "
         "index_vector_dim=2 "
         "slice_sizes=[1,64]",
         "f32[4,32,64]", "([b0, b1], [b2, b3, 1]) -> ([b2, b3, b1]) reduction {b0: add}", "0"},
        // Indices without a dimension for the index vector.
        {"f32[512,64] s32[4]",
         "gather %0 %1 offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] "
         "index_vector_dim=1 "
         "slice_sizes=[1,64]",
         "f32[4,64]", "([b0, b1], [b2]) -> ([b2, b1]) reduction {b0: add}", "0"},
        // Part of the features only; two looked-up dimensions.
        {"f32[512,8,64] s32[4,2]",
         "gather %0 %1 offset_dims=[1] collapsed_slice_dims=[0,1] start_index_map=[0,1] "
         "index_vector_dim=1 "
         "slice_sizes=[1,1,16]",
         "f32[4,16]",
         "([b0, b1, b2], [b3, b4]) -> ([b3, b5]) reduction {b0: add, b1: add} blocked {b2, b4, b5}",
         "0"},
        {"pred[512,64] s32[4,1]",
         "gather %0 %1 offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] "
         "index_vector_dim=1 "
         "slice_sizes=[1,64]",
         "pred[4,64]", "([b0, b1], [b2, 1]) -> ([b2, b1]) blocked {b0}", ""},
    });
}

TEST(FactorRule, TakeAlongAxisKeepsItsBatchingDimensions)
{
    expectRules({
        {"f32[4,32,512] s32[4,32,1,1]",
         "gather %0 %1 collapsed_slice_dims=[2] operand_batching_dims=[0,1] "
         "indices_batching_dims=[0,1] "
         "start_index_map=[2] index_vector_dim=3 slice_sizes=[1,1,1]",
         "f32[4,32,1]", "([b0, b1, b2], [b0, b1, 1, 1]) -> ([b0, b1, 1]) reduction {b2: add}", "0"},
        {"f32[4,32,512] s32[4,32,1,1] f32[4,32,1]",
         "scatter %0 %1 %2 inserted_window_dims=[2] input_batching_dims=[0,1] "
         "indices_batching_dims=[0,1] "
         "scatter_dims_to_operand_dims=[2] index_vector_dim=3 kind=add",
         "f32[4,32,512]", "([b0, b1, b2], [b0, b1, 1, 1], [b0, b1, 1]) -> ([b0, b1, b2])", "0 2"},
    });
}

TEST(FactorRule, ScatterSplitsItsUpdatesOnlyWhenTheyAddUp)
{
    const char* base =
        "update_window_dims=[2] inserted_window_dims=[0] scatter_dims_to_operand_dims=[0] "
        "index_vector_dim=2";
    const std::string add = std::string("scatter %0 %1 %2 kind=add ") + base;
    const std::string maximum = std::string("scatter %0 %1 %2 kind=maximum ") + base;
    const std::string replace = std::string("scatter %0 %1 %2 kind=add replace=1 ") + base;
    const char* types = "f32[512,64] s32[4,32,1] f32[4,32,64]";
    expectRules({
        {types, add.c_str(), "f32[512,64]",
         "([b0, b1], [b2, b3, 1], [b2, b3, b1]) -> ([b0, b1]) blocked {b2, b3}", "0 2"},
        {types, maximum.c_str(), "f32[512,64]",
         "([b0, b1], [b2, b3, 1], [b2, b3, b1]) -> ([b0, b1]) reduction {b2: maximum, b3: maximum}",
         ""},
        {types, replace.c_str(), "f32[512,64]",
         "([b0, b1], [b2, b3, 1], [b2, b3, b1]) -> ([b0, b1]) blocked {b2, b3}", ""},
    });
}

TEST(FactorRule, ScatterIntoZerosSumsOverItsUpdates)
{
    Graph graph;
    const ValueId indices = graph.addInput("i", {DType::kS32, {4, 32, 1}}, InputRole::kBatch);
    const ValueId updates = graph.addInput("u", {DType::kF32, {4, 32, 64}}, InputRole::kBatch);
    GraphBuilder builder(graph);
    const ValueId zeros = builder.broadcastScalar(builder.scalar(0, DType::kF32), {512, 64});
    builder.scatter(zeros, indices, updates,
                    {.updateWindowDims = {2},
                     .insertedWindowDims = {0},
                     .inputBatchingDims = {},
                     .indicesBatchingDims = {},
                     .scatterDimsToOperandDims = {0},
                     .indexVectorDim = 2});
    const FactorRule rule = factorRule(graph, graph.ops.back());
    EXPECT_EQ(formatRule(rule),
              "([b0, b1], [b2, b3, 1], [b2, b3, b1]) -> ([b0, b1]) reduction {b2: add, b3: add}");
    EXPECT_EQ(linearText(rule), "2");
}

TEST(FactorRule, PaddingWithZerosIsLinear)
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {4}}, InputRole::kBatch);
    GraphBuilder builder(graph);
    builder.pad(x, builder.scalar(0, DType::kF32), {1}, {1});
    EXPECT_EQ(linearText(factorRule(graph, graph.ops.back())), "0");
}

TEST(FactorRule, OpaqueOpsAreBlocked)
{
    expectRules({
        {"f32[4,8] s32[]", "opaque %0 %1 name=\"stablehlo.fft\"", "f32[4,8] s32[2]",
         "([b0, b1], []) -> ([b2, b3], [b4]) blocked {b0, b1, b2, b3, b4}", ""},
    });
}

TEST(FactorRule, FactorsKnowTheirSizes)
{
    const Result<Graph> graph = graphOf("f32[4,32,192]", "reshape %0", "f32[4,32,12,16]");
    ASSERT_TRUE(graph.ok());
    std::vector<int64_t> sizes;
    for (const Factor& factor : factorRule(*graph, graph->ops[0]).factors)
        sizes.push_back(factor.size);
    EXPECT_EQ(sizes, (std::vector<int64_t>{4, 32, 12, 16}));
}

} // namespace
} // namespace alpa
