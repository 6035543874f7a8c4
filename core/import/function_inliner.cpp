#include "core/import/function_inliner.h"

#include "core/import/inliner.h"
#include "core/import/main_signature.h"
#include "core/import/stablehlo_ops.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{

void Inliner::stop(size_t offset, std::string message)
{
    if (!isStopped_)
        sink_.error(offset, std::move(message));
    isStopped_ = true;
}

/// mhlo.sharding, sdy.sharding, or the body of an sdy.sharding_constraint.
void Inliner::noteSharding(ValueId value, const std::vector<MlirEntry>& attributes, size_t offset)
{
    for (const auto& [name, attribute] : attributes) {
        const bool isBare = name.empty() && attribute.text.find('@') != std::string_view::npos;
        const bool isSharding =
            name == "mhlo.sharding" || name == "sdy.sharding" || name == "sharding" || isBare;
        const size_t begin = attribute.text.find_first_not_of(' ');
        if (isSharding && begin != std::string_view::npos)
            result_.shardings.push_back(
                {value, attribute.text.substr(begin), source_.place(offset).line});
    }
}

void Inliner::indexFunctions()
{
    for (const MlirFunction& function : module_.functions) {
        if (!functions_.emplace(function.name, &function).second)
            sink_.error(function.offset,
                        fmt::format("function '@{}' is defined twice", function.name));
    }
}

const MlirFunction* Inliner::findMain()
{
    if (const auto main = functions_.find("main"); main != functions_.end())
        return main->second;
    const auto isPublic = [](const MlirFunction& function) {
        return function.isPublic && function.hasBody;
    };
    const auto found = std::find_if(module_.functions.begin(), module_.functions.end(), isPublic);
    return found == module_.functions.end() ? nullptr : &*found;
}

std::optional<InlinedModule> Inliner::run()
{
    indexFunctions();
    const MlirFunction* main = findMain();
    if (main == nullptr) {
        if (sink_.errorCount() == 0)
            sink_.errorWithoutPlace(
                "the file has no function '@main' and no other public function");
        return std::nullopt;
    }
    for (size_t location = 0; location < module_.locations.size() && !isStep_; ++location) {
        // Only a training step has names inside transpose(...).
        isStep_ = module_.locations[location].name.find("transpose(jvp(") != std::string_view::npos;
    }
    const std::vector<ArgumentRole> roles = mainArgumentRoles(*main, names_);
    Values arguments;
    for (size_t at = 0; at < main->body.arguments.size(); ++at) {
        const MlirType& type = main->body.arguments[at].type;
        if (!type.tensor) {
            sink_.error(
                type.offset,
                fmt::format("argument type '{}' is not supported, expected a tensor", type.text));
            arguments.emplace_back();
            continue;
        }
        arguments.push_back(result_.graph.addInput(roles[at].name, *type.tensor, roles[at].role));
        noteSharding(arguments.back(), main->body.arguments[at].attributes,
                     main->body.arguments[at].offset);
    }
    const auto results =
        inlineFunction(*main, arguments, Frame{*main, {}, "", Phase::kForward, 0, {}});
    if (results &&
        std::all_of(results->begin(), results->end(), [](ValueId id) { return id.isValid(); })) {
        settlePhasesAndScopes(result_.graph, isStep_);
        addMainOutputs(result_.graph, *main, *results);
    }
    return std::move(result_);
}

std::optional<std::vector<ValueId>> Inliner::inlineFunction(const MlirFunction& function,
                                                            Values arguments, Frame frame)
{
    active_.push_back(&function);
    frame.bindings.resize(function.names.size());
    for (size_t at = 0; at < arguments.size(); ++at) {
        Binding& binding = frame.bindings[function.body.arguments[at].name];
        if (binding.isDefined)
            sink_.error(
                function.body.arguments[at].offset,
                fmt::format("argument '%{}' is named twice", function.body.arguments[at].spelling));
        binding = Binding{{arguments[at]}, true};
    }
    std::optional<Values> returned;
    for (const MlirOp& op : function.body.ops) {
        if (isStopped_)
            break;
        const bool isReturn =
            op.name == "return" || op.name == "func.return" || op.name == "stablehlo.return";
        if (!op.isBroken && isReturn) {
            returned = readReturn(op, frame);
            break;
        }
        convertOp(op, frame);
    }
    active_.pop_back();
    if (!returned && !isStopped_ && sink_.errorCount() == 0)
        sink_.error(function.offset, fmt::format("function '@{}' does not return", function.name));
    return returned;
}

