#include "core/graph/verify.h"

#include "core/graph/infer_types.h"
#include "core/graph/opaque_rule.h"

#include <fmt/format.h>

#include <unordered_set>

namespace alpa
{
namespace
{

constexpr size_t kMaxDiagnostics = 100;

class Verifier
{
public:
    explicit Verifier(const Graph& graph)
        : graph_(graph)
        , isDefined_(graph.values.size())
    {
    }

    std::vector<Diagnostic> verify()
    {
        checkScopes();
        for (const GraphInput& input : graph_.inputs)
            checkInput(input.value);
        for (size_t index = 0; index < graph_.ops.size(); ++index)
            checkOp(OpId(index));
        for (size_t value = 0; value < graph_.values.size(); ++value) {
            if (!isDefined_[value])
                report(fmt::format("%{} is neither an input nor a result", value), 0);
        }
        for (size_t output = 0; output < graph_.outputs.size(); ++output)
            checkOutput(output);
        return std::move(diagnostics_);
    }

private:
    void report(std::string message, int line)
    {
        if (diagnostics_.size() < kMaxDiagnostics)
            diagnostics_.push_back({Severity::kError, std::move(message), line, 0});
    }
    bool isInRange(ValueId id) const { return id.index() < graph_.values.size(); }

    void checkScopes()
    {
        std::unordered_set<std::string_view> seen;
        for (const std::string& path : graph_.scopes) {
            if (!seen.insert(path).second)
                report(fmt::format("scope \"{}\" is listed twice", path), 0);
        }
        if (!graph_.scopes.empty() && !graph_.scopes[0].empty())
            report(fmt::format("scope 0 is \"{}\", expected \"\"", graph_.scopes[0]), 0);
    }

    void checkSizes(ValueId id, int line)
    {
        for (const int64_t dim : graph_.type(id).dims) {
            if (dim < 0 || dim > kLargestDim)
                report(
                    fmt::format("%{}: dimension {} is out of range, at most 2^40", id.number, dim),
                    line);
        }
    }

    void checkInput(ValueId id)
    {
        if (!isInRange(id)) {
            report(fmt::format("input %{} does not exist", id.number), 0);
            return;
        }
        if (isDefined_[id.index()])
            report(fmt::format("%{} is an input twice", id.number), 0);
        if (graph_.value(id).producer.isValid())
            report(fmt::format("input %{} has a producer", id.number), 0);
        isDefined_[id.index()] = true;
        checkSizes(id, 0);
    }

    void checkOp(OpId id)
    {
        const Op& op = graph_.op(id);
        const std::string label = fmt::format("op {} ({})", id.number, opKindName(op.kind));
        if (op.scope.index() >= graph_.scopes.size())
            report(label + ": its scope does not exist", op.sourceLine);
        if (op.origin.isValid() && op.origin.index() >= graph_.ops.size())
            report(label + ": its origin does not exist", op.sourceLine);
        bool isSound = true;
        for (const ValueId operand : op.operands) {
            if (isInRange(operand) && isDefined_[operand.index()])
                continue;
            isSound = false;
            report(fmt::format("{}: operand %{} is not defined before it", label, operand.number),
                   op.sourceLine);
        }
        for (const ValueId result : op.results) {
            if (!isInRange(result)) {
                isSound = false;
                report(fmt::format("{}: result %{} does not exist", label, result.number),
                       op.sourceLine);
                continue;
            }
            if (isDefined_[result.index()])
                report(fmt::format("{}: %{} is defined twice", label, result.number),
                       op.sourceLine);
            if (graph_.value(result).producer != id)
                report(fmt::format("{}: %{} names another producer", label, result.number),
                       op.sourceLine);
            isDefined_[result.index()] = true;
            checkSizes(result, op.sourceLine);
        }
        // An opaque op may have any results, even none.
        if (isSound && op.kind != OpKind::kOpaque)
            checkTypes(op, label);
        if (isSound && op.kind == OpKind::kOpaque) {
            if (const Status rule = checkOpaqueRule(graph_, op); !rule.ok())
                report(fmt::format("{}: {}", label, rule.error().message), op.sourceLine);
        }
    }

    void checkTypes(const Op& op, const std::string& label)
    {
        const Result<std::vector<TensorType>> types = inferTypes(graph_, op);
        if (!types) {
            report(fmt::format("{}: {}", label, types.error().message), op.sourceLine);
            return;
        }
        if (types->size() != op.results.size()) {
            report(
                fmt::format("{}: {} results, expected {}", label, op.results.size(), types->size()),
                op.sourceLine);
            return;
        }
        for (size_t i = 0; i < types->size(); ++i) {
            const TensorType& stated = graph_.type(op.results[i]);
            if (stated != (*types)[i])
                report(fmt::format("{}: %{} is {}, expected {}", label, op.results[i].number,
                                   formatType(stated), formatType((*types)[i])),
                       op.sourceLine);
        }
    }

    void checkOutput(size_t index)
    {
        const GraphOutput& output = graph_.outputs[index];
        if (!isInRange(output.value) || !isDefined_[output.value.index()]) {
            report(
                fmt::format("output {} is %{}, which does not exist", index, output.value.number),
                0);
            return;
        }
        if (!output.alias.isValid())
            return;
        if (!isInRange(output.alias) || !graph_.inputRole(output.alias)) {
            report(fmt::format("output {} replaces %{}, which is not an input", index,
                               output.alias.number),
                   0);
            return;
        }
        if (graph_.type(output.alias) != graph_.type(output.value))
            report(fmt::format("output {} is {}, but the input {} that it replaces is {}", index,
                               formatType(graph_.type(output.value)),
                               valueLabel(graph_, output.alias),
                               formatType(graph_.type(output.alias))),
                   0);
    }

    const Graph& graph_;
    std::vector<bool> isDefined_;
    std::vector<Diagnostic> diagnostics_;
};

} // namespace

std::vector<Diagnostic> verifyGraph(const Graph& graph) { return Verifier(graph).verify(); }

Status checkGraph(const Graph& graph)
{
    const std::vector<Diagnostic> diagnostics = verifyGraph(graph);
    if (diagnostics.empty())
        return {};
    std::string message = diagnostics[0].message;
    if (diagnostics.size() > 1)
        message += fmt::format(" (and {} more)", diagnostics.size() - 1);
    return Error(ErrorCode::kInvalidInput, std::move(message));
}

} // namespace alpa
