#include "core/export/export_stablehlo.h"

#include "core/export/print_stablehlo_op.h"
#include "core/export/spec_text.h"
#include "core/export/stablehlo_text.h"
#include "core/export/value_specs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <map>
#include <utility>

namespace alpa
{
namespace
{

using Strings = std::vector<std::string>;

/// The sharding of one microbatch behind the dimension that counts microbatches.
ShardingSpec behindMicrobatches(const ShardingSpec& spec)
{
    ShardingSpec wide;
    wide.rank = static_cast<uint8_t>(spec.rank + 1);
    for (size_t dim = 0; dim < spec.rank; ++dim)
        wide.dims[dim + 1] = spec.dims[dim];
    return wide;
}

/// "%body0: tensor<i32>, %body1: ..."
std::string blockArguments(std::string_view prefix, const Strings& types)
{
    std::string text;
    for (size_t i = 0; i < types.size(); ++i)
        text += fmt::format("{}{}{}: {}", i > 0 ? ", " : "", prefix, i, types[i]);
    return text;
}

class ModulePrinter
{
public:
    ModulePrinter(const ParallelPlan& plan, ShardingDialect dialect)
        : plan_(plan)
        , graph_(*plan.graph)
        , mesh_(plan.stages[0].mesh)
        , dialect_(dialect)
        , specs_(collectValueSpecs(plan))
        , names_(graph_.values.size())
    {
    }

    Result<std::string> print();

private:
    bool hasLoop() const { return plan_.microbatches > 1; }
    std::string& name(ValueId value) { return names_[value.index()]; }

    std::string annotation(const ShardingSpec& spec) const;
    std::string resultAnnotation(const Op& op) const;
    TensorType argumentType(const GraphInput& input) const;
    std::string argument(size_t index);
    std::string signature();

    /// The name of `value` under `spec`: its own, or that of a constraint, which is printed when it
    /// is new.
    std::string nameUnder(ValueId value, const ShardingSpec& spec);
    std::string constraint(const std::string& result, const std::string& operand,
                           const TensorType& type, const ShardingSpec& spec) const;
    Status printOp(OpId id);
    Status printPhases(bool isUpdate);
    /// What forward and backward of all microbatches leave behind, and all types that are carried.
    struct Loop {
        std::vector<ValueId> sums; ///< The loss, then the results of accumulates.
        Strings types;
    };
    Status printLoop();
    void printLoopStart(Loop& loop);
    Status printLoopBody(const Loop& loop);
    void sliceBatches(const std::string& counter);
    void printReturn();
    std::string location(const Op& op) const;

