// What the exporters write is read back by the readers here and gives the same plan.
#include "core/explain/annotated_plan.h"
#include "core/explain/published_plan.h"
#include "core/explain/show_plan.h"
#include "tests/unit/export/planned_sample.h"

#include <map>
#include <ostream>
#include <utility>
#include <vector>

namespace alpa
{
namespace
{

struct Case {
    const char* name;
    const char* model;
    PlanOptions options;
};

std::ostream& operator<<(std::ostream& stream, const Case& test) { return stream << test.name; }

std::string nameOf(const testing::TestParamInfo<Case>& test) { return test.param.name; }

PlanOptions withBatches(PlanOptions options, int microbatches, bool isFull = false)
{
    options.constraints.microbatches = microbatches;
    options.constraints.recomputation = isFull;
    options.constraints.selectiveRecomputation = false;
    return options;
}

PlanOptions withStorage(PlanOptions options, StorageRule parameters, StorageRule states)
{
    options.constraints.parameterStorage = parameters;
    options.constraints.stateStorage = states;
    return options;
}

/// Weights as Megatron-LM has them, pinned by name.
PlanOptions withPins(PlanOptions options,
                     std::initializer_list<std::pair<const char*, const char*>> pins)
{
    for (const auto& [pattern, spec] : pins)
        options.constraints.specs.push_back({.pattern = pattern, .spec = *parseSpec(spec)});
    return options;
}

PlanOptions gptPins(PlanOptions options)
{
    return withPins(std::move(options), {{"*qkv.kernel*", "{-, y}"},
                                         {"*proj.kernel", "{y, -}"},
                                         {"*fc.kernel", "{-, y}"},
                                         {"*out.kernel", "{y, -}"}});
}

PlanOptions llamaPins(PlanOptions options)
{
    return withPins(std::move(options), {{"*wq.kernel", "{-, y}"},
                                         {"*wk.kernel", "{-, y}"},
                                         {"*wv.kernel", "{-, y}"},
                                         {"*wo.kernel", "{y, -}"},
                                         {"*w1.kernel", "{-, y}"},
                                         {"*w3.kernel", "{-, y}"},
                                         {"*w2.kernel", "{y, -}"}});
}

PlanOptions scanPins(PlanOptions options)
{
    return withPins(std::move(options), {{"*qkv.kernel", "{-, -, y}"},
                                         {"*proj.kernel", "{-, y, -}"},
                                         {"*fc.kernel", "{-, -, y}"},
                                         {"*out.kernel", "{-, y, -}"}});
}

PlanOptions withSchedule(PlanOptions options, ScheduleKind kind, int layers, std::vector<int> cuts,
                         std::optional<int> chunks = {})
{
    options.layers = layers;
    options.constraints.schedule = kind;
    options.constraints.cuts = std::move(cuts);
    options.constraints.chunks = chunks;
    return options;
}

void expectSamePlan(const ParallelPlan& actual, const ParallelPlan& expected)
{
    EXPECT_EQ(formatStages(actual), formatStages(expected));
    EXPECT_EQ(formatShardings(actual), formatShardings(expected));
    EXPECT_EQ(formatTimeline(actual), formatTimeline(expected));
    EXPECT_EQ(formatCosts(actual), formatCosts(expected));
}

constexpr auto kReplicated = StorageRule::kReplicated;
constexpr auto kSplit = StorageRule::kSplit;
constexpr auto k1f1b = ScheduleKind::k1f1b;

class MegatronRoundTrip : public testing::TestWithParam<Case>
{
};

TEST_P(MegatronRoundTrip, GivesThePlanAgain)
{
    const auto plan = plannedSample(GetParam().model, GetParam().options);
    const std::string text = exported(*plan, "megatron");
    const Result<PublishedPlan> read = parsePublishedPlan(text);
    ASSERT_TRUE(read.ok()) << read.error().message << "\n" << text;
    PlanOptions options;
    ASSERT_TRUE(applyPublishedPlan(*read, *sampleModel(GetParam().model), options).ok());
    expectSamePlan(*plannedSample(GetParam().model, options), *plan);
}

INSTANTIATE_TEST_SUITE_P(
    Plans, MegatronRoundTrip,
    testing::Values(
        Case{"dp", "gpt-tiny",
             withBatches(withStorage(degrees(4, 1, 1), kReplicated, kReplicated), 1)},
        Case{"zero2", "gpt-tiny",
             withBatches(withStorage(degrees(4, 1, 1), kReplicated, kSplit), 1)},
        Case{"zero3", "gpt-tiny", withBatches(withStorage(degrees(4, 1, 1), kSplit, kSplit), 1)},
        Case{"zero3_recomputed", "llama-tiny",
             withBatches(withStorage(degrees(4, 1, 1), kSplit, kSplit), 1, true)},
        Case{"dp2_tp2", "gpt-tiny",
             withBatches(gptPins(withStorage(degrees(2, 2, 1), kReplicated, kReplicated)), 2)},
        Case{"dp2_tp2_zero2", "llama-tiny",
             withBatches(llamaPins(withStorage(degrees(2, 2, 1), kReplicated, kSplit)), 1)},
        Case{"tp4", "gpt-tiny",
             withBatches(gptPins(withStorage(degrees(1, 4, 1), kReplicated, kReplicated)), 1)},
        Case{"pp2_tp2", "gpt-tiny",
             withBatches(withSchedule(gptPins(withStorage(degrees(1, 2, 2), kReplicated,
                                                          kReplicated)),
                                      k1f1b, 2, {1}),
                         4)},
        Case{"pp2_dp2", "llama-tiny",
             withBatches(withSchedule(withStorage(degrees(2, 1, 2), kReplicated, kReplicated),
                                      k1f1b, 2, {1}),
                         2)},
        Case{"uneven_stages", "scan-gpt-tiny",
             withBatches(withSchedule(scanPins(withStorage(degrees(1, 2, 2), kReplicated,
                                                           kReplicated)),
                                      k1f1b, 4, {1}),
                         4)},
        Case{"pp4", "scan-gpt-tiny",
             withBatches(withSchedule(withStorage(degrees(1, 1, 4), kReplicated, kReplicated),
                                      k1f1b, 4, {1, 2, 3}),
                         4)},
        Case{"interleaved", "scan-gpt-tiny",
             withBatches(withSchedule(scanPins(withStorage(degrees(1, 2, 2), kReplicated,
                                                           kReplicated)),
                                      ScheduleKind::kInterleaved1f1b, 4, {}, 2),
                         4)}),
    nameOf);

class AnnotationRoundTrip : public testing::TestWithParam<Case>
{
};

/// Parameters as the module says, all other values as the planner chooses them under what it says
/// of them: at most what it said, and no better, as the plan is the best of more.
TEST_P(AnnotationRoundTrip, GivesThePlanAgain)
{
    const auto plan = plannedSample(GetParam().model, GetParam().options);
    for (const char* format : {"sdy", "gspmd"}) {
        SCOPED_TRACE(format);
        const ImportResult imported = importStablehlo(exported(*plan, format), "exported");
        ASSERT_TRUE(imported.ok());
        const Result<AnnotatedPlan> read = planFromAnnotations(*imported.graph);
        ASSERT_TRUE(read.ok()) << read.error().message;
        std::map<std::string, std::string> expected, actual;
        for (const PlannedInput& input : plan->stages[0].inputs) {
            const bool isStored = input.source == InputSource::kOwned;
            if (isStored && plan->graph->inputRole(input.value) == InputRole::kParameter &&
                input.spec.rank > 0)
                expected[plan->graph->value(input.value).name] = formatSpec(input.spec);
        }
        for (const SpecConstraint& spec : read->plan.constraints.specs) {
            if (expected.contains(spec.pattern))
                actual[spec.pattern] = formatSpec(spec.spec);
        }
        for (const auto& [parameter, spec] : expected)
            EXPECT_EQ(actual[parameter], spec) << parameter;
        PlanOptions options = GetParam().options;
        const PlanConstraints asked = std::exchange(options.constraints, {});
        options.constraints.fixedDp = asked.fixedDp;
        options.constraints.fixedTp = asked.fixedTp;
        options.constraints.recomputation = asked.recomputation;
        options.constraints.selectiveRecomputation = asked.selectiveRecomputation;
        options.constraints.stateStorage =
            asked.stateStorage; // Of one layout or another in a file.
        ASSERT_TRUE(applyPublishedPlan(read->plan, *sampleModel(GetParam().model), options).ok());
        const auto again = plannedSample(GetParam().model, options);
        EXPECT_NEAR(again->stepTime / plan->stepTime, 1, 1e-6);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Plans, AnnotationRoundTrip,
    testing::Values(Case{"mlp_dp", "mlp-tiny", withBatches(degrees(4, 1, 1), 1)},
                    Case{"mlp_tp", "mlp-tiny",
                         withBatches(withPins(degrees(1, 4, 1), {{"Dense_0.kernel", "{-, y}"},
                                                                 {"Dense_1.kernel", "{y, -}"}}),
                                     1)},
                    Case{"gpt_dp", "gpt-tiny",
                         withBatches(withStorage(degrees(4, 1, 1), kReplicated, kReplicated), 1)},
                    Case{"gpt_zero2", "gpt-tiny",
                         withBatches(withStorage(degrees(4, 1, 1), kReplicated, kSplit), 1)},
                    Case{"gpt_zero3", "gpt-tiny",
                         withBatches(withStorage(degrees(4, 1, 1), kSplit, kSplit), 1)},
                    Case{"gpt_dp2_tp2", "gpt-tiny", withBatches(degrees(2, 2, 1), 1)},
                    Case{"gpt_tp4", "gpt-tiny", withBatches(degrees(1, 4, 1), 1)},
                    Case{"gpt_columns_and_rows", "gpt-tiny",
                         withBatches(gptPins(degrees(2, 2, 1)), 1)},
                    Case{"llama_dp2_tp2", "llama-tiny", withBatches(degrees(2, 2, 1), 1)},
                    Case{"llama_zero3", "llama-tiny",
                         withBatches(withStorage(degrees(4, 1, 1), kSplit, kSplit), 1)},
                    Case{"wresnet_dp", "wresnet-tiny", withBatches(degrees(4, 1, 1), 1)},
                    Case{"moe_dp2_tp2", "moe-tiny", withBatches(degrees(2, 2, 1), 1)}),
    nameOf);

} // namespace
} // namespace alpa
