#include "core/graph/op_cost.h"
#include "tests/unit/graph/op_fixture.h"

namespace alpa
{
namespace
{

struct CostCase {
    const char* inputs;
    const char* statement;
    const char* results;
    double flops;
    int64_t bytes;
};

TEST(OpCost, CountsByHand)
{
    const std::vector<CostCase> cases{
        // 2 * (4 * 8) * 16 * 32; 4 bytes of (4*8*16 + 16*32 + 4*8*32).
        {"f32[4,8,16] f32[16,32]", "dot %0 %1 lhs_contracting=[2] rhs_contracting=[0]",
         "f32[4,8,32]", 32768, 8192},
        // 2 * 4 * (8 * 8) * 16, batch of 4.
        {"bf16[4,8,16] bf16[4,8,16]",
         "dot %0 %1 lhs_batch=[0] rhs_batch=[0] lhs_contracting=[2] rhs_contracting=[2]",
         "bf16[4,8,8]", 8192, 2560},
        {"f32[8] f32[8]", "add %0 %1", "f32[8]", 8, 96},
        {"f32[8]", "multiply %0 %0", "f32[8]", 8, 64},
        {"f32[8,4]", "reduce %0 kind=add dims=[0]", "f32[4]", 32, 144},
        {"f32[8,4]", "transpose %0 dims=[1,0]", "f32[4,8]", 0, 256},
        // Reads 4 rows of 64 elements and 4 indices, writes 4 rows.
        {"f32[512,64] s32[4,1]",
         "gather %0 %1 offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] "
         "index_vector_dim=1 "
         "slice_sizes=[1,64]",
         "f32[4,64]", 0, 2064},
        // 2 * (8 * 16 * 16 * 64) * 3 * 3 * 16.
        {"f32[8,32,32,16] f32[3,3,16,64]",
         "convolution %0 %1 strides=[2,2] padding_low=[1,1] padding_high=[1,1] lhs_dilation=[1,1] "
         "rhs_dilation=[1,1] reversal=[0,0] input_batch=0 input_feature=3 input_spatial=[1,2] "
         "kernel_input_feature=2 kernel_output_feature=3 kernel_spatial=[0,1] output_batch=0 "
         "output_feature=3 "
         "output_spatial=[1,2]",
         "f32[8,16,16,64]", 37748736, 4 * (131072 + 9216 + 131072)},
    };
    for (const CostCase& test : cases) {
        SCOPED_TRACE(std::string(test.inputs) + " " + test.statement);
        const Result<Graph> graph = graphOf(test.inputs, test.statement, test.results);
        ASSERT_TRUE(graph.ok()) << graph.error().message;
        EXPECT_EQ(opFlops(*graph, graph->ops[0]), Flops(test.flops));
        EXPECT_EQ(opBytes(*graph, graph->ops[0]), Bytes(test.bytes));
    }
}

} // namespace
} // namespace alpa