    const ParallelPlan& plan_;
    const Graph& graph_;
    const DeviceMesh& mesh_;
    ShardingDialect dialect_;
    ValueSpecs specs_;
    Strings names_;
    std::map<std::pair<size_t, std::string>, std::string> constrained_; ///< (value, spec): name.
    std::string indent_ = "    ";
    std::string text_;
};

std::string ModulePrinter::annotation(const ShardingSpec& spec) const
{
    return dialect_ == ShardingDialect::kShardy
               ? "sdy.sharding = #sdy.sharding" + shardySpec(mesh_, spec)
               : "mhlo.sharding = \"" + gspmdSpec(mesh_, spec) + '"';
}

std::string ModulePrinter::resultAnnotation(const Op& op) const
{
    const ShardingSpec* spec = specs_.spec(op.results[0]);
    // An all-reduce right behind a partial value is the compiler's, as it cannot say "partial".
    if (spec == nullptr || spec->partial != 0 || op.results.size() != 1 || spec->rank == 0)
        return "";
    return dialect_ == ShardingDialect::kShardy
               ? "sdy.sharding = #sdy.sharding_per_value<[" + shardySpec(mesh_, *spec) + "]>"
               : annotation(*spec);
}

/// As JAX names them: roots tell parameters, optimizer state and batch apart. Brackets would end a
/// component, so the part "w[0:64].m" of a parameter is ['w']['0:64']['m'].
std::string argumentPath(const Graph& graph, ValueId input)
{
    const std::optional<InputRole> role = graph.inputRole(input);
    std::string path = role == InputRole::kParameter        ? "params['"
                       : role == InputRole::kOptimizerState ? "opt_state['"
                                                            : "batch['";
    const std::string& name = graph.value(input).name;
    const size_t bracket = name.find('[');
    for (size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '[')
            path += "']['";
        else if (name[i] == '.' && i > bracket)
            path += "['";
        else
            path += name[i] == ']' ? "']" : std::string(1, name[i]);
    }
    return path + (path.back() == ']' ? "" : "']");
}

TensorType ModulePrinter::argumentType(const GraphInput& input) const
{
    TensorType type = graph_.type(input.value);
    if (hasLoop() && input.role == InputRole::kBatch)
        type.dims.insert(type.dims.begin(), plan_.microbatches);
    return type;
}

std::string ModulePrinter::argument(size_t index)
{
    const GraphInput& input = graph_.inputs[index];
    name(input.value) = fmt::format("%arg{}", index);
    std::string attributes;
    if (const ShardingSpec* spec = specs_.spec(input.value)) {
        const bool isWide = hasLoop() && input.role == InputRole::kBatch;
        attributes = fmt::format(" {{{}}}", annotation(isWide ? behindMicrobatches(*spec) : *spec));
    }
    return fmt::format("{}: {}{} loc(\"{}\")", name(input.value),
                       stablehloType(argumentType(input)), attributes,
                       argumentPath(graph_, input.value));
}

std::string ModulePrinter::signature()
{
    Strings arguments;
    for (size_t i = 0; i < graph_.inputs.size(); ++i)
        arguments.push_back(argument(i));
    Strings results;
    for (const GraphOutput& output : graph_.outputs) {
        Strings attributes;
        if (output.alias.isValid())
            attributes.push_back(
                fmt::format("jax.result_info = \"{}\"", argumentPath(graph_, output.alias)));
        const ValueId stored = output.alias.isValid() ? output.alias : output.value;
        const ShardingSpec* spec = specs_.spec(stored);
        if (spec != nullptr && spec->partial == 0)
            attributes.push_back(annotation(*spec));
        const std::string type = stablehloType(graph_.type(output.value));
        results.push_back(attributes.empty()
                              ? type
                              : fmt::format("{} {{{}}}", type, fmt::join(attributes, ", ")));
    }
    return fmt::format("  func.func public @main({})\n      -> ({}) {{\n",
                       fmt::join(arguments, ",\n      "), fmt::join(results, ", "));
}

std::string ModulePrinter::constraint(const std::string& result, const std::string& operand,
                                      const TensorType& type, const ShardingSpec& spec) const
{
    const std::string typeText = stablehloType(type);
    if (dialect_ == ShardingDialect::kShardy)
        return fmt::format("{}{} = sdy.sharding_constraint {} {} : {}\n", indent_, result, operand,
                           shardySpec(mesh_, spec), typeText);
    return fmt::format(
        "{}{} = \"stablehlo.custom_call\"({}) {{call_target_name = \"Sharding\", {}}} "
        ": ({}) -> {}\n",
        indent_, result, operand, annotation(spec), typeText, typeText);
}

std::string ModulePrinter::nameUnder(ValueId value, const ShardingSpec& spec)
{
    const ShardingSpec* produced = specs_.spec(value);
    if (produced == nullptr || spec.partial != 0 || spec.rank == 0 || *produced == spec)
        return name(value);
    auto& known = constrained_[{value.index(), shardySpec(mesh_, spec)}];
    if (known.empty()) {
        known = fmt::format("{}_r{}", name(value), constrained_.size());
        text_ += constraint(known, name(value), graph_.type(value), spec);
    }
    return known;
}

std::string ModulePrinter::location(const Op& op) const
{
    const std::string& scope = graph_.scopePath(op.scope);
    const size_t slash = scope.find('/');
    const std::string root = scope.substr(0, slash);
    const std::string rest = slash == std::string::npos ? "" : scope.substr(slash);
    const std::string module = op.phase == Phase::kForward ? fmt::format("jvp({})", root)
                               : op.phase == Phase::kBackward
                                   ? fmt::format("transpose(jvp({}))", root)
                                   : root;
    return fmt::format(" loc(\"jit(step)/{}{}{}{}\")", module, rest, module.empty() ? "" : "/",
                       opKindName(op.kind));
}

Status ModulePrinter::printOp(OpId id)
{
    const Op& op = graph_.op(id);
    const OpSharding* sharding = specs_.ofOp[id.index()];
    StablehloNames names{.operands = {},
                         .results = {},
                         .indent = indent_,
                         .attributes = resultAnnotation(op),
                         .tail = location(op)};
    for (size_t i = 0; i < op.operands.size(); ++i) {
        const bool isPlanned = sharding != nullptr && i < sharding->operands.size();
        names.operands.push_back(isPlanned ? nameUnder(op.operands[i], sharding->operands[i])
                                           : name(op.operands[i]));
    }
    for (const std::string& operand : names.operands) {
        if (operand.empty())
            return refusal("StableHLO", "an update reads a value of a single microbatch");
    }
    for (const ValueId result : op.results) {
        name(result) = fmt::format("%v{}", result.index());
        names.results.push_back(name(result));
    }
    if (op.kind == OpKind::kAccumulate) {
        // Of one microbatch: the mean is the value, reduced as the plan has it.
        name(op.results[0]) = names.operands[0];
        if (const ShardingSpec* spec = specs_.spec(op.results[0]); spec && spec->partial == 0) {
            name(op.results[0]) = names.results[0];
            text_ +=
                constraint(names.results[0], names.operands[0], graph_.type(op.results[0]), *spec);
        }
        return {};
    }
    const Result<std::string> printed = printStablehloOp(graph_, op, names);
    if (!printed.ok())
        return refusal("StableHLO", printed.error().message);
    text_ += *printed;
    return {};
}

Status ModulePrinter::printPhases(bool isUpdate)
{
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
        if ((graph_.ops[i].phase == Phase::kUpdate) == isUpdate)
            RETURN_IF_ERROR(printOp(OpId(static_cast<uint32_t>(i))));
    }
    return {};
}

