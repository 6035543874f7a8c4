#include "core/export/export_jax.h"

#include "core/export/jax_runtime.h"
#include "core/export/print_jax_op.h"
#include "core/export/spec_text.h"
#include "core/export/value_specs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace alpa
{
namespace
{

using Strings = std::vector<std::string>;

/// Results that are worth a constraint: element-wise and shape ops follow their operands.
bool isConstrained(OpKind kind)
{
    return kind == OpKind::kDot || kind == OpKind::kConvolution || kind == OpKind::kGather ||
           kind == OpKind::kScatter || kind == OpKind::kConcatenate ||
           kind == OpKind::kReduceWindow || kind == OpKind::kReduce;
}

/// What the forward pass of one stage reads and gives.
struct StageValues {
    std::vector<ValueId> parameters, batch, received, sent;
};

class JaxFile
{
public:
    explicit JaxFile(const ParallelPlan& plan)
        : plan_(plan)
        , graph_(*plan.graph)
        , specs_(collectValueSpecs(plan))
        , stages_(plan.stages.size())
    {
        for (const GraphOutput& output : graph_.outputs) {
            if (output.role == OutputRole::kLoss)
                loss_ = output.value;
        }
    }

    Result<std::string> print();

private:
    void findStageValues();
    /// How stage `stage` reads `value`: as stored here, or as it arrives from another stage.
    ShardingSpec specAt(size_t stage, ValueId value) const;
    std::string spec(size_t stage, ValueId value) const
    {
        return jaxSpec(plan_.stages[stage].mesh, specAt(stage, value));
    }
    std::string valueName(ValueId value) const { return fmt::format("v{}", value.index()); }
    std::string sentName(ValueId value) const { return value == loss_ ? "loss" : valueName(value); }

    void printMeshes();
    void printTable(std::string_view name, InputRole role);
    void printGradients();
    void printBatch();
    void printReads();
    void printSchedule();
    void printOptimizer();
    Status printStage(size_t stage);
    Status printOp(size_t stage, const Op& op, const OpSharding& sharding);

    const ParallelPlan& plan_;
    const Graph& graph_;
    ValueSpecs specs_;
    std::vector<StageValues> stages_;
    ValueId loss_;
    std::map<std::pair<size_t, std::string>, std::string> constrained_; ///< Of the stage at hand.
    std::string text_;
};

void JaxFile::findStageValues()
{
    std::vector<std::set<size_t>> seen(stages_.size());
    for (size_t s = 0; s < stages_.size(); ++s) {
        for (const OpId id : plan_.stages[s].ops) {
            const Op& op = graph_.op(id);
            if (op.phase != Phase::kForward)
                continue;
            for (const ValueId operand : op.operands) {
                const int home = specs_.stageOfValue[operand.index()];
                const std::optional<InputRole> role = graph_.inputRole(operand);
                if ((!role && home == static_cast<int>(s)) ||
                    !seen[s].insert(operand.index()).second)
                    continue;
                if (role == InputRole::kParameter)
                    stages_[s].parameters.push_back(operand);
                else if (role)
                    stages_[s].batch.push_back(operand);
                else
                    stages_[s].received.push_back(operand);
            }
        }
    }
    for (const StageValues& stage : stages_) {
        for (const ValueId value : stage.received) {
            std::vector<ValueId>& sent =
                stages_[static_cast<size_t>(specs_.stageOfValue[value.index()])].sent;
            if (std::ranges::find(sent, value) == sent.end())
                sent.push_back(value);
        }
    }
    const int last = specs_.stageOfValue[loss_.index()];
    stages_[last < 0 ? stages_.size() - 1 : static_cast<size_t>(last)].sent.push_back(loss_);
}

ShardingSpec JaxFile::specAt(size_t stage, ValueId value) const
{
    const ShardingSpec* home = specs_.spec(value);
    if (home != nullptr && specs_.stageOfValue[value.index()] == static_cast<int>(stage))
        return *home;
    for (const PlannedInput& input : plan_.stages[stage].inputs) {
        if (input.value == value)
            return input.spec;
    }
    return ShardingSpec::replicated(graph_.type(value).rank());
}

void JaxFile::printMeshes()
{
    text_ += "# Of every stage: shape, axes and device numbers, row-major.\nMESHES = [\n";
    for (const PlanStage& stage : plan_.stages) {
        Strings sizes;
        Strings names;
        for (const MeshAxis& axis : stage.mesh.axes)
            sizes.push_back(std::to_string(axis.size));
        for (const std::string& name : exportedAxisNames(stage.mesh))
            names.push_back('"' + name + '"');
        Strings devices;
        for (const DeviceId device : stage.mesh.devices)
            devices.push_back(std::to_string(device.number));
        text_ += fmt::format("    (({},), ({},), [{}]),\n", fmt::join(sizes, ", "),
                             fmt::join(names, ", "), fmt::join(devices, ", "));
    }
    text_ += "]\n";
}

void JaxFile::printTable(std::string_view name, InputRole role)
{
    text_ +=
        fmt::format("\n# Name: shape, element type, stage, sharding as stored.\n{} = {{\n", name);
    for (const GraphInput& input : graph_.inputs) {
        const Value& value = graph_.value(input.value);
        // The optimizer's scalars are arguments of the step.
        if (input.role != role || (role == InputRole::kOptimizerState && value.type.rank() == 0 &&
                                   (value.name == "learning_rate" || value.name == "step")))
            continue;
        const auto stage =
            static_cast<size_t>(std::max(0, specs_.stageOfValue[input.value.index()]));
        text_ +=
            fmt::format("    \"{}\": ({}, {}, {}, {}),\n", value.name, pythonTuple(value.type.dims),
                        jaxDtype(value.type.dtype), stage, spec(stage, input.value));
    }
    text_ += "}\n";
}

/// The sharding that a gradient has once it is summed over the microbatches: that of the first
/// accumulate, which decides how much of it a device updates.
void JaxFile::printGradients()
{
    std::map<std::string, std::string> gradients;
    for (const GraphOutput& output : graph_.outputs) {
        if (output.role != OutputRole::kUpdatedParameter)
            continue;
        const auto stage =
            static_cast<size_t>(std::max(0, specs_.stageOfValue[output.alias.index()]));
        // The update itself computes as split as the parameter's new value is.
        const ShardingSpec* made = specs_.spec(output.value);
        const DeviceMesh& mesh = plan_.stages[stage].mesh;
        gradients[output.name] = made == nullptr ? "P()" : jaxSpec(mesh, *made);
    }
    text_ += "\n# Shardings of the gradients that the optimizer reads.\nGRADIENTS = {\n";
    for (const GraphInput& input : graph_.inputs) {
        if (input.role != InputRole::kParameter)
            continue;
        const std::string& name = graph_.value(input.value).name;
        const auto known = gradients.find(name);
        text_ += fmt::format("    \"{}\": {},\n", name,
                             known == gradients.end() ? "P()" : known->second);
    }
    text_ += "}\n\n# Parts of the model's parameters: name, dimension, begin, end.\nPARTS = {\n";
    for (const ParameterView& view : plan_.views) {
        if (std::ranges::any_of(graph_.inputs, [&](const GraphInput& input) {
                return input.role == InputRole::kParameter &&
                       graph_.value(input.value).name == view.input;
            }))
            text_ += fmt::format("    \"{}\": (\"{}\", {}, {}, {}),\n", view.input, view.source,
                                 view.dim, view.begin, view.end);
    }
    text_ += "}\n";
}

void JaxFile::printBatch()
{
    text_ += "\n# Of one microbatch.\nBATCH = {\n";
    for (const GraphInput& input : graph_.inputs) {
        if (input.role != InputRole::kBatch)
            continue;
        const Value& value = graph_.value(input.value);
        text_ += fmt::format("    \"{}\": ({}, {}),\n", value.name, pythonTuple(value.type.dims),
                             jaxDtype(value.type.dtype));
    }
    text_ +=
        fmt::format("}}\nMICROBATCHES = {}\nLOSS_DTYPE = {}\nDEVICES = {}\n", plan_.microbatches,
                    jaxDtype(graph_.type(loss_).dtype), plan_.cluster.deviceCount());
}

/// Per stage, what its forward pass reads and sends, with the shardings that it has there.
void JaxFile::printReads()
{
    const auto printMaps = [&](std::string_view name, std::string_view comment,
                               std::vector<ValueId> StageValues::*values, bool isNamed) {
        text_ += fmt::format("\n# {}\n{} = [\n", comment, name);
        for (size_t s = 0; s < stages_.size(); ++s) {
            Strings entries;
            for (const ValueId value : stages_[s].*values)
                entries.push_back(fmt::format("\"{}\": {}",
                                              isNamed ? graph_.value(value).name : sentName(value),
                                              spec(s, value)));
            text_ += fmt::format("    {{{}}},\n", fmt::join(entries, ", "));
        }
        text_ += "]\n";
    };
    printMaps("READS", "Parameters that each stage reads.", &StageValues::parameters, true);
    printMaps("BATCH_READS", "Batch inputs that each stage reads.", &StageValues::batch, true);
    printMaps("RECEIVES", "Values that each stage receives from earlier ones.",
              &StageValues::received, false);
    printMaps("SENDS", "Values that each stage gives to later ones.", &StageValues::sent, false);
}

/// Forwards and backwards in the order of the predicted timeline, ties by stage.
void JaxFile::printSchedule()
{
    std::vector<std::pair<double, std::string>> tasks;
    for (const StageTimeline& stage : plan_.timeline.stages) {
        for (const TimelineTask& task : stage.tasks) {
            const bool isForward = task.task.phase == ScheduledTask::Phase::kForward;
            if (isForward || task.task.phase == ScheduledTask::Phase::kBackward)
                tasks.emplace_back(task.start.count,
                                   fmt::format("(\"{}\", {}, {})", isForward ? "F" : "B",
                                               task.task.stage, task.task.microbatch));
        }
    }
    std::ranges::stable_sort(tasks, {}, &std::pair<double, std::string>::first);
    text_ +=
        "\n# Forwards and backwards: stage, microbatch. Devices work in the order of dispatch.\n"
        "SCHEDULE = [\n";
    for (size_t i = 0; i < tasks.size(); i += 6) {
        Strings row;
        for (size_t k = i; k < std::min(i + 6, tasks.size()); ++k)
            row.push_back(tasks[k].second);
        text_ += fmt::format("    {},\n", fmt::join(row, ", "));
    }
    text_ += "]\n";
}

void JaxFile::printOptimizer()
{
    const OptimizerOptions& optimizer = plan_.options.optimizer;
    text_ += fmt::format("LEARNING_RATE = {}\nSTATE_NAMES = (\"m\", \"v\", \"master\")\n\n\n"
                         "def optimizer_update(parameter, states, gradient, learning_rate, step):\n"
                         "    weight = states.get(\"master\", parameter.astype(gradient.dtype))\n"
                         "    states = dict(states)\n",
                         optimizer.learningRate);
    if (optimizer.kind == OptimizerOptions::Kind::kSgd) {
        text_ += "    direction = gradient\n";
    } else {
        text_ += fmt::format("    states[\"m\"] = {1} * gradient + {0} * states[\"m\"]\n"
                             "    states[\"v\"] = {3} * gradient * gradient + {2} * states[\"v\"]\n"
                             "    mean = states[\"m\"] / (1 - {0} ** (step + 1))\n"
                             "    variance = states[\"v\"] / (1 - {2} ** (step + 1))\n"
                             "    direction = mean / (jnp.sqrt(variance) + {4})\n",
                             optimizer.beta1, 1 - optimizer.beta1, optimizer.beta2,
                             1 - optimizer.beta2, optimizer.epsilon);
    }
    if (optimizer.kind == OptimizerOptions::Kind::kAdamW)
        text_ += fmt::format("    direction = direction + {} * weight\n", optimizer.weightDecay);
    text_ += "    weight = weight - learning_rate * direction\n"
             "    if \"master\" in states:\n"
             "        states[\"master\"] = weight\n"
             "    return weight.astype(parameter.dtype), states\n";
}

Status JaxFile::printOp(size_t stage, const Op& op, const OpSharding& sharding)
{
    const DeviceMesh& mesh = plan_.stages[stage].mesh;
    Strings operands;
    for (size_t i = 0; i < op.operands.size(); ++i) {
        const ValueId operand = op.operands[i];
        operands.push_back(valueName(operand));
        const bool isPlanned = i < sharding.operands.size();
        if (!isPlanned || sharding.operands[i].partial != 0 || sharding.operands[i].rank == 0 ||
            sharding.operands[i] == specAt(stage, operand))
            continue;
        const std::string wanted = jaxSpec(mesh, sharding.operands[i]);
        std::string& known = constrained_[{operand.index(), wanted}];
        if (known.empty()) {
            known = fmt::format("{}_r{}", valueName(operand), constrained_.size());
            text_ += fmt::format("    {} = c({}, {})\n", known, valueName(operand), wanted);
        }
        operands.back() = known;
    }
    Result<std::string> expression = printJaxOp(graph_, op, operands);
    if (!expression.ok())
        return refusal("JAX", expression.error().message);
    if (op.results.size() > 1) {
        Strings results;
        for (const ValueId result : op.results)
            results.push_back(valueName(result));
        text_ += fmt::format("    {} = {}\n", fmt::join(results, ", "), *expression);
        return {};
    }
    const ValueId result = op.results[0];
    std::string line = *expression + (op.kind == OpKind::kSort ? "[0]" : "");
    if (isConstrained(op.kind) && !sharding.results.empty() && sharding.results[0].partial == 0 &&
        sharding.results[0].rank > 0)
        line = fmt::format("c({}, {})", line, jaxSpec(mesh, sharding.results[0]));
    text_ += fmt::format("    {} = {}\n", valueName(result), line);
    return {};
}

Status JaxFile::printStage(size_t stage)
{
    const StageValues& values = stages_[stage];
    constrained_.clear();
    text_ += fmt::format("\n\ndef stage_{}(p, b, r, c):\n"
                         "    \"\"\"Layers {}-{} of one microbatch: parameters, batch, received "
                         "values; c constrains.\"\"\"\n",
                         stage, plan_.stages[stage].firstLayer, plan_.stages[stage].endLayer - 1);
    for (const ValueId value : values.parameters)
        text_ += fmt::format("    {} = p[\"{}\"]\n", valueName(value), graph_.value(value).name);
    for (const ValueId value : values.batch)
        text_ += fmt::format("    {} = b[\"{}\"]\n", valueName(value), graph_.value(value).name);
    for (const ValueId value : values.received)
        text_ += fmt::format("    {0} = r[\"{0}\"]\n", valueName(value));
    ScopeId scope;
    for (size_t i = 0; i < plan_.stages[stage].ops.size(); ++i) {
        const Op& op = graph_.op(plan_.stages[stage].ops[i]);
        if (op.phase != Phase::kForward)
            continue;
        if (op.scope != scope)
            text_ += fmt::format("    # {}\n", graph_.scopePath(op.scope));
        scope = op.scope;
        RETURN_IF_ERROR(printOp(stage, op, plan_.stages[stage].shardings[i]));
    }
    Strings sent;
    for (const ValueId value : values.sent)
        sent.push_back(fmt::format("\"{}\": {}", sentName(value), valueName(value)));
    text_ += fmt::format("    return {{{}}}\n", fmt::join(sent, ", "));
    return {};
}

Result<std::string> JaxFile::print()
{
    if (!loss_.isValid())
        return refusal("JAX", "its graph has no loss");
    findStageValues();
    text_ =
        fmt::format("\"\"\"{}.\n\nExported by Alpa Explorer. python THIS_FILE --cpu --compare "
                    "trains on simulated devices and on one.\nPARAMETERS, STATES and BATCH_READS "
                    "hold the shardings for a model of your own.\n\"\"\"\n",
                    describePlan(plan_));
    text_ +=
        fmt::format("import argparse\nimport json\nimport os\nimport sys\nfrom functools import "
                    "partial\n\nif \"--cpu\" in sys.argv:\n"
                    "    os.environ[\"JAX_PLATFORMS\"] = \"cpu\"\n"
                    "    os.environ[\"XLA_FLAGS\"] = "
                    "\"--xla_force_host_platform_device_count={}\"\n\n",
                    plan_.cluster.deviceCount());
    text_ += "import jax\nimport jax.numpy as jnp\nimport numpy as np\nfrom jax import lax\n"
             "from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec as P\n\n";
    printMeshes();
    printTable("PARAMETERS", InputRole::kParameter);
    printTable("STATES", InputRole::kOptimizerState);
    printGradients();
    printBatch();
    printReads();
    printSchedule();
    printOptimizer();
    Strings functions;
    for (size_t stage = 0; stage < stages_.size(); ++stage) {
        RETURN_IF_ERROR(printStage(stage));
        functions.push_back(fmt::format("stage_{}", stage));
    }
    text_ += fmt::format("\n\nSTAGES = [{}]\n", fmt::join(functions, ", "));
    return text_ + std::string(jaxRuntimeText());
}

} // namespace

Result<std::string> exportJax(const ParallelPlan& plan)
{
    if (!hasPlannersOptimizer(plan))
        return refusal("JAX",
                       "its model file has an optimizer of its own, and only the forward pass "
                       "and the planner's optimizers are written as functions; plan the loss "
                       "alone, or export to sdy");
    return JaxFile(plan).print();
}

} // namespace alpa
