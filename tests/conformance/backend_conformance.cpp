#include "tests/conformance/backend_conformance.h"

#include "core/graph/graph_text.h"
#include "core/program/verify_program.h"
#include "runtime/executor/run_program.h"
#include "runtime/reference/interpret.h"
#include "tests/conformance/conformance_case.h"
#include "tests/support/host_buffers.h"
#include "tests/support/program_builder.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Relative to the largest value of the tensor. Half types: one rounding of the result.
double tolerance(DType dtype)
{
    if (dtype == DType::kF64)
        return 1e-12;
    if (dtype == DType::kF32)
        return 2e-6;
    if (dtype == DType::kF16)
        return 1.0 / 1024;
    return dtype == DType::kBF16 ? 1.0 / 128 : 0.0;
}

void runCase(const ConformanceBackend& backend, ConformanceCase& c)
{
    SCOPED_TRACE(formatGraph(c.graph));
    const auto expected = interpret(c.graph, c.inputs, {.roundToDtype = true});
    ASSERT_TRUE(expected.ok()) << expected.error().message;
    const Program program = programOfGraph(c.graph);
    for (const Diagnostic& diagnostic : verifyProgram(program))
        ADD_FAILURE() << diagnostic.message;
    std::map<std::string, HostBuffer> inputs;
    for (size_t i = 0; i < c.inputs.size(); ++i)
        inputs["in" + std::to_string(i)] = toHostBuffer(c.inputs[i]);
    for (size_t i = 0; i < expected->size(); ++i)
        inputs["out" + std::to_string(i)] = toHostBuffer(filledTensor((*expected)[i].type, 0.0));
    const std::unique_ptr<Backend> made = backend.make();
    const Result<RunResult> result = runProgram(*made, program, inputs, {}, true);
    ASSERT_TRUE(result.ok()) << result.error().message;
    for (size_t i = 0; i < expected->size(); ++i) {
        const HostTensor actual = toHostTensor(result->state.at("out" + std::to_string(i)));
        EXPECT_LE(relativeDifference(actual, (*expected)[i]), tolerance(actual.type.dtype))
            << "output " << i << " " << formatType(actual.type);
    }
}

std::vector<ConformanceFamily> allFamilies()
{
    std::vector<ConformanceFamily> all;
    for (const auto families : {elementwiseFamilies(), indexingFamilies(), contractionFamilies()})
        all.insert(all.end(), families.begin(), families.end());
    return all;
}

} // namespace

std::vector<std::string> conformanceCases()
{
    std::vector<std::string> names;
    for (const ConformanceFamily& family : allFamilies())
        names.emplace_back(family.name);
    return names;
}

void checkConformance(const ConformanceBackend& backend, const std::string& name, int seeds)
{
    if (std::ranges::find(backend.excluded, name) != backend.excluded.end())
        GTEST_SKIP() << "excluded for this backend";
    for (const ConformanceFamily& family : allFamilies()) {
        if (family.name != name)
            continue;
        forEachSeed(seeds, [&](Rng& rng, int) {
            ConformanceCase c(rng);
            family.generate(c);
            runCase(backend, c);
        });
    }
}

void forEachConformanceProgram(const std::string& name, int seeds,
                               const std::function<void(const Program&)>& visit)
{
    for (const ConformanceFamily& family : allFamilies()) {
        if (family.name != name)
            continue;
        forEachSeed(seeds, [&](Rng& rng, int) {
            ConformanceCase c(rng);
            family.generate(c);
            SCOPED_TRACE(formatGraph(c.graph));
            const Program program = programOfGraph(c.graph);
            visit(program);
        });
    }
}

} // namespace alpa
