// What is said of files that are wrong: place and message of every problem, and that nothing
// crashes or hangs.
#include "core/base/files.h"
#include "tests/support/property.h"
#include "tests/unit/import/import_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ctime>

namespace alpa
{
namespace
{

/// The problems of a module whose main takes %a and %b (4x8, f32) and returns the last line's
/// value.
std::string problemsOf(std::string_view body)
{
    return importedProblems(
        fmt::format("module @m {{\nfunc.func @main(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) -> "
                    "tensor<4x8xf32> {{\n{}\nreturn %a : tensor<4x8xf32>\n}}\n}}\n",
                    body));
}

TEST(ImportErrors, UndefinedValue)
{
    EXPECT_EQ(problemsOf("%0 = stablehlo.add %a, %nowhere : tensor<4x8xf32>"),
              "error 3:24 value '%nowhere' is not defined before its use\n");
}

TEST(ImportErrors, OneProblemIsNotReportedAtEveryUse)
{
    EXPECT_EQ(problemsOf("%0 = stablehlo.add %a, %nowhere : tensor<4x8xf32>\n%1 = "
                         "stablehlo.exponential %0 : tensor<4x8xf32>\n"
                         "%2 = stablehlo.add %1, %0 : tensor<4x8xf32>"),
              "error 3:24 value '%nowhere' is not defined before its use\n");
}

TEST(ImportErrors, TypeDiffersFromTheDefinition)
{
    EXPECT_EQ(
        problemsOf("%0 = stablehlo.exponential %a : tensor<4x9xf32>"),
        "error 3:6 'stablehlo.exponential': the result is declared as f32[4,9], but its operands "
        "give f32[4,8]\n"
        "error 3:28 the value is f32[4,8] where it is defined, but f32[4,9] is expected here\n");
}

TEST(ImportErrors, SizesDoNotFit)
{
    EXPECT_EQ(
        problemsOf(
            "%0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (tensor<4x8xf32>, "
            "tensor<4x8xf32>) -> tensor<4x8xf32>"),
        "error 3:6 'stablehlo.dot_general': dot: inner sizes differ, got 8 and 4\n");
}

TEST(ImportErrors, MissingAttribute)
{
    EXPECT_EQ(problemsOf("%0 = stablehlo.transpose %a : (tensor<4x8xf32>) -> tensor<8x4xf32>"),
              "error 3:6 'stablehlo.transpose': attribute 'dims' is missing or malformed\n");
}

TEST(ImportErrors, MalformedSyntaxGoesOnAtTheNextLine)
{
    EXPECT_EQ(problemsOf("%0 = stablehlo.add %a %%b : tensor<4x8xf32>\n%1 = stablehlo.add %a, ? : "
                         "tensor<4x8xf32>\n"
                         "%2 = stablehlo.add %0, %1 : tensor<4x8xf32>\n%3 = stablehlo.add %a, %4 : "
                         "tensor<4x8xf32>"),
              "error 3:24 expected a name after '%', found '%'\n"
              "error 4:24 expected operands, attributes or ':' and the types of 'stablehlo.add', "
              "found '?'\n"
              "error 6:24 value '%4' is not defined before its use\n");
}

TEST(ImportErrors, UnsupportedTypes)
{
    EXPECT_EQ(problemsOf("%0 = stablehlo.convert %a : (tensor<4x8xf32>) -> tensor<?x8xf32>"),
              "error 3:50 sizes known only at run time ('?') are not supported, export with static "
              "shapes\n");
    EXPECT_EQ(
        problemsOf("%0 = stablehlo.convert %a : (tensor<4x8xf32>) -> tensor<4x8xcomplex<f32>>"),
        "error 3:61 element type 'complex' is not supported; supported are pred (i1), i8 to i64, "
        "ui8 to ui64, f16, "
        "bf16, f32 and f64\n");
    EXPECT_EQ(problemsOf("%0 = stablehlo.create_token : !stablehlo.token"),
              "error 3:31 type '!stablehlo.token' is not supported, expected a tensor\n");
}

TEST(ImportErrors, HugeTensorsAreRefused)
{
    EXPECT_EQ(problemsOf("%0 = stablehlo.iota dim = 0 : tensor<99999999999x99999999999xf32>"),
              "error 3:50 the tensor is too large to count its elements\n");
}

TEST(ImportErrors, DefinedTwice)
{
    EXPECT_EQ(problemsOf("%0 = stablehlo.negate %a : tensor<4x8xf32>\n%0 = stablehlo.negate %b : "
                         "tensor<4x8xf32>"),
              "error 4:1 value '%0' is defined twice\n");
}

TEST(ImportErrors, ResultNumberDoesNotExist)
{
    EXPECT_EQ(problemsOf("%0 = stablehlo.negate %a : tensor<4x8xf32>\n%1 = stablehlo.negate %0#1 : "
                         "tensor<4x8xf32>"),
              "error 4:23 '%0' has 1 results, there is no number 1\n");
}

/// A module with @main calling @f, whose text follows.
std::string problemsOfCall(std::string_view call, std::string_view function)
{
    return importedProblems(
        fmt::format("func.func @main(%a: tensor<4xf32>) -> tensor<4xf32> {{\n%0 = {}\nreturn %0 : "
                    "tensor<4xf32>\n}}\n{}\n",
                    call, function));
}

TEST(ImportErrors, Calls)
{
    const std::string_view call = "call @f(%a) : (tensor<4xf32>) -> tensor<4xf32>";
    EXPECT_EQ(problemsOfCall(call, ""), "error 2:11 function '@f' is not in the file\n");
    EXPECT_EQ(problemsOfCall(call, "func.func private @f(%x: tensor<5xf32>) -> tensor<5xf32> "
                                   "{\nreturn %x : tensor<5xf32>\n}"),
              "error 2:14 argument 0 of '@f' is tensor<5xf32>, got f32[4]\n");
    EXPECT_EQ(problemsOfCall(
                  call, "func.func private @f() -> tensor<4xf32> {\n%0 = stablehlo.iota dim = 0 : "
                        "tensor<4xf32>\nreturn %0 : tensor<4xf32>\n}"),
              "error 2:6 function '@f' takes 0 arguments, got 1\n");
    EXPECT_EQ(problemsOfCall(call, "func.func private @f(%x: tensor<4xf32>) -> (tensor<4xf32>, "
                                   "tensor<4xf32>) {\nreturn %x "
                                   ": tensor<4xf32>\n}"),
              "error 6:1 function '@f' has 2 results, but 1 values are returned\n");
    EXPECT_EQ(problemsOfCall(
                  call,
                  "func.func private @f(%x: tensor<4xf32>) -> tensor<4xf32> {\n%0 = call @f(%x) : "
                  "(tensor<4xf32>) -> tensor<4xf32>\nreturn %0 : tensor<4xf32>\n}"),
              "error 6:11 function '@f' calls itself, which cannot be expanded\n");
}

TEST(ImportErrors, CallsThatExpandWithoutEndAreStopped)
{
    // 2^60 operations if it were expanded.
    std::string text = "func.func @main(%a: tensor<f32>) -> tensor<f32> {\n%0 = call @f0(%a) : "
                       "(tensor<f32>) -> tensor<f32>\n"
                       "return %0 : tensor<f32>\n}\n";
    for (int level = 0; level < 60; ++level)
        text += fmt::format("func.func private @f{0}(%a: tensor<f32>) -> tensor<f32> {{\n%n = "
                            "stablehlo.negate %a : "
                            "tensor<f32>\n%0 = call @f{1}(%n) : (tensor<f32>) -> tensor<f32>\n%1 = "
                            "call @f{1}(%0) : "
                            "(tensor<f32>) -> tensor<f32>\nreturn %1 : tensor<f32>\n}}\n",
                            level, level + 1);
    text +=
        "func.func private @f60(%a: tensor<f32>) -> tensor<f32> {\nreturn %a : tensor<f32>\n}\n";
    const std::string problems = importedProblems(text);
    EXPECT_NE(problems.find("calls to expand"), std::string::npos) << problems;
}

TEST(ImportErrors, CallsOfEmptyFunctionsAreStoppedToo)
{
    std::string text =
        "func.func @main(%a: tensor<f32>) -> tensor<f32> {\n%0 = call @f0(%a) : (tensor<f32>) -> "
        "tensor<f32>\nreturn %0 : tensor<f32>\n}\n";
    for (int level = 0; level < 60; ++level)
        text += fmt::format(
            "func.func private @f{0}(%a: tensor<f32>) -> tensor<f32> {{\n%0 = call @f{1}(%a) : "
            "(tensor<f32>) -> tensor<f32>\n%1 = call @f{1}(%0) : (tensor<f32>) -> "
            "tensor<f32>\nreturn "
            "%1 : tensor<f32>\n}}\n",
            level, level + 1);
    text +=
        "func.func private @f60(%a: tensor<f32>) -> tensor<f32> {\nreturn %a : tensor<f32>\n}\n";
    const std::string problems = importedProblems(text);
    EXPECT_NE(problems.find("calls to expand"), std::string::npos) << problems;
}

TEST(ImportErrors, ManyUnclosedBracketsDoNotTakeQuadraticTime)
{
    std::string body;
    for (int line = 0; line < 20000; ++line)
        body += "%0 = stablehlo.constant dense<{ : tensor<f32>\n";
    const std::string problems = problemsOf(body);
    EXPECT_NE(problems.find("too many errors"), std::string::npos);
    EXPECT_LE(std::count(problems.begin(), problems.end(), '\n'), 102);
}

TEST(ImportErrors, ABrokenLocationBehindABraceIsPassed)
{
    EXPECT_EQ(importedProblems("module {\nfunc.func @main(%a: tensor<f32>) -> tensor<f32> "
                               "{\nreturn %a : tensor<f32>\n}\n} "
                               "loc(#)\n"),
              "error 5:8 expected a name after '#', found ')'\n");
}

TEST(ImportErrors, TruncatedFile)
{
    EXPECT_EQ(importedProblems("module @m {\n  func.func @main(%a: tensor<f32>) -> tensor<f32> {\n"
                               "    %0 = stablehlo.negate %a : tensor<f32>\n"),
              "error 4:1 the file ends inside function '@main': it may be truncated\n");
    EXPECT_EQ(importedProblems("module @m {\n  func.func @main(%a: tensor<f32>) -> tensor<f32> {\n"
                               "    return %a : tensor<f32>\n  }\n"),
              "error 5:1 the file ends inside the module, a '}' is missing: it may be truncated\n");
}

TEST(ImportErrors, NoMainFunction)
{
    EXPECT_EQ(importedProblems("module @m {\n}\n"),
              "error 0:0 the file has no function '@main' and no other public function\n");
}

TEST(ImportErrors, DeepNestingEndsInOneMessage)
{
    const std::string lists = problemsOf(
        "%0 = stablehlo.reverse %a, dims = " + std::string(10000, '[') + " : tensor<4x8xf32>");
    EXPECT_EQ(lists, "error 3:100 brackets nest deeper than 64 levels\n");
    std::string regions;
    for (int level = 0; level < 10000; ++level)
        regions += "\"x.y\"() ({\n";
    EXPECT_EQ(problemsOf(regions), "error 67:10 regions nest deeper than 64 levels\n");
    std::string locations = "#loc1 = loc(";
    for (int level = 0; level < 10000; ++level)
        locations += "\"a\"(";
    const std::string problems = importedProblems(locations);
    EXPECT_NE(problems.find("locations nest deeper than 64 levels"), std::string::npos) << problems;
}

TEST(ImportErrors, CircularLocationsAreHarmless)
{
    const ImportResult result = importStablehlo(
        "#loc1 = loc(#loc2)\n#loc2 = loc(#loc1)\nfunc.func @main(%a: tensor<f32>) -> "
        "tensor<f32> {\n%0 = stablehlo.negate %a : tensor<f32> loc(#loc1)\nreturn %0 "
        ": tensor<f32> loc(#loc9)\n}\n",
        "m");
    EXPECT_TRUE(result.ok());
}

TEST(ImportErrors, AtMostOneHundredAreListed)
{
    std::string body;
    for (int line = 0; line < 500; ++line)
        body += fmt::format("%{} = stablehlo.negate %x{} : tensor<4x8xf32>\n", line, line);
    const std::string problems = problemsOf(body);
    EXPECT_EQ(std::count(problems.begin(), problems.end(), '\n'), 101);
    EXPECT_NE(problems.find("400 further errors are not listed"), std::string::npos);
}

/// Any cut and any changed byte of a real file ends in a result, with a graph or with at least one
/// error.
TEST(ImportErrors, DamagedFilesNeverCrash)
{
    const auto text = readFile(std::string(ALPA_SOURCE_DIR) +
                               "/sample_models/gpt-tiny/gpt-tiny.loss.stablehlo.mlir.gz");
    ASSERT_TRUE(text.ok());
    forEachSeed(150, [&](Rng& rng, int size) {
        std::string damaged = *text;
        if (rng.chance(0.3))
            damaged.resize(static_cast<size_t>(rng.below(static_cast<int>(damaged.size()))));
        constexpr std::string_view kBytes = "%#@<>()[]{}\":=,x0 \n\0\xff";
        for (int change = 0; change < size && !damaged.empty(); ++change) {
            const auto at = static_cast<size_t>(rng.below(static_cast<int>(damaged.size())));
            damaged[at] = kBytes[static_cast<size_t>(rng.below(static_cast<int>(kBytes.size())))];
        }
        const ImportResult result = importStablehlo(damaged, "damaged");
        const bool hasError =
            std::any_of(result.diagnostics.begin(), result.diagnostics.end(),
                        [](const Diagnostic& d) { return d.severity == Severity::kError; });
        EXPECT_NE(result.ok(), hasError);
    });
}

TEST(ImportErrors, RegionsThatAreNeverClosedAreNotReadAgainAndAgain)
{
    // Found by fuzzing: every level of these doubled the time.
    for (const std::string_view inner : {"%x = ", "stablehlo.return : tensor<\n}\n"}) {
        std::string text = "func.func @main() {\n";
        for (int level = 0; level < 60; ++level)
            text += "%a = \"stablehlo.sort\"() ({\n^bb0(%b: tensor<f32>):\n%c = stablehlo.\n";
        text += inner;
        const std::clock_t begin = std::clock();
        EXPECT_FALSE(importStablehlo(text, "test").ok());
        EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 1.0);
    }
}

TEST(ImportErrors, TenThousandLevelsEndInAMessage)
{
    const auto repeated = [](std::string_view part, int times) {
        std::string text;
        for (int i = 0; i < times; ++i)
            text += part;
        return text;
    };
    const std::string head = "func.func @main(%a: tensor<f32>) -> tensor<f32> {\n";
    for (const std::string& text :
         {head + repeated("%a = \"stablehlo.while\"() ({\n", 10'000),
          head + "%0 = stablehlo.constant dense<" + repeated("[", 10'000),
          head + "%0 = stablehlo.add %a, %a {x = " + repeated("{y = ", 10'000),
          head + "%0 = stablehlo.add %a, %a : " + repeated("tuple<", 10'000),
          head + "return %a : tensor<f32> loc(" + repeated("callsite(", 10'000),
          repeated("module {\n", 10'000), repeated("func.func @f() {\n", 10'000),
          "HloModule m\nENTRY e {\n a = " + repeated("(", 10'000)}) {
        const ImportResult result =
            text.starts_with("Hlo") ? importHlo(text, "test") : importStablehlo(text, "test");
        EXPECT_FALSE(result.ok());
        EXPECT_FALSE(result.diagnostics.empty());
    }
}

} // namespace
} // namespace alpa
