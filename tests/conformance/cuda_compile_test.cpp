// Every generated kernel compiles for an H200, also on machines without a GPU.
#include "runtime/cuda/fused_stage.h"
#include "runtime/cuda/kernel_cache.h"
#include "runtime/cuda/kernels.h"
#include "tests/conformance/backend_conformance.h"

namespace alpa
{
namespace
{

using namespace cuda;

class CudaCompile : public testing::TestWithParam<std::string>
{
};

TEST_P(CudaCompile, AcceptsEveryKernel)
{
    const Result<LibrariesPtr> compiler = loadCompiler();
    if (!compiler.ok())
        GTEST_SKIP() << compiler.error().message;
    KernelCache cache(*compiler, "sm_90a", "");
    forEachConformanceProgram(GetParam(), 4, [&](const Program& program) {
        StageGraph graph(program, 0, 0);
        std::vector<std::string> bodies;
        for (const PlannedLaunch& launch : planLaunches(graph)) {
            for (const KernelText& text : kernelsOf(graph, launch))
                bodies.push_back(text.body);
        }
        const auto units = cache.compile(bodies);
        EXPECT_TRUE(units.ok()) << units.error().message;
    });
}

INSTANTIATE_TEST_SUITE_P(Ops, CudaCompile, testing::ValuesIn(conformanceCases()),
                         [](const testing::TestParamInfo<std::string>& test) {
                             return test.param;
                         });

} // namespace
} // namespace alpa
