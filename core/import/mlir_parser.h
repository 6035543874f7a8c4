// Reads MLIR text (module, func.func, operations in the pretty and in the generic form, locations)
// into its syntax.
#pragma once

#include "core/base/job.h"
#include "core/import/mlir_syntax.h"
#include "core/import/source_text.h"

namespace alpa
{

/// The module in `source`; what cannot be read is reported to `sink` and reading goes on at the
/// next statement. An operation that cannot be read is kept as broken with the names of its
/// results, so that its users are not reported too. Linear in the length of the text. Views in the
/// result point into the text of `source`.
MlirModule parseMlir(const SourceText& source, DiagnosticSink& sink, const JobControl& control);

} // namespace alpa
