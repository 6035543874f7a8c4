// A plan in the words of other frameworks: the last arrow of the flow.
#pragma once

#include "core/base/result.h"
#include "core/plan/parallel_plan.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace alpa
{

struct ExportFormat {
    std::string_view name;        ///< "jax", as on the command line.
    std::string_view ending;      ///< Of files: ".py".
    std::string_view description; ///< One line.
    /// Fails with kUnsupported and the reason where the format cannot express the plan.
    Result<std::string> (*write)(const ParallelPlan& plan);
};

/// In the order in which people are shown them.
std::span<const ExportFormat> exportFormats();
/// Nothing if no format has this name.
const ExportFormat* findExportFormat(std::string_view name);

/// `plan` as `format` has it. Fails with kNotFound naming the formats, or as the format does.
Result<std::string> exportPlan(const ParallelPlan& plan, std::string_view format);

} // namespace alpa
