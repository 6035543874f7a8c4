// cuDNN accepts the attention graphs for an H200, also on machines without a GPU.
#include "runtime/cuda/cudnn_attention.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

using namespace cuda;

AttentionShape packedShape(int64_t batch, int64_t heads, int64_t length, int64_t channels)
{
    AttentionShape shape;
    shape.batch = batch;
    shape.heads = heads;
    shape.queries = shape.keys = length;
    shape.channels = channels;
    shape.isCausal = true;
    shape.scale = 0.125;
    const int64_t width = heads * channels;
    shape.q = shape.k = shape.v = shape.o = {length * width, channels, width, 1};
    shape.gradO = shape.gradQ = shape.gradK = shape.gradV = shape.q;
    return shape;
}

TEST(CudnnAttention, AcceptsTheShapesOfGpt)
{
    const Result<LibrariesPtr> cudnn = loadGraphJudge();
    if (!cudnn.ok())
        GTEST_SKIP() << cudnn.error().message;
    for (const int64_t channels : {64, 80, 128}) {
        for (const bool isCausal : {true, false}) {
            AttentionShape shape = packedShape(4, 12, 1024, channels);
            shape.isCausal = isCausal;
            CudnnAttention forward(*cudnn, nullptr, shape, false);
            const Status accepted = forward.prepare();
            EXPECT_TRUE(accepted.ok()) << accepted.error().message;
            CudnnAttention inOrder(*cudnn, nullptr, shape, true, CudnnAttention::SumOrder::kFixed);
            EXPECT_TRUE(inOrder.prepare().ok());
            CudnnAttention backward(*cudnn, nullptr, shape, true);
            const Status acceptedToo = backward.prepare();
            EXPECT_TRUE(acceptedToo.ok()) << acceptedToo.error().message;
        }
    }
}

TEST(CudnnAttention, RefusesOddChannels)
{
    const Result<LibrariesPtr> cudnn = loadGraphJudge();
    if (!cudnn.ok())
        GTEST_SKIP() << cudnn.error().message;
    CudnnAttention forward(*cudnn, nullptr, packedShape(4, 12, 1024, 20), false);
    EXPECT_FALSE(forward.prepare().ok());
}

} // namespace
} // namespace alpa
