#include "runtime/cpu/cpu_backend.h"
#include "tests/conformance/backend_conformance.h"

namespace alpa
{
namespace
{

class CpuConformance : public testing::TestWithParam<std::string>
{
};

TEST_P(CpuConformance, MatchesTheReference)
{
    const ConformanceBackend cpu{[] { return makeCpuBackend({.poisonsArenas = true}); }, {}};
    checkConformance(cpu, GetParam(), 25);
}

INSTANTIATE_TEST_SUITE_P(Ops, CpuConformance, testing::ValuesIn(conformanceCases()),
                         [](const testing::TestParamInfo<std::string>& test) {
                             return test.param;
                         });

} // namespace
} // namespace alpa
