// The inliner's state and steps, shared by its two sources: function_inliner.cpp (functions, calls
// and operations) and loop_unroller.cpp (while). Nothing else includes this.
#pragma once

#include "core/import/function_inliner.h"
#include "core/import/name_stack.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace alpa
{

/// Calls that nest deeper, or expand to more operations, are a mistake or an attack: a chain of n
/// functions that each call the next twice has 2^n operations.
inline constexpr int kDeepestCall = 128;
inline constexpr size_t kMostOps = 500'000;

/// What a value name of a function stands for. A result that could not be made is poisoned (an
/// invalid id): its users are passed over in silence, for the reason has been reported.
struct Binding {
    std::vector<ValueId> values;
    bool isDefined = false;
};

/// An iteration of a loop that is being unrolled: operations in `scope` go to `scope`/iteration_n.
struct UnrolledLoop {
    std::string scope;
    int iteration = 0;
};

/// One call of a function that is being inlined.
struct Frame {
    const MlirFunction& function;
    std::vector<Binding> bindings;
    std::string scope;
    Phase phase = Phase::kForward;
    int depth = 0;
    std::vector<UnrolledLoop> loops; ///< Around the operation at hand, the outermost first.
};

class Inliner
{
public:
    Inliner(const MlirModule& module, const SourceText& source, DiagnosticSink& sink,
            const JobControl& control)
        : module_(module)
        , source_(source)
        , sink_(sink)
        , control_(control)
        , names_(module)
    {
    }

    std::optional<InlinedModule> run();

private:
    using Values = std::vector<ValueId>;

    const MlirFunction* findMain();
    void indexFunctions();
    std::optional<Values> inlineFunction(const MlirFunction& function, Values arguments,
                                         Frame frame);
    void convertOp(const MlirOp& op, Frame& frame);
    Values convertPlainOp(const MlirOp& op, Values operands, const Frame& frame);
    Values convertCall(const MlirOp& op, Values operands, const Frame& frame);
    // loop_unroller.cpp
    std::optional<Values> unrollLoop(const MlirOp& op, const Values& initial, Frame& frame);
    std::optional<Values> convertRegion(const MlirRegion& region, const Values& arguments,
                                        Frame& frame);
    bool keepsTypes(const MlirOp& op, const Values& initial, const Values& next);
    std::optional<Values> takeBranch(const MlirOp& op, const Values& operands, Frame& frame);
    std::optional<Values> selectBranches(const MlirOp& op, ValueId index,
                                         const std::vector<Values>& branches, const Frame& frame);
    ValueId addChoice(OpKind kind, std::vector<ValueId> operands, Attributes attributes,
                      TensorType type, const MlirOp& op, const Frame& frame);
    Values foldCounters(const MlirOp& op, Values values, const Frame& frame);

    std::optional<Values> readReturn(const MlirOp& op, Frame& frame);
    bool resolveOperands(const MlirOp& op, const Frame& frame, Values& operands);
    void checkOperandTypes(const MlirOp& op, const Values& operands);
    std::optional<std::vector<TensorType>> resultTypes(const MlirOp& op);
    size_t resultCount(const MlirOp& op) const;
    void define(const MlirOp& op, Frame& frame, Values values);
    Values poison(size_t count) const { return Values(count, ValueId()); }
    std::string scopePath(const MlirOp& op, const Frame& frame);
    Phase phaseOf(const MlirOp& op, const Frame& frame);
    void noteSharding(ValueId value, const std::vector<MlirEntry>& attributes, size_t offset);
    void stop(size_t offset, std::string message);

    const MlirModule& module_;
    const SourceText& source_;
    DiagnosticSink& sink_;
    const JobControl& control_;
    LocationNames names_;
    InlinedModule result_;
    std::unordered_map<std::string_view, const MlirFunction*> functions_;
    std::vector<const MlirFunction*> active_;
    bool isStep_ = false;
    bool isStopped_ = false;
    size_t calls_ = 0; ///< Functions without operations must not expand without end either.
    size_t iterations_ = 0;
};

} // namespace alpa
