// Options of commands that read a model file: what the file leaves open.
#pragma once

#include "core/import/import_model.h"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace alpa::cli
{

/// As typed.
struct ModelArguments {
    std::vector<std::string> dims; ///< "batch=8"
    std::string loss;
    std::string rules; ///< A file.
};

/// Adds --dim, --loss and --rules.
void addModelOptions(CLI::App& command, ModelArguments& arguments);

/// Fails with kInvalidInput naming the option; as reading the rules fails.
Result<ImportOptions> importOptions(const ModelArguments& arguments);

} // namespace alpa::cli