void Inliner::convertOp(const MlirOp& op, Frame& frame)
{
    std::vector<ValueId>::size_type count = resultCount(op);
    if (op.isBroken) {
        define(op, frame, poison(count));
        return;
    }
    if (result_.graph.ops.size() > kMostOps)
        return stop(op.nameOffset,
                    fmt::format("the calls expand to more than {} operations", kMostOps));
    if ((result_.graph.ops.size() & 1023u) == 0 && control_.isCancelled()) {
        isStopped_ = true;
        return;
    }
    Values operands;
    const bool isResolved = resolveOperands(op, frame, operands);
    const bool isPoisoned =
        std::any_of(operands.begin(), operands.end(), [](ValueId id) { return !id.isValid(); });
    if (!isResolved || isPoisoned) {
        define(op, frame, poison(count));
        return;
    }
    checkOperandTypes(op, operands);
    const bool isCall =
        op.name == "call" || op.name == "func.call" || op.name == "stablehlo.composite";
    if (op.name == "stablehlo.while") {
        if (auto unrolled = unrollLoop(op, operands, frame))
            return define(op, frame, std::move(*unrolled));
    }
    if (op.name == "stablehlo.case" || op.name == "stablehlo.if") {
        if (auto chosen = takeBranch(op, operands, frame))
            return define(op, frame, std::move(*chosen));
    }
    Values values = isCall ? convertCall(op, std::move(operands), frame)
                           : convertPlainOp(op, std::move(operands), frame);
    define(op, frame, std::move(values));
}

bool Inliner::resolveOperands(const MlirOp& op, const Frame& frame, Values& operands)
{
    bool isResolved = true;
    for (const MlirValueUse& use : op.operands) {
        const Binding& binding = frame.bindings[use.name];
        if (!binding.isDefined) {
            sink_.error(use.offset, fmt::format("value '{}' is not defined before its use",
                                                frame.function.names[use.name]));
            isResolved = false;
        } else if (use.index >= binding.values.size()) {
            sink_.error(use.offset, fmt::format("'{}' has {} results, there is no number {}",
                                                frame.function.names[use.name],
                                                binding.values.size(), use.index));
            isResolved = false;
        } else {
            operands.push_back(binding.values[use.index]);
        }
    }
    return isResolved;
}

/// The types written at an operation must be those of the values it names.
void Inliner::checkOperandTypes(const MlirOp& op, const Values& operands)
{
    if (op.operandTypes.empty())
        return;
    const bool isList = op.hasFunctionType || op.operandTypes.size() == operands.size();
    if (isList && op.operandTypes.size() != operands.size()) {
        sink_.error(op.nameOffset, fmt::format("'{}' has {} operands, but {} operand types",
                                               op.name, operands.size(), op.operandTypes.size()));
        return;
    }
    for (size_t at = 0; at < operands.size(); ++at) {
        // Without a list: select names the types of its predicate and of its branches, others one
        // type for all.
        const size_t index = isList ? at : std::min(at, op.operandTypes.size() - 1);
        const MlirType& declared = op.operandTypes[index];
        const TensorType& actual = result_.graph.type(operands[at]);
        const bool isShorthand = !isList && op.operandTypes.size() == 1 && operands.size() > 1 &&
                                 (op.name == "stablehlo.clamp" || op.name == "stablehlo.select");
        if (!declared.tensor || *declared.tensor == actual || isShorthand)
            continue;
        sink_.error(op.operands[at].offset,
                    fmt::format("the value is {} where it is defined, but {} is expected here",
                                formatType(actual), formatType(*declared.tensor)));
    }
}

