// The same plans on this machine's GPUs, as many as there are.
#include "runtime/cuda/cuda_backend.h"
#include "tests/numeric/plan_cases.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace alpa
{
namespace
{

class CudaPlans : public ::testing::TestWithParam<PlanCase>
{
};

TEST_P(CudaPlans, TrainAsOneDeviceDoes)
{
    const Result<int> gpus = cudaDeviceCount();
    if (!gpus.ok() || *gpus < GetParam().devices) {
        ASSERT_TRUE(std::getenv("REQUIRE_GPU") == nullptr || GetParam().devices > 1) << "no GPU";
        GTEST_SKIP() << "needs " << GetParam().devices << " GPUs";
    }
    auto backend = makeCudaBackend({.poisonsArenas = true, .tunesProducts = false});
    ASSERT_TRUE(backend.ok()) << backend.error().message;
    checkPlanCase(GetParam(), "h200", **backend);
}

INSTANTIATE_TEST_SUITE_P(, CudaPlans, ::testing::ValuesIn(planCases()),
                         [](const auto& test) { return caseName(test.param); });

} // namespace
} // namespace alpa
