// Random models under random constraints on random clusters: whatever is planned, lowered and run
// on several devices gives what one device gives.
#include "core/graph/graph_text.h"
#include "core/lowering/lower_plan.h"
#include "core/plan/make_plan.h"
#include "runtime/cpu/cpu_backend.h"
#include "runtime/executor/run_program.h"
#include "runtime/reference/interpret.h"
#include "tests/support/host_buffers.h"
#include "tests/support/property.h"
#include "tests/support/random_graph.h"
#include "tests/support/two_kinds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace alpa
{
namespace
{

/// CPU devices that compute and talk at random speeds, so that different shardings are best.
Cluster randomCluster(Rng& rng)
{
    const int counts[] = {2, 4, 8};
    Cluster cluster = *loadCluster("cpu-x" + std::to_string(counts[rng.below(3)]));
    cluster.withinHost.latency = Seconds(1e-4 * std::pow(10.0, -4.0 * rng.uniform()));
    cluster.withinHost.bandwidth *= std::pow(10.0, 6.0 * rng.uniform() - 3.0);
    cluster.measured.clear();
    if (rng.chance(0.3)) {
        // Two hosts, the second with devices of other speeds.
        DeviceKind& second = addSecondKind(cluster);
        second.matrixFlops32 *= std::pow(4.0, 2.0 * rng.uniform() - 1.0);
        second.memoryBandwidth *= std::pow(4.0, 2.0 * rng.uniform() - 1.0);
    }
    return cluster;
}

ShardingSpec randomSpec(Rng& rng, int rank)
{
    ShardingSpec spec = ShardingSpec::replicated(rank);
    for (int axis = 0; axis < 2; ++axis) {
        const int dim = rng.below(rank + 1);
        if (dim < rank)
            spec.dims[static_cast<size_t>(dim)] |= axisBit(axis);
    }
    return spec;
}

/// Pins and forbids specs of parameters and ops; those that fit nothing are part of the game.
void addSpecConstraints(Rng& rng, const Graph& graph, PlanConstraints& constraints)
{
    for (int pin = rng.below(4); pin > 0; --pin) {
        SpecConstraint constraint;
        constraint.forbids = rng.chance(0.5);
        if (rng.chance(0.5)) {
            const GraphInput& input =
                graph.inputs[static_cast<size_t>(rng.below(static_cast<int>(graph.inputs.size())))];
            constraint.pattern = graph.value(input.value).name;
            constraint.spec = randomSpec(rng, graph.type(input.value).rank());
        } else {
            const Op& op =
                graph.ops[static_cast<size_t>(rng.below(static_cast<int>(graph.ops.size())))];
            constraint.pattern = opLabel(graph, op);
            constraint.spec = randomSpec(rng, graph.type(op.results[0]).rank());
        }
        constraints.specs.push_back(constraint);
    }
}

StorageRule randomRule(Rng& rng)
{
    constexpr StorageRule kRules[] = {StorageRule::kFree, StorageRule::kReplicated,
                                      StorageRule::kSplit};
    return kRules[rng.below(3)];
}

PlanRequest randomRequest(Rng& rng, Graph model)
{
    PlanRequest request;
    request.cluster = randomCluster(rng);
    PlanConstraints& constraints = request.options.constraints;
    const int devices = request.cluster.deviceCount();
    const int microbatches[] = {1, 2, 4};
    constraints.microbatches = microbatches[rng.below(3)];
    const int stages = 1 << rng.below(3);
    if (stages <= devices && rng.chance(0.5)) {
        constraints.fixedPp = stages;
        const int tensor = 1 << rng.below(3);
        if (tensor * stages <= devices && rng.chance(0.6))
            constraints.fixedTp = tensor;
    }
    if (rng.chance(0.3))
        constraints.schedule = ScheduleKind::kGpipe;
    if (rng.chance(0.2))
        constraints.selectiveRecomputation = true;
    else if (rng.chance(0.2))
        constraints.recomputedLayers = 1;
    constraints.usesAllDevices = rng.chance(0.7);
    constraints.parameterStorage = randomRule(rng);
    constraints.stateStorage = randomRule(rng);
    addSpecConstraints(rng, model, constraints);
    request.options.optimizer.kind =
        rng.chance(0.5) ? OptimizerOptions::Kind::kSgd : OptimizerOptions::Kind::kAdam;
    request.options.optimizer.learningRate = 0.125;
    request.options.threads = 1;
    request.model = std::make_shared<const Graph>(std::move(model));
    return request;
}

/// One per input of the training step: `element` for parameters and batches.
template <typename Element>
std::vector<HostTensor> makeInputs(const ParallelPlan& plan, const Element& element)
{
    std::vector<HostTensor> inputs;
    for (const GraphInput& input : plan.graph->inputs) {
        TensorType type = plan.graph->type(input.value);
        const std::string& name = plan.graph->value(input.value).name;
        if (input.role == InputRole::kBatch && type.rank() > 0)
            type.dims[0] *= plan.microbatches;
        HostTensor tensor =
            filledTensor(type, name == "learning_rate" ? plan.options.optimizer.learningRate : 0.0);
        if (input.role != InputRole::kOptimizerState) {
            for (double& value : tensor.values)
                value = roundToDtype(element(), type.dtype);
        }
        inputs.push_back(std::move(tensor));
    }
    return inputs;
}

std::map<std::string, HostBuffer> buffersOf(const Graph& graph,
                                            const std::vector<HostTensor>& inputs)
{
    std::map<std::string, HostBuffer> buffers;
    for (size_t i = 0; i < inputs.size(); ++i)
        buffers[graph.value(graph.inputs[i].value).name] = toHostBuffer(inputs[i]);
    return buffers;
}

/// Two steps of `plan` on its devices and in the interpreter; `compare(name, actual, expected)` for
/// every loss, parameter and state.
template <typename Compare>
void runBoth(const ParallelPlan& plan, std::vector<HostTensor> inputs, const Compare& compare)
{
    const Graph& graph = *plan.graph;
    const Result<Program> program = lowerPlan(plan);
    ASSERT_TRUE(program.ok()) << program.error().message;
    RunOptions options;
    options.steps = 2;
    options.recordTrace = false;
    const auto backend = makeCpuBackend({.poisonsArenas = true});
    const Result<RunResult> run =
        runProgram(*backend, *program, buffersOf(graph, inputs), options, true);
    ASSERT_TRUE(run.ok()) << run.error().message;
    for (int step = 0; step < options.steps; ++step) {
        const Result<StepResult> expected = interpretStep(graph, inputs, plan.microbatches);
        ASSERT_TRUE(expected.ok()) << expected.error().message;
        const TensorType scalar{DType::kF32, {}};
        compare("loss of step " + std::to_string(step),
                HostTensor{scalar, {run->steps[static_cast<size_t>(step)].loss}},
                HostTensor{scalar, {expected->loss}});
        inputs = nextInputs(graph, inputs, *expected);
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
        const std::string& name = graph.value(graph.inputs[i].value).name;
        if (graph.inputs[i].role != InputRole::kBatch && run->state.contains(name))
            compare(name, toHostTensor(run->state.at(name)), inputs[i]);
    }
}

/// Plans `request`; null if its constraints leave nothing.
std::shared_ptr<const ParallelPlan> planOf(const PlanRequest& request)
{
    const Result<PlanOutcome> outcome = makePlan(request, {});
    // More stages than the model can be cut into.
    // Random pins may name what a random model does not have.
    if (!outcome.ok() && (outcome.error().message.find("layers asked") != std::string::npos ||
                          outcome.error().message.find("matches no") != std::string::npos ||
                          outcome.error().message.find("no clustering into") != std::string::npos))
        return nullptr;
    if (!outcome.ok()) {
        ADD_FAILURE() << outcome.error().message << "\n" << formatGraph(*request.model);
        return nullptr;
    }
    const auto* plan = std::get_if<std::shared_ptr<const ParallelPlan>>(&*outcome);
    return plan != nullptr ? *plan : nullptr;
}

/// The plan of `request`, or in half of the cases that under less memory than it needs: the solver
/// then chooses other shardings, and stages recompute.
std::shared_ptr<const ParallelPlan> planWithinMemory(Rng& rng, PlanRequest request)
{
    const auto plan = planOf(request);
    if (!plan || rng.chance(0.5))
        return plan;
    Bytes most;
    for (const PlanStage& stage : plan->stages)
        most = std::max(most, stage.memory.total());
    request.options.constraints.memoryPerDevice =
        Bytes(static_cast<int64_t>(static_cast<double>(most.count) * (0.5 + 0.5 * rng.uniform())));
    const auto smaller = planOf(request);
    return smaller ? smaller : plan;
}

/// How many of the plans of a test did what is rare.
struct Coverage {
    int planned = 0, recomputing = 0, selective = 0, zeroBubble = 0, interleaved = 0;
    int partly = 0, mixed = 0, idle = 0;
    void add(const ParallelPlan& plan)
    {
        ++planned;
        recomputing += std::ranges::any_of(plan.stages, &PlanStage::recomputes);
        selective += std::ranges::any_of(plan.stages, &PlanStage::repeatsCheapOps);
        partly += std::ranges::any_of(plan.stages, [](const PlanStage& stage) {
            return stage.recomputedLayers > 0 && !stage.recomputes;
        });
        mixed += std::ranges::any_of(plan.stages, [&](const PlanStage& stage) {
            return plan.kindOf(stage) != plan.kindOf(plan.stages.front());
        });
        idle += !plan.idleDevices().empty();
        zeroBubble += plan.schedule == ScheduleKind::kZeroBubble && plan.stages.size() > 1;
        interleaved += plan.schedule == ScheduleKind::kInterleaved1f1b;
    }
    void print(int tried) const
    {
        std::printf("%d of %d requests had a plan, %d recompute, %d of them "
                    "selectively, %d zero-bubble, %d interleaved, %d recompute some layers, %d "
                    "are on two kinds of device, %d leave some idle\n",
                    planned, tried, recomputing + selective, selective, zeroBubble, interleaved,
                    partly, mixed, idle);
        EXPECT_GE(planned * 5, tried - 2); // Many mix samples, and so allow one microbatch only.
        if (tried >= 200) {
            EXPECT_GT(selective, 5);
            EXPECT_GT(zeroBubble, 3);
            EXPECT_GT(interleaved, 3);
            EXPECT_GT(partly, 0);
            EXPECT_GT(mixed, 3);
            EXPECT_GT(idle, 3);
        }
    }
};

/// The same stages under another schedule, where they fit it: zero-bubble, or the second half of
/// the stages on the devices of the first, interleaved.
std::shared_ptr<const ParallelPlan> rescheduled(Rng& rng, std::shared_ptr<const ParallelPlan> plan)
{
    if (plan->chunks > 1)
        return plan; // Its stages share devices already.
    const size_t groups = plan->stages.size() / 2;
    auto interleaved = std::make_shared<ParallelPlan>(*plan);
    bool isPossible = groups > 0 && plan->stages.size() % 2 == 0 &&
                      plan->microbatches % static_cast<int>(groups) == 0;
    for (size_t s = 0; s < groups && isPossible; ++s) {
        const DeviceMesh& first = plan->stages[s].mesh;
        isPossible = first.deviceCount() == plan->stages[s + groups].mesh.deviceCount();
        interleaved->stages[s + groups].submesh = interleaved->stages[s].submesh;
        interleaved->stages[s + groups].mesh.devices = first.devices;
    }
    if (isPossible && rng.chance(0.7)) {
        interleaved->schedule = ScheduleKind::kInterleaved1f1b;
        interleaved->chunks = 2;
        return interleaved;
    }
    auto zeroBubble = std::make_shared<ParallelPlan>(*plan);
    zeroBubble->schedule = ScheduleKind::kZeroBubble;
    return zeroBubble;
}

std::string caseText(const ParallelPlan& plan)
{
    std::string text = formatConstraints(plan.options.constraints) + "\nschedule " +
                       alpa::text(plan.schedule) + "\n";
    for (const PlanStage& stage : plan.stages) {
        text += "layers " + std::to_string(stage.firstLayer) + "-" +
                std::to_string(stage.endLayer) + " on";
        for (const auto& axis : stage.mesh.axes)
            text += " " + std::to_string(axis.size);
        text += "\n";
        for (size_t i = 0; i < stage.ops.size(); ++i) {
            text += formatOp(*plan.graph, plan.graph->op(stage.ops[i])) + "   #";
            for (const ShardingSpec& spec : stage.shardings[i].operands)
                text += " " + formatSpec(spec);
            text += " -> " + formatSpec(stage.shardings[i].results[0]) + "\n";
        }
    }
    return text;
}

TEST(PlansOfRandomModels, GiveWhatOneDeviceGives)
{
    Coverage coverage;
    int tried = 0;
    forEachSeed(
        200,
        [&](Rng& rng, int size) {
            ++tried;
            Graph model = randomGraph(rng, 4 + size, {.keepsBatch = true, .batch = 8});
            auto plan = planWithinMemory(rng, randomRequest(rng, std::move(model)));
            if (!plan)
                return;
            if (rng.chance(0.4))
                plan = rescheduled(rng, std::move(plan));
            coverage.add(*plan);
            SCOPED_TRACE(caseText(*plan));
            const auto inputs = makeInputs(*plan, [&rng] { return 1.5 * (rng.uniform() - 0.5); });
            // Adam's first updates are the signs of gradients, which are noise where these vanish.
            const bool isAdam = plan->options.optimizer.kind == OptimizerOptions::Kind::kAdam;
            runBoth(
                *plan, inputs,
                [&](const std::string& name, const HostTensor& actual, const HostTensor& expected) {
                    if (isAdam && name != "loss of step 0")
                        return;
                    double largest = 1e-2;
                    double difference = 0;
                    ASSERT_EQ(actual.values.size(), expected.values.size()) << name;
                    for (size_t i = 0; i < expected.values.size(); ++i) {
                        largest = std::max(largest, std::fabs(expected.values[i]));
                        difference =
                            std::max(difference, std::fabs(actual.values[i] - expected.values[i]));
                    }
                    EXPECT_LE(difference, 1e-4 * largest) << name;
                });
        },
        16);
    coverage.print(tried);
}

/// A model whose every value, gradient and update is a small integer or a quarter of one.
class IntegerModel
{
public:
    explicit IntegerModel(Rng& rng)
        : rng_(rng)
        , builder_(graph_, "Net")
    {
    }

    Graph make(int opCount)
    {
        graph_.name = "integers";
        const ValueId x = graph_.addInput("x", {DType::kF32, {8, 4}}, InputRole::kBatch);
        ValueId last = x;
        for (int op = 0; op < opCount; ++op) {
            builder_.setScope(graph_.scope("Net/block_" + std::to_string(op / 3)));
            last = next(last);
        }
        builder_.setScope(graph_.scope("Net/loss"));
        graph_.addOutput({builder_.sumAll(last), OutputRole::kLoss, "", {}});
        return std::move(graph_);
    }

private:
    ValueId parameter(std::vector<int64_t> dims)
    {
        return graph_.addInput("p" + std::to_string(graph_.inputs.size()),
                               {DType::kF32, std::move(dims)}, InputRole::kParameter);
    }
    int64_t size() { return int64_t{2} << rng_.below(3); }

    ValueId next(ValueId x)
    {
        const std::vector<int64_t> dims = builder_.dims(x);
        const int last = builder_.rank(x) - 1;
        const auto at = static_cast<size_t>(last);
        switch (rng_.below(7)) {
        case 0: { // Bias.
            const ValueId bias = parameter({dims.back()});
            return builder_.add(x, builder_.broadcast(bias, {last}, dims));
        }
        case 1: // Relu, from above too: keeps numbers small.
            return builder_.minimum(builder_.maximum(x, builder_.zerosLike(x)),
                                    builder_.constantLike(6, x));
        case 2: { // To three dimensions and back.
            if (dims.size() == 2 && dims[1] % 2 == 0)
                return builder_.reshape(x, {dims[0], 2, dims[1] / 2});
            if (dims.size() == 3)
                return builder_.reshape(x, {dims[0], dims[1] * dims[2]});
            return builder_.negate(x);
        }
        case 3:
            return dims.size() == 3 ? builder_.transpose(x, {0, 2, 1}) : builder_.add(x, x);
        case 4: { // Half of the last dimension.
            if (dims[at] < 4)
                return builder_.negate(x);
            std::vector<int64_t> starts(dims.size(), 0);
            starts[at] = rng_.chance(0.5) ? dims[at] / 2 : 0;
            std::vector<int64_t> limits = dims;
            limits[at] = starts[at] + dims[at] / 2;
            return builder_.slice(x, starts, limits);
        }
        default: {
            const ValueId y = builder_.matmul(x, parameter({dims.back(), size()}));
            return builder_.minimum(builder_.maximum(y, builder_.constantLike(-6, y)),
                                    builder_.constantLike(6, y));
        }
        }
    }

    Rng& rng_;
    Graph graph_;
    GraphBuilder builder_;
};

TEST(PlansOfIntegerModels, GiveWhatOneDeviceGivesBitForBit)
{
    Coverage coverage;
    int tried = 0;
    forEachSeed(
        200,
        [&](Rng& rng, int size) {
            ++tried;
            PlanRequest request = randomRequest(rng, IntegerModel(rng).make(4 + size));
            request.options.optimizer = {.kind = OptimizerOptions::Kind::kSgd, .learningRate = 1.0};
            auto plan = planWithinMemory(rng, request);
            if (!plan)
                return;
            if (rng.chance(0.4))
                plan = rescheduled(rng, std::move(plan));
            coverage.add(*plan);
            SCOPED_TRACE(caseText(*plan));
            const auto inputs = makeInputs(*plan, [&rng] { return rng.between(-1, 1); });
            runBoth(
                *plan, inputs,
                [](const std::string& name, const HostTensor& actual, const HostTensor& expected) {
                    EXPECT_EQ(actual.values, expected.values) << name;
                });
        },
        8);
    coverage.print(tried);
}

} // namespace
} // namespace alpa
