// Reading a model file into a graph: the first arrow of the flow. The format is told from the
// content.
#pragma once

#include "core/base/diagnostic.h"
#include "core/base/job.h"
#include "core/base/result.h"
#include "core/base/safetensors.h"
#include "core/base/units.h"
#include "core/graph/graph.h"
#include "core/import/add_loss.h"
#include "core/import/user_rules.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

struct ImportOptions {
    Bytes sizeLimit = gibibytes(1);      ///< Of the file, after decompression.
    std::map<std::string, int64_t> dims; ///< Sizes of open dimensions by name: "batch".
    std::optional<LossKind> loss;        ///< Added to a model that has none.
    std::vector<UserRule> rules;         ///< For operations that stay opaque.
    JobControl control;
};

/// What an importer made of a file, and all it has to say about it. Warnings do not prevent a
/// graph; errors do.
struct ImportResult {
    std::optional<Graph> graph;          ///< Verified (verifyGraph); nothing if there are errors.
    std::vector<Diagnostic> diagnostics; ///< In the order of lines.
    std::string sourceText; ///< What the lines of the diagnostics refer to; filled by importModel.
    std::vector<std::string>
        openDims; ///< Names of dimensions that ImportOptions::dims must give sizes, once each.
    int opaqueCount = 0;             ///< Opaque ops in the graph.
    std::vector<SafeTensor> weights; ///< Of parameters whose values are in the file, by name.

    bool ok() const { return graph.has_value(); }
};

/// Imports StableHLO text or an ONNX file, plain or gzip. Fails with kIo or kInvalidInput if the
/// file cannot be read, with kUnsupported if its content is of no supported format, with kCancelled
/// when asked to stop; a file that is wrong inside is a result with diagnostics. The graph is named
/// after the file: "gpt-tiny" for "a/gpt-tiny.loss.stablehlo.mlir.gz".
Result<ImportResult> importModel(const std::string& path, const ImportOptions& options = {});

/// Imports the text of a StableHLO module, as JAX prints it with as_text(debug_info=True). Linear
/// in the size of the expanded program: calls are inlined.
///
/// * The function @main, or else the first public one, is the model. Its arguments are named and
/// given roles as
///   argument_roles.h says; its first scalar floating-point result is the loss.
/// * Locations become scopes (name_stack.h). In a training step, operations inside transpose(...)
/// are backward, others
///   inside jvp(...) forward, and the rest update.
/// * Operations that core/graph does not have become opaque ops with a warning.
/// * Shardings written in the file are kept in the values (file_shardings.h).
ImportResult importStablehlo(std::string_view text, std::string_view name,
                             const ImportOptions& options = {});

/// Imports an ONNX model (opset 13 to 21). Its nodes are listed in `sourceText`, one a line, and
/// lines are numbers of nodes; messages name the node.
///
/// * Open dimensions take their sizes from `options.dims`. Shapes are inferred, not read.
/// * Tensors that layers use as kernels, tables, scales or biases, and those named like
///   "h.0.attn.weight", are parameters; other tensors of the file are constants, other inputs are
///   the batch. Data in other files may be absent.
/// * Functions are opened, an If with a known condition is its branch. Operators that are not known
///   become opaque if the file says of what type their results are.
/// * A single scalar output is the loss; other models get one by `options.loss`.
ImportResult importOnnx(std::string_view content, std::string_view name,
                        const ImportOptions& options = {});

/// Imports HLO text, as as_text("hlo") prints it or XLA dumps it, before or after optimisation:
/// calls and fusions are expanded, loops unrolled, tuples taken apart. One of several partitions is
/// opened as the whole program with its shardings; where that cannot be followed (whole_program.h),
/// it stays the program of one device, its collectives opaque.
ImportResult importHlo(std::string_view text, std::string_view name,
                       const ImportOptions& options = {});

/// "path:3:7: error: message" with the line and a caret below it, for every diagnostic.
std::string formatDiagnostics(std::string_view path, std::string_view text,
                              const std::vector<Diagnostic>& diagnostics);

/// "2 errors, 1 warning"; empty without either.
std::string summarizeDiagnostics(const std::vector<Diagnostic>& diagnostics);

} // namespace alpa
