// What a call of a GPU library (cuDNN, cuBLAS) in a program says of itself.
#pragma once

#include "core/import/mlir_syntax.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <string_view>

namespace alpa
{

/// The member `name` of the call's backend_config. Null if there is none or it is no object.
nlohmann::ordered_json libraryCallConfig(const MlirOp& op, const char* name);

/// A number of a configuration, written as one or as a text ("0"); nothing for anything else.
std::optional<double> configNumber(const nlohmann::ordered_json& config, const char* name);

} // namespace alpa