std::optional<std::vector<TensorType>> Inliner::resultTypes(const MlirOp& op)
{
    const std::vector<MlirType>* written = &op.resultTypes;
    std::vector<MlirType> shared;
    if (!op.hasFunctionType) {
        const size_t count = resultCount(op);
        if (count == op.operandTypes.size() || op.operandTypes.empty())
            shared = op.operandTypes;
        else
            shared.assign(count, op.operandTypes.back());
        written = &shared;
    }
    std::vector<TensorType> types;
    for (const MlirType& type : *written) {
        if (!type.tensor) {
            sink_.error(type.offset,
                        fmt::format("type '{}' is not supported, expected a tensor", type.text));
            return std::nullopt;
        }
        types.push_back(*type.tensor);
    }
    return types;
}

size_t Inliner::resultCount(const MlirOp& op) const
{
    size_t count = 0;
    for (const MlirValueDefinition& definition : op.results)
        count += definition.count;
    return count;
}

void Inliner::define(const MlirOp& op, Frame& frame, Values values)
{
    if (values.size() != resultCount(op) && !op.isBroken) {
        sink_.error(op.begin, fmt::format("'{}' has {} results, but {} are named", op.name,
                                          values.size(), resultCount(op)));
        values = poison(resultCount(op));
    }
    const bool isCall = op.name == "call" || op.name == "func.call";
    for (size_t at = 0; isCall && at < values.size() && at < op.resultTypes.size(); ++at) {
        const MlirType& declared = op.resultTypes[at];
        if (!values[at].isValid() || !declared.tensor ||
            *declared.tensor == result_.graph.type(values[at]))
            continue;
        sink_.error(declared.offset, fmt::format("the function returns {}, but {} is expected here",
                                                 formatType(result_.graph.type(values[at])),
                                                 formatType(*declared.tensor)));
    }
    size_t next = 0;
    for (const MlirValueDefinition& definition : op.results) {
        Binding& binding = frame.bindings[definition.name];
        if (binding.isDefined && !op.isBroken)
            sink_.error(definition.offset, fmt::format("value '{}' is defined twice",
                                                       frame.function.names[definition.name]));
        const auto begin = values.begin() + static_cast<std::ptrdiff_t>(next);
        binding =
            Binding{Values(begin, begin + static_cast<std::ptrdiff_t>(definition.count)), true};
        next += definition.count;
    }
}

/// Its own names below those of the call, and inside the iterations of the loops around it.
std::string Inliner::scopePath(const MlirOp& op, const Frame& frame)
{
    std::string path = joinScopes(frame.scope, names_.stack(op.location).path);
    for (const UnrolledLoop& loop : frame.loops) {
        const std::string inside =
            joinScopes(loop.scope, path); // Relative names belong to the loop.
        const std::string rest = inside.substr(
            loop.scope.empty() ? 0 : loop.scope.size() + (inside != loop.scope ? 1 : 0));
        const std::string iteration = fmt::format("iteration_{}", loop.iteration);
        path = joinScopes(loop.scope.empty() ? iteration : loop.scope + '/' + iteration, rest);
    }
    return path;
}

Phase Inliner::phaseOf(const MlirOp& op, const Frame& frame)
{
    if (!isStep_)
        return Phase::kForward;
    const NameStack& stack = names_.stack(op.location);
    if (stack.isBackward)
        return Phase::kBackward;
    if (stack.isDerivative)
        return Phase::kForward;
    return frame.depth == 0 ? Phase::kUpdate : frame.phase;
}

