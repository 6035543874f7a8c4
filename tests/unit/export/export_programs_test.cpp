// JAX and StableHLO: texts whose shardings are the plan's, and that our own reader takes back.
#include "core/export/spec_text.h"
#include "core/export/value_specs.h"
#include "tests/unit/export/planned_sample.h"

namespace alpa
{
namespace
{

TEST(ExportStablehlo, ComesBackAsTheSameModel)
{
    for (const int microbatches : {1, 2}) {
        PlanOptions options = degrees(2, 2, 1);
        options.constraints.microbatches = microbatches;
        const auto plan = plannedSample("gpt-tiny", options);
        for (const char* format : {"sdy", "gspmd"}) {
            const ImportResult back = importStablehlo(exported(*plan, format), "back");
            ASSERT_TRUE(back.ok()) << formatDiagnostics(format, "", back.diagnostics);
            EXPECT_EQ(back.opaqueCount, 0);
            EXPECT_EQ(parameterCount(*back.graph), parameterCount(*plan->graph));
            EXPECT_EQ(back.graph->outputs.size(), plan->graph->outputs.size());
            for (size_t i = 0; i < back.graph->outputs.size(); ++i) {
                EXPECT_EQ(back.graph->outputs[i].role, plan->graph->outputs[i].role) << i;
                EXPECT_EQ(back.graph->outputs[i].alias.isValid(),
                          plan->graph->outputs[i].alias.isValid());
            }
            ASSERT_EQ(back.graph->inputs.size(), plan->graph->inputs.size());
            for (size_t i = 0; i < back.graph->inputs.size(); ++i)
                EXPECT_EQ(back.graph->inputs[i].role, plan->graph->inputs[i].role)
                    << back.graph->value(back.graph->inputs[i].value).name;
        }
    }
}

TEST(ExportStablehlo, AnnotatesEveryInputAsItIsStored)
{
    const auto plan = plannedSample("gpt-tiny", degrees(2, 2, 1));
    const std::string text = exported(*plan, "sdy");
    const ValueSpecs specs = collectValueSpecs(*plan);
    for (size_t i = 0; i < plan->graph->inputs.size(); ++i) {
        const ShardingSpec* spec = specs.spec(plan->graph->inputs[i].value);
        ASSERT_NE(spec, nullptr);
        const std::string argument = "%arg" + std::to_string(i) + ": ";
        const size_t at = text.find(argument);
        ASSERT_NE(at, std::string::npos);
        const std::string line = text.substr(at, text.find(" loc", at) - at);
        EXPECT_NE(line.find(shardySpec(plan->stages[0].mesh, *spec)), std::string::npos) << line;
    }
}

TEST(ExportStablehlo, RefusesStages)
{
    const auto plan = plannedSample("gpt-tiny", degrees(2, 1, 2));
    EXPECT_EQ(refused(*plan, "sdy"),
              "StableHLO cannot express this plan: it has 2 pipeline stages, and a module runs on "
              "one mesh; plan with --pp 1");
}

TEST(ExportJax, StatesEveryParameterWithItsSpecAndConstrainsEveryProduct)
{
    const auto plan = plannedSample("gpt-tiny", degrees(2, 2, 1));
    const std::string text = exported(*plan, "jax");
    const ValueSpecs specs = collectValueSpecs(*plan);
    size_t products = 0;
    for (const Op& op : plan->graph->ops) {
        const ShardingSpec* spec = specs.spec(op.results[0]);
        products += op.kind == OpKind::kDot && op.phase == Phase::kForward && spec != nullptr &&
                            spec->partial == 0
                        ? 1
                        : 0;
    }
    EXPECT_GT(products, 0u);
    EXPECT_EQ(occurrences(text, "= c(lax.dot_general("), products);
    for (const GraphInput& input : plan->graph->inputs) {
        if (input.role != InputRole::kParameter)
            continue;
        const std::string entry = "\"" + plan->graph->value(input.value).name + "\": (";
        const size_t at = text.find(entry);
        ASSERT_NE(at, std::string::npos) << entry;
        const std::string spec = jaxSpec(plan->stages[0].mesh, *specs.spec(input.value));
        const std::string line = text.substr(at, text.find('\n', at) - at);
        EXPECT_NE(line.find(", " + spec + ")"), std::string::npos) << line;
    }
}

TEST(ExportJax, GivesEachStageItsMeshAndFunction)
{
    PlanOptions options = degrees(2, 1, 2);
    options.constraints.microbatches = 2;
    const auto plan = plannedSample("gpt-tiny", options);
    const std::string text = exported(*plan, "jax");
    EXPECT_NE(text.find("STAGES = [stage_0, stage_1]"), std::string::npos);
    EXPECT_EQ(occurrences(text, "def stage_"), 2u);
    EXPECT_NE(text.find("[0, 1]),"), std::string::npos);
    EXPECT_NE(text.find("[2, 3]),"), std::string::npos);
    // Two stages by two microbatches, each forward and backward.
    EXPECT_EQ(occurrences(text, "(\"F\", "), 4u);
    EXPECT_EQ(occurrences(text, "(\"B\", "), 4u);
}

TEST(ExportPlan, NamesItsFormatsWhenAskedForAnother)
{
    const auto plan = plannedSample("mlp-tiny", {});
    const std::string message = refused(*plan, "jaxx");
    EXPECT_NE(message.find("no export format 'jaxx'"), std::string::npos);
    for (const ExportFormat& format : exportFormats())
        EXPECT_NE(message.find(format.name), std::string::npos);
}

} // namespace
} // namespace alpa
