#include "app/cli/model_arguments.h"

#include <fmt/format.h>

#include <charconv>

namespace alpa::cli
{

void addModelOptions(CLI::App& command, ModelArguments& arguments)
{
    command
        .add_option("--dim", arguments.dims,
                    "NAME=SIZE: the size of an open dimension of an ONNX model; repeatable")
        ->allow_extra_args(false);
    command
        .add_option("--loss", arguments.loss,
                    "Add a loss to a model without one: mean, mse (against a batch input 'target') "
                    "or cross-entropy (against 'labels')")
        ->check(CLI::IsMember({"mean", "mse", "cross-entropy"}));
    command.add_option(
        "--rules", arguments.rules,
        "JSON file of rules for operations that are not known: {\"rules\": [{\"op\": "
        "\"stablehlo.custom_call @name*\", \"rule\": \"([b, s], [s]) -> ([b, s]) "
        "blocked {s}\", \"flops\": \"2*b*s\"}]}; they can be planned, not run");
}

Result<ImportOptions> importOptions(const ModelArguments& arguments)
{
    ImportOptions options;
    constexpr int64_t kLargest = int64_t{1} << 30;
    for (const std::string& text : arguments.dims) {
        const size_t equals = text.find('=');
        int64_t size = 0;
        const char* end = text.data() + text.size();
        const bool isNumber = equals != std::string::npos && equals > 0 &&
                              std::from_chars(text.data() + equals + 1, end, size).ptr == end &&
                              size > 0;
        if (!isNumber || size > kLargest)
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("--dim {}: expected NAME=SIZE, such as batch=8", text));
        options.dims[text.substr(0, equals)] = size;
    }
    if (!arguments.loss.empty())
        options.loss = lossFromName(arguments.loss);
    if (!arguments.rules.empty()) {
        ASSIGN_OR_RETURN(options.rules, loadUserRules(arguments.rules));
    }
    return options;
}

} // namespace alpa::cli
