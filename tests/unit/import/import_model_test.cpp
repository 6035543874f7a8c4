#include "core/import/import_model.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace alpa
{
namespace
{

/// A file that is gone at the end of the test.
class TemporaryFile
{
public:
    TemporaryFile(const std::string& name, std::string_view content)
        : path_((std::filesystem::temp_directory_path() / ("alpa_import_" + name)).string())
    {
        std::ofstream(path_, std::ios::binary) << content;
    }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

std::string problemOf(const std::string& content)
{
    const TemporaryFile file("content.mlir", content);
    const auto result = importModel(file.path());
    if (result.ok())
        return "no error";
    return result.error().message.substr(file.path().size());
}

TEST(ImportModel, TellsFormatsApartByContent)
{
    const std::string supported = "; supported are StableHLO text (module @name { ... }), HLO text "
                                  "(HloModule) and ONNX, plain "
                                  "or gzip";
    EXPECT_EQ(problemOf(""), ": is empty");
    EXPECT_EQ(problemOf(" \n\n"), ": holds nothing but spaces" + supported);
    EXPECT_EQ(problemOf(std::string("ML\xefR\x01\x02", 6)),
              ": is MLIR bytecode, which is not supported" + supported);
    EXPECT_EQ(problemOf(std::string("\x80\x02\x00pytorch", 10)),
              ": is a binary file of a format that is not supported" + supported);
    EXPECT_EQ(problemOf("{\"model\": 1}\n"),
              ": is not a model file of a supported format: it begins with '{\"model\": 1}'" +
                  supported);
}

TEST(ImportModel, RefusesWhatIsNoFile)
{
    const auto missing = importModel("/nonexistent/model.mlir");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::kIo);
    const auto folder = importModel(std::filesystem::temp_directory_path().string());
    ASSERT_FALSE(folder.ok());
    EXPECT_NE(folder.error().message.find("is a directory"), std::string::npos);
}

constexpr std::string_view kSmall =
    "// exported\nmodule @m {\n  func.func public @main(%arg0: tensor<4xf32> loc(\"x\")) -> "
    "tensor<4xf32> {\n    %0 = stablehlo.negate %arg0 : tensor<4xf32>\n    return %0 : "
    "tensor<4xf32>\n  }\n}\n";

TEST(ImportModel, NamesTheGraphAfterTheFile)
{
    const TemporaryFile file("small.loss.stablehlo.mlir", kSmall);
    const auto result = importModel(file.path());
    ASSERT_TRUE(result.ok());
    ASSERT_TRUE(result->ok());
    EXPECT_EQ(result->graph->name, "alpa_import_small");
    EXPECT_EQ(result->sourceText, kSmall);
}

TEST(ImportModel, LimitsTheSizeAndStopsWhenAsked)
{
    const TemporaryFile file("limits.mlir", kSmall);
    ImportOptions options;
    options.sizeLimit = Bytes(100);
    EXPECT_FALSE(importModel(file.path(), options).ok());
    std::stop_source stop;
    stop.request_stop();
    options = ImportOptions{};
    options.control.stop = stop.get_token();
    const auto cancelled = importModel(file.path(), options);
    ASSERT_FALSE(cancelled.ok());
    EXPECT_EQ(cancelled.error().code, ErrorCode::kCancelled);
}

TEST(FormatDiagnostics, ShowsTheLineAndTheColumn)
{
    const std::string text = "module {\n\t%0 = rubbish\n";
    const std::vector<Diagnostic> diagnostics = {{Severity::kError, "no", 2, 7},
                                                 {Severity::kWarning, "whole file", 0, 0}};
    EXPECT_EQ(
        formatDiagnostics("m.mlir", text, diagnostics),
        "m.mlir:2:7: error: no\n    \t%0 = rubbish\n    \t     ^\nm.mlir: warning: whole file\n");
    EXPECT_EQ(summarizeDiagnostics(diagnostics), "1 error, 1 warning");
    EXPECT_EQ(summarizeDiagnostics({}), "");
}

TEST(FormatDiagnostics, ShortensLongLines)
{
    const std::string text = std::string(500, 'a') + "?" + std::string(500, 'b');
    const std::string shown = formatDiagnostics("m", text, {{Severity::kError, "no", 1, 501}});
    EXPECT_EQ(shown, "m:1:501: error: no\n    ... " + std::string(60, 'a') + "?" +
                         std::string(59, 'b') + " ...\n    " + std::string(64, ' ') + "^\n");
}

} // namespace
} // namespace alpa
