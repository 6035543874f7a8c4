// HLO computations in the importer's syntax: every instruction becomes the StableHLO operation of
// the same meaning, so that calls, loops and reductions are expanded by the same code. Tuples are
// taken apart, fusions are calls.
#pragma once

#include "core/import/hlo_text.h"
#include "core/import/mlir_syntax.h"

#include <deque>
#include <string>
#include <vector>

namespace alpa
{

struct HloModule {
    MlirModule module;
    /// Texts that the module's views point into beside the source: names as JAX writes them,
    /// literals in MLIR's spelling. A deque, whose elements stay where they are.
    std::deque<std::string> strings;
};

/// Problems go to `sink`. What has no counterpart keeps its name ("hlo.all-reduce") and becomes an
/// opaque operation later.
HloModule hloModule(const std::vector<HloComputation>& computations, DiagnosticSink& sink);

/// The attributes that StableHLO has for `instruction`, `strings` keeping the texts that they need.
std::vector<MlirEntry> hloAttributes(const HloInstruction& instruction,
                                     std::deque<std::string>& strings);

/// "stablehlo.exponential" for "exponential"; empty if there is no operation of that meaning.
std::string_view stablehloName(std::string_view opcode);

/// Marks the arguments of `main` that the first line of HLO text gives to results for their memory
/// ("input_output_alias={ {0}: (3, {}, may-alias) }"), as JAX marks them in StableHLO.
void markAliasedArguments(MlirFunction& main, std::string_view hlo);

/// Integers of "{0,1}", "1_2x0_1" and the like, in order.
std::vector<int64_t> hloIntegers(std::string_view text);

} // namespace alpa
