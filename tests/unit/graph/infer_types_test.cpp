#include "core/graph/infer_types.h"
#include "core/graph/verify.h"
#include "tests/unit/graph/op_fixture.h"

namespace alpa
{
namespace
{

struct RefusalCase {
    const char* inputs;
    const char* statement;
    const char* results;
    const char* expected; ///< The verifier's only diagnostic, after "op 0 ".
};

TEST(InferTypes, RefusesWhatDoesNotFit)
{
    const std::vector<RefusalCase> cases{
        {"f32[8] f32[9]", "add %0 %1", "f32[8]",
         "(add): add: operand types f32[8] and f32[9] do not match"},
        {"f32[8]", "add %0", "f32[8]", "(add): add: 1 operands, expected 2"},
        {"s32[8]", "exp %0", "s32[8]", "(exp): exp: the operand is not floating-point, got s32[8]"},
        {"f32[8]", "not %0", "f32[8]", "(not): not: the operand is floating-point, got f32[8]"},
        {"f32[8]", "negate %0", "f32[9]", "(negate): %1 is f32[9], expected f32[8]"},
        {"f32[8]", "negate %0", "f32[8] f32[8]", "(negate): 2 results, expected 1"},
        {"f32[8] f32[8] f32[8]", "select %0 %1 %2", "f32[8]",
         "(select): select: operand types f32[8] and f32[8] do not match"},
        {"f32[2] f32[8] f32[]", "clamp %0 %1 %2", "f32[8]",
         "(clamp): clamp: operand types f32[2] and f32[8] do not match"},
        {"", "constant value=[1,2]", "f32[3]", "(constant): constant: 2 values for f32[3]"},
        {"", "iota dim=2", "s32[3]", "(iota): iota: dim has dimension 2, but the rank is 1"},
        {"f32[2]", "broadcast %0 dims=[1]", "f32[3,4]",
         "(broadcast): broadcast: size 2 cannot become 4"},
        {"f32[2,2]", "broadcast %0 dims=[0,0]", "f32[2,2]",
         "(broadcast): broadcast: dims has dimension 0 twice"},
        {"f32[2]", "broadcast %0", "f32[2]",
         "(broadcast): broadcast: dims has 0 entries, expected 1"},
        {"f32[6]", "reshape %0", "f32[4]",
         "(reshape): reshape: operand types f32[6] and f32[4] do not match"},
        {"f32[2,3] f32[3,3]", "concatenate %0 %1 dim=1", "f32[2,6]",
         "(concatenate): concatenate: operand types f32[2,3] and f32[3,3] do not match"},
        {"f32[8]", "slice %0 starts=[2] limits=[9] strides=[1]", "f32[7]",
         "(slice): slice: 2:9:1 does not fit size 8"},
        {"f32[8]", "slice %0 starts=[0] limits=[8] strides=[0]", "f32[8]",
         "(slice): slice: 0:8:0 does not fit size 8"},
        {"f32[8] f32[]", "pad %0 %1 low=[-9] high=[0] interior=[0]", "f32[8]",
         "(pad): pad: padding -9, 0, 0 does not fit size 8"},
        {"f32[8] f32[]",
         "pad %0 %1 low=[9223372036854775807] high=[1] interior=[9223372036854775807]", "f32[8]",
         "(pad): pad: padding 9223372036854775807, 1, 9223372036854775807 does not fit size 8"},
        {"f32[8,512] f32[256,8]", "dot %0 %1 lhs_contracting=[1] rhs_contracting=[0]", "f32[8,8]",
         "(dot): dot: inner sizes differ, got 512 and 256"},
        {"f32[8,8] f32[8,8]", "dot %0 %1 lhs_contracting=[2] rhs_contracting=[0]", "f32[8,8]",
         "(dot): dot: the left side has dimension 2, but the rank is 2"},
        {"f32[8,8] f32[8,8]", "dot %0 %1 lhs_contracting=[1]", "f32[8,8]",
         "(dot): dot: both sides need equally many batch and contracting dimensions"},
        {"f32[8,4]", "transpose %0 dims=[1,1]", "f32[4,8]",
         "(transpose): transpose: dims has dimension 1 twice"},
        {"f32[8,4]", "reduce %0 kind=add dims=[-1]", "f32[8]",
         "(reduce): reduce: dims has dimension -1, but the rank is 2"},
        {"f32[8]", "reduce %0 kind=or dims=[0]", "f32[]",
         "(reduce): reduce: and/or of floating-point f32[8]"},
        {"f32[8,4] s32[]", "dynamic_slice %0 %1 sizes=[8,2]", "f32[8,2]",
         "(dynamic_slice): dynamic_slice: 2 operands, expected 3"},
        {"f32[512,64] s32[4,1]",
         "gather %0 %1 offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] "
         "index_vector_dim=1 "
         "slice_sizes=[2,64]",
         "f32[4,64]", "(gather): gather: slice size 2 of dimension 0 of f32[512,64]"},
        {"f32[512,64] f32[4,1]",
         "gather %0 %1 offset_dims=[1] collapsed_slice_dims=[0] start_index_map=[0] "
         "index_vector_dim=1 "
         "slice_sizes=[1,64]",
         "f32[4,64]", "(gather): gather: indices must be integers, got f32[4,1]"},
        {"f32[512,64] s32[4,1] f32[5,64]",
         "scatter %0 %1 %2 update_window_dims=[1] inserted_window_dims=[0] "
         "scatter_dims_to_operand_dims=[0] "
         "index_vector_dim=1 kind=add",
         "f32[512,64]", "(scatter): scatter: updates are f32[5,64], expected f32[4,64]"},
        {"f32[4]",
         "reduce_window %0 kind=add window=[0] strides=[1] padding_low=[0] padding_high=[0]",
         "f32[4]", "(reduce_window): reduce_window: window 0 is out of range"},
        {"f32[2000000000000]", "negate %0", "f32[2000000000000]",
         "(negate): negate: operand dimension 2000000000000 is out of range, at most 2^40"},
    };
    for (const RefusalCase& test : cases) {
        SCOPED_TRACE(std::string(test.inputs) + " " + test.statement);
        const Result<Graph> graph = graphOf(test.inputs, test.statement, test.results);
        ASSERT_TRUE(graph.ok()) << graph.error().message;
        std::string messages;
        for (const Diagnostic& diagnostic : verifyGraph(*graph)) {
            if (diagnostic.message.starts_with("op 0 "))
                messages += diagnostic.message.substr(5);
        }
        EXPECT_EQ(messages, test.expected);
    }
}

TEST(InferTypes, DeclaredElementTypeOfADotHolds)
{
    const TensorType x{DType::kBF16, {8, 64}};
    const TensorType y{DType::kBF16, {64, 4}};
    const DotAttributes inner{
        .lhsBatch = {}, .rhsBatch = {}, .lhsContracting = {1}, .rhsContracting = {0}};
    EXPECT_EQ(formatType(inferTypes(OpKind::kDot, inner, {x, y}).value()[0]), "bf16[8,4]");
    EXPECT_EQ(formatType(inferTypes(OpKind::kDot, inner, {x, y}, TensorType{}).value()[0]),
              "f32[8,4]");
}

TEST(InferTypes, NeedsADeclaredTypeOnlyWhereNothingElseTellsIt)
{
    EXPECT_EQ(inferTypes(OpKind::kIota, IotaAttributes{}, {}).error().message,
              "iota: needs a declared result type");
    EXPECT_EQ(inferTypes(OpKind::kAdd, IotaAttributes{}, {}).error().message,
              "add: carries the attributes of another kind");
}

TEST(InferTypes, WindowsAndPaddingCountPositions)
{
    // (10 + 1 + 1 - 3) / 2 + 1 = 5.
    const ReduceWindowAttributes window{ReduceKind::kAdd, {3}, {2}, {1}, {1}};
    EXPECT_EQ(inferTypes(OpKind::kReduceWindow, window, {{DType::kF32, {10}}}).value()[0].dims,
              std::vector<int64_t>{5});
    // 4 elements, 3 gaps of 2, 1 before, 1 cut off: 4 + 6 + 1 - 1 = 10.
    const PadAttributes pad{{1}, {-1}, {2}};
    EXPECT_EQ(
        inferTypes(OpKind::kPad, pad, {{DType::kF32, {4}}, {DType::kF32, {}}}).value()[0].dims,
        std::vector<int64_t>{10});
    // Elements 1, 4, 7.
    const SliceAttributes slice{{1}, {8}, {3}};
    EXPECT_EQ(inferTypes(OpKind::kSlice, slice, {{DType::kF32, {10}}}).value()[0].dims,
              std::vector<int64_t>{3});
}

} // namespace
} // namespace alpa
