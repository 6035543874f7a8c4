// The state of one import of an ONNX file, shared by its two sources: import_onnx.cpp (names,
// inputs, nodes) and onnx_control_flow.cpp (functions, branches, loops). Nothing else includes
// this.
#pragma once

#include "core/import/import_model.h"
#include "core/import/onnx_ops.h"
#include "core/import/onnx_roles.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace alpa
{

/// Calls of functions, branches and loops inside each other beyond this are damage.
inline constexpr int kDeepestOnnxCall = 16;

class OnnxImporter
{
public:
    OnnxImporter(const OnnxModel& model, const ImportOptions& options, ImportResult& result)
        : model_(model)
        , options_(options)
        , result_(result)
        , uses_(findOnnxUses(model))
    {
        for (const std::vector<OnnxValue>* values : {&model.graph.values, &model.graph.outputs}) {
            for (const OnnxValue& value : *values)
                types_.emplace(value.name, &value);
        }
        for (const OnnxFunction& function : model.functions)
            functions_.emplace(function.domain + ':' + function.name, &function);
    }

    Graph import();

private:
    using Names = std::unordered_map<std::string, OnnxOperand>;

    void say(Severity severity, int line, std::string message);
    std::optional<TensorType> closedType(const OnnxValue& value, bool complains);
    void addInputs();
    void addInitializers();
    void addInitializer(const OnnxTensor& tensor);
    ValueId addParameter(const std::string& name, TensorType type, InputRole role);
    void convertNodes(const std::vector<OnnxNode>& nodes, Names& names, int line, int depth);
    void convertNode(const OnnxNode& node, Names& names, int line, int depth);
    bool convertConstant(const OnnxNode& node, Names& names);
    bool callFunction(const OnnxNode& node, Names& names, int line, int depth);
    // onnx_control_flow.cpp
    bool convertControl(const OnnxNode& node, Names& names, int line, int depth);
    bool takeBranch(const OnnxNode& node, Names& names, int line, int depth);
    bool chooseBranch(const OnnxNode& node, Names& names, int line, int depth);
    bool unrollLoop(const OnnxNode& node, Names& names, int line, int depth);
    bool unrollScan(const OnnxNode& node, Names& names, int line, int depth);
    void bindInitializers(const OnnxGraph& graph, Names& names);
    std::optional<OnnxOperand> readName(const Names& names, const std::string& name) const;
    bool giveStacked(const OnnxNode& node, Names& names, const std::string& output,
                     const std::vector<OnnxOperand>& slices, int axis, int line);
    OnnxOperand asValue(const OnnxNode& node, const OnnxOperand& operand, int line);
    struct Mark {
        size_t ops, values, diagnostics;
        int errors, opaque;
    };
    Mark mark() const;
    void goBack(const Mark& mark);
    void addOpaque(const OnnxNode& node, const OnnxContext& context, Names& names, int line,
                   const std::string& reason);
    void addOutputs();
    ScopeId scopeOf(const OnnxNode& node);

    const OnnxModel& model_;
    const ImportOptions& options_;
    ImportResult& result_;
    OnnxUses uses_;
    Graph graph_;
    Names names_;
    std::unordered_map<std::string, const OnnxValue*> types_;
    std::unordered_map<std::string, const OnnxFunction*> functions_;
    std::unordered_map<std::string, bool> broken_; ///< Results of nodes that failed.
    std::string module_;           ///< Of the node before, for those that do not say.
    std::optional<int64_t> batch_; ///< Dimension 0 of the first input that is no weight.
    size_t nodeCount_ = 0;
    int errors_ = 0;
};

} // namespace alpa