std::vector<ValueId> Inliner::convertPlainOp(const MlirOp& op, Values operands, const Frame& frame)
{
    auto types = resultTypes(op);
    if (!types)
        return poison(resultCount(op));
    const StablehloOp stablehlo{op,
                                std::move(operands),
                                std::move(*types),
                                result_.graph.scope(scopePath(op, frame)),
                                phaseOf(op, frame),
                                source_.place(op.begin).line};
    Conversion conversion = convertStablehloOp(result_.graph, stablehlo);
    if (conversion.outcome == Conversion::Outcome::kConverted) {
        if (!conversion.values.empty())
            noteSharding(conversion.values.front(), op.attributes, op.begin);
        return std::move(conversion.values);
    }
    if (conversion.outcome == Conversion::Outcome::kInvalid) {
        sink_.error(op.nameOffset, fmt::format("'{}': {}", op.name, conversion.reason));
        return poison(resultCount(op));
    }
    sink_.warning(op.nameOffset, fmt::format("'{}' is kept as an opaque operation: {}",
                                             operationLabel(op), conversion.reason));
    ++result_.opaqueCount;
    return addOpaque(result_.graph, stablehlo, source_.text().substr(op.begin, op.end - op.begin));
}

std::vector<ValueId> Inliner::convertCall(const MlirOp& op, Values operands, const Frame& frame)
{
    const size_t count = resultCount(op);
    const bool isComposite = op.name == "stablehlo.composite";
    const MlirAttribute* callee = isComposite ? op.find("decomposition") : op.find("callee");
    if (callee == nullptr) {
        sink_.error(op.nameOffset, fmt::format("'{}' does not name a function", op.name));
        return poison(count);
    }
    const auto found = functions_.find(callee->text);
    if (found == functions_.end() || !found->second->hasBody) {
        sink_.error(callee->offset, fmt::format("function '@{}' is not in the file", callee->text));
        return poison(count);
    }
    const MlirFunction& function = *found->second;
    if (std::find(active_.begin(), active_.end(), &function) != active_.end()) {
        stop(callee->offset,
             fmt::format("function '@{}' calls itself, which cannot be expanded", function.name));
        return poison(count);
    }
    if (frame.depth >= kDeepestCall) {
        stop(callee->offset, fmt::format("calls nest deeper than {} levels", kDeepestCall));
        return poison(count);
    }
    if (++calls_ > kMostOps) {
        stop(callee->offset, fmt::format("there are more than {} calls to expand", kMostOps));
        return poison(count);
    }
    const std::vector<MlirArgument>& parameters = function.body.arguments;
    if (parameters.size() != operands.size()) {
        sink_.error(op.nameOffset, fmt::format("function '@{}' takes {} arguments, got {}",
                                               function.name, parameters.size(), operands.size()));
        return poison(count);
    }
    for (size_t at = 0; at < operands.size(); ++at) {
        const TensorType& actual = result_.graph.type(operands[at]);
        if (parameters[at].type.tensor == actual)
            continue;
        sink_.error(op.operands[at].offset,
                    fmt::format("argument {} of '@{}' is {}, got {}", at, function.name,
                                parameters[at].type.text, formatType(actual)));
        return poison(count);
    }
    auto results = inlineFunction(
        function, std::move(operands),
        Frame{function, {}, scopePath(op, frame), phaseOf(op, frame), frame.depth + 1, {}});
    return results && results->size() == count ? std::move(*results) : poison(count);
}

std::optional<std::vector<ValueId>> Inliner::readReturn(const MlirOp& op, Frame& frame)
{
    Values operands;
    if (!resolveOperands(op, frame, operands))
        return std::nullopt;
    const std::vector<MlirResult>& declared = frame.function.results;
    if (operands.size() != declared.size()) {
        sink_.error(op.nameOffset,
                    fmt::format("function '@{}' has {} results, but {} values are returned",
                                frame.function.name, declared.size(), operands.size()));
        return std::nullopt;
    }
    for (size_t at = 0; at < operands.size(); ++at) {
        if (!operands[at].isValid() || !declared[at].type.tensor)
            continue;
        const TensorType& actual = result_.graph.type(operands[at]);
        if (actual != *declared[at].type.tensor)
            sink_.error(op.operands[at].offset,
                        fmt::format("result {} of '@{}' is {}, but {} is returned", at,
                                    frame.function.name, formatType(*declared[at].type.tensor),
                                    formatType(actual)));
    }
    return operands;
}

std::optional<InlinedModule> inlineModule(const MlirModule& module, const SourceText& source,
                                          DiagnosticSink& sink, const JobControl& control)
{
    return Inliner(module, source, sink, control).run();
}

} // namespace alpa