/// Inside the loop, a batch input is the part of microbatch `counter`.
void ModulePrinter::sliceBatches(const std::string& counter)
{
    for (const GraphInput& input : graph_.inputs) {
        if (input.role != InputRole::kBatch)
            continue;
        const TensorType whole = argumentType(input);
        TensorType part = whole;
        part.dims[0] = 1;
        Strings starts{counter};
        Strings types{"tensor<i32>"};
        for (int dim = 1; dim < whole.rank(); ++dim) {
            starts.push_back("%loop_zero");
            types.push_back("tensor<i32>");
        }
        const std::string base = fmt::format("%microbatch{}", input.value.index());
        text_ += fmt::format("{}{}_part = \"stablehlo.dynamic_slice\"({}, {}) {{slice_sizes = "
                             "array<i64: {}>}} : ({}, {}) -> {}\n",
                             indent_, base, name(input.value), fmt::join(starts, ", "),
                             fmt::join(part.dims, ", "), stablehloType(whole),
                             fmt::join(types, ", "), stablehloType(part));
        text_ += fmt::format("{}{} = \"stablehlo.reshape\"({}_part) : ({}) -> {}\n", indent_, base,
                             base, stablehloType(part), stablehloType(graph_.type(input.value)));
        name(input.value) = base;
        if (const ShardingSpec* spec = specs_.spec(input.value)) {
            text_ += constraint(base + "_sharded", base, graph_.type(input.value), *spec);
            name(input.value) += "_sharded";
        }
    }
}

/// What the loop carries: its counter, sums, then all inputs, since the regions of a while may not
/// capture values.
Status ModulePrinter::printLoop()
{
    Loop loop;
    for (const GraphOutput& output : graph_.outputs) {
        if (output.role == OutputRole::kLoss)
            loop.sums.push_back(output.value);
    }
    for (const Op& op : graph_.ops) {
        if (op.kind == OpKind::kAccumulate)
            loop.sums.push_back(op.results[0]);
    }
    printLoopStart(loop);
    const Strings outerNames = names_;
    RETURN_IF_ERROR(printLoopBody(loop));
    names_ = outerNames;
    constrained_.clear();
    for (size_t i = 0; i < loop.sums.size(); ++i) {
        const TensorType& type = graph_.type(loop.sums[i]);
        const std::string share = fmt::format("%share{}", i);
        text_ += indent_ + stablehloConstant(share, {1.0 / plan_.microbatches}, type, "") + "\n";
        name(loop.sums[i]) = fmt::format("%mean{}", i);
        text_ += fmt::format("{}%mean{} = stablehlo.multiply %loop#{}, {} : {}\n", indent_, i,
                             1 + i, share, stablehloType(type));
    }
    return {};
}

