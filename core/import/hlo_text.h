// What an HLO text says (jax.jit(f).lower(...).as_text("hlo"), or --xla_dump_hlo_as_text), before
// anything is known about what it means: computations of instructions. hlo_module.h makes the
// importer's syntax of it.
#pragma once

#include "core/base/job.h"
#include "core/graph/types.h"
#include "core/import/source_text.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace alpa
{

struct HloType {
    std::optional<TensorType> tensor; ///< Nothing for tuples, tokens and unsupported elements.
    bool isTuple = false;
    bool hasPlainLayout = true; ///< Row-major.
    /// Dimensions from the one with the largest steps in memory; empty when row-major.
    std::vector<int> majorToMinor;
    std::vector<HloType> parts; ///< Of a tuple.
    std::string_view text;
};

struct HloInstruction {
    std::string_view name; ///< Without the %.
    bool isRoot = false;
    HloType type;
    std::string_view opcode;                ///< "dot", "reduce-window".
    std::string_view body;                  ///< What stands between the parentheses.
    std::vector<std::string_view> operands; ///< Names, without % and types.
    std::vector<std::pair<std::string_view, std::string_view>>
        attributes; ///< Values as they stand.
    size_t offset = 0;
    size_t end = 0;

    /// The value of an attribute, empty when absent.
    std::string_view find(std::string_view attribute) const;
};

struct HloComputation {
    std::string_view name;
    bool isEntry = false;
    std::vector<HloInstruction> instructions;
    size_t offset = 0;
};

/// All computations of `source`. Lines that cannot be read are reported to `sink` and passed over.
/// Linear in the length of the text.
std::vector<HloComputation> parseHlo(const SourceText& source, DiagnosticSink& sink,
                                     const JobControl& control);

} // namespace alpa
