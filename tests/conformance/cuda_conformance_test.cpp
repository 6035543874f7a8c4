#include "runtime/cuda/cuda_backend.h"
#include "tests/conformance/backend_conformance.h"

#include <cstdlib>
#include <string>

namespace alpa
{
namespace
{

class CudaConformance : public testing::TestWithParam<std::string>
{
};

TEST_P(CudaConformance, MatchesTheReference)
{
    const Result<int> count = cudaDeviceCount();
    if (!count.ok()) {
        // On a GPU machine, skipping would be mistaken for passing.
        ASSERT_EQ(std::getenv("REQUIRE_GPU"), nullptr) << count.error().message;
        GTEST_SKIP() << count.error().message;
    }
    const ConformanceBackend cuda{
        [] {
            return std::move(makeCudaBackend({.poisonsArenas = true, .tunesProducts = false}))
                .value();
        },
        {}};
    checkConformance(cuda, GetParam(), 25);
}

INSTANTIATE_TEST_SUITE_P(Ops, CudaConformance, testing::ValuesIn(conformanceCases()),
                         [](const testing::TestParamInfo<std::string>& test) {
                             return test.param;
                         });

} // namespace
} // namespace alpa