/// Sums of zero with their shardings, and the loop up to its body.
void ModulePrinter::printLoopStart(Loop& loop)
{
    Strings carried{"%loop_start"};
    loop.types = {"tensor<i32>"};
    text_ += indent_ + stablehloConstant("%loop_start", {0}, {DType::kS32, {}}, "") + "\n";
    for (const ValueId sum : loop.sums) {
        const ShardingSpec* spec = specs_.spec(sum);
        const TensorType& type = graph_.type(sum);
        carried.push_back(fmt::format("%sum_start{}", sum.index()));
        loop.types.push_back(stablehloType(type));
        const bool isSplit = spec != nullptr && spec->partial == 0 && spec->rank > 0;
        const std::string zero = carried.back() + (isSplit ? "_whole" : "");
        text_ += indent_ + stablehloConstant(zero, {0}, type, "") + "\n";
        if (isSplit)
            text_ += constraint(carried.back(), zero, type, *spec);
    }
    for (const GraphInput& input : graph_.inputs) {
        carried.push_back(name(input.value));
        loop.types.push_back(stablehloType(argumentType(input)));
    }
    text_ +=
        fmt::format("    %loop:{} = \"stablehlo.while\"({}) ({{\n    ^bb0({}):\n", carried.size(),
                    fmt::join(carried, ", "), blockArguments("%condition", loop.types));
    const double limit = plan_.microbatches;
    text_ += "      " + stablehloConstant("%loop_limit", {limit}, {DType::kS32, {}}, "") + "\n";
    text_ += "      %loop_goes_on = \"stablehlo.compare\"(%condition0, %loop_limit) "
             "{comparison_direction = #stablehlo<comparison_direction LT>} : (tensor<i32>, "
             "tensor<i32>) -> tensor<i1>\n"
             "      \"stablehlo.return\"(%loop_goes_on) : (tensor<i1>) -> ()\n";
    text_ += fmt::format("    }}, {{\n    ^bb0({}):\n", blockArguments("%body", loop.types));
}

Status ModulePrinter::printLoopBody(const Loop& loop)
{
    const std::string outer = std::exchange(indent_, "      ");
    for (size_t i = 0; i < graph_.inputs.size(); ++i)
        name(graph_.inputs[i].value) = fmt::format("%body{}", 1 + loop.sums.size() + i);
    text_ += indent_ + stablehloConstant("%loop_zero", {0}, {DType::kS32, {}}, "") + "\n";
    text_ += indent_ + stablehloConstant("%loop_one", {1}, {DType::kS32, {}}, "") + "\n";
    sliceBatches("%body0");
    RETURN_IF_ERROR(printPhases(false));
    text_ += indent_ + "%loop_next = stablehlo.add %body0, %loop_one : tensor<i32>\n";
    Strings next{"%loop_next"};
    for (size_t i = 0; i < loop.sums.size(); ++i) {
        next.push_back(fmt::format("%sum_next{}", i));
        text_ += fmt::format("{}{} = stablehlo.add %body{}, {} : {}\n", indent_, next.back(), 1 + i,
                             name(loop.sums[i]), loop.types[1 + i]);
    }
    for (size_t i = next.size(); i < loop.types.size(); ++i)
        next.push_back(fmt::format("%body{}", i));
    text_ += fmt::format("{}\"stablehlo.return\"({}) : ({}) -> ()\n", indent_,
                         fmt::join(next, ", "), fmt::join(loop.types, ", "));
    indent_ = outer;
    text_ += fmt::format("    }}) : ({0}) -> ({0})\n", fmt::join(loop.types, ", "));
    return {};
}

/// "gpt_tiny" for "gpt-tiny": what may stand behind an @ without quotes.
std::string symbolName(std::string name)
{
    for (char& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0)
            c = '_';
    }
    return name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0 ? "_" + name
                                                                                  : name;
}

void ModulePrinter::printReturn()
{
    Strings results;
    Strings types;
    for (const GraphOutput& output : graph_.outputs) {
        const ShardingSpec* stored = output.alias.isValid() ? specs_.spec(output.alias) : nullptr;
        results.push_back(stored != nullptr ? nameUnder(output.value, *stored)
                                            : name(output.value));
        types.push_back(stablehloType(graph_.type(output.value)));
    }
    text_ += fmt::format("    \"func.return\"({}) : ({}) -> ()\n  }}\n}}\n",
                         fmt::join(results, ", "), fmt::join(types, ", "));
}

Result<std::string> ModulePrinter::print()
{
    text_ = "// " + describePlan(plan_) + "\n";
    text_ += fmt::format("module @{} attributes {{mhlo.num_partitions = {} : i32, "
                         "mhlo.num_replicas = 1 : i32}} {{\n",
                         symbolName(plan_.modelName), mesh_.deviceCount());
    if (dialect_ == ShardingDialect::kShardy)
        text_ += "  " + shardyMesh(mesh_) + "\n";
    text_ += signature();
    if (hasLoop())
        RETURN_IF_ERROR(printLoop());
    else
        RETURN_IF_ERROR(printPhases(false));
    RETURN_IF_ERROR(printPhases(true));
    printReturn();
    return std::move(text_);
}

} // namespace

Result<std::string> exportStablehlo(const ParallelPlan& plan, ShardingDialect dialect)
{
    RETURN_IF_ERROR(
        requireOneStage(plan, "StableHLO", "and a module runs on one mesh; plan with --pp 1"));
    return ModulePrinter(plan, dialect).print();
}

} // namespace alpa
