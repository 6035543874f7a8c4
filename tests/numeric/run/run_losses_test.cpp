// Every plan computes the same function: five training steps of the tiny models, planned, saved,
// loaded and run by the program as a user would, give the losses that JAX gave.
#include "tests/support/run_shell.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace alpa
{
namespace
{

/// Relative; STYLE's tolerance for losses of float32 models, and of bfloat16 ones.
constexpr double kTolerance32 = 1e-4;
constexpr double kTolerance16 = 2e-2;
constexpr int kNoPlan = 2; ///< The program's exit code.

FinishedCommand runAlpa(const std::string& arguments)
{
    return runShell(std::string(ALPA_PROGRAM) + " " + arguments);
}

std::vector<double> lossesOf(const std::string& text)
{
    std::vector<double> losses;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto event = nlohmann::json::parse(line, nullptr, false);
        if (event.is_object() && event.value("event", "") == "step")
            losses.push_back(event["loss"].get<double>());
    }
    return losses;
}

struct Setting {
    std::string model;
    std::string optimizer; ///< "adam" or "sgd".
    int devices = 1;
    std::string options; ///< Of `alpa plan`.
    bool mayLackPlan = false;
};

/// Plans and runs; the losses must be the listed ones.
void checkLosses(const Setting& setting)
{
    SCOPED_TRACE(setting.model + " " + setting.optimizer +
                 " cpu:" + std::to_string(setting.devices) + " " + setting.options);
    const bool isAdam = setting.optimizer == "adam";
    const std::string stem =
        std::string(ALPA_SOURCE_DIR) + "/sample_models/" + setting.model + "/" + setting.model;
    const auto plan = std::filesystem::temp_directory_path() /
                      ("alpa_run_losses_" + std::to_string(getpid()) + ".json");
    const std::string devices = std::to_string(setting.devices);
    const FinishedCommand planned =
        runAlpa("plan " + stem + ".loss.stablehlo.mlir.gz -c cpu-x" + devices + " --optimizer " +
                setting.optimizer + " " + setting.options + " -o " + plan.string());
    if (setting.mayLackPlan && planned.exitCode == kNoPlan)
        return;
    ASSERT_EQ(planned.exitCode, 0) << planned.output;
    const FinishedCommand ran =
        runAlpa("run " + plan.string() + " -d cpu:" + devices + " -n 5 -i " + stem +
                ".reference.safetensors --json --learning-rate " + (isAdam ? "1e-3" : "0.1"));
    std::filesystem::remove(plan);
    ASSERT_EQ(ran.exitCode, 0) << ran.output;
    std::ifstream file(stem + ".json");
    const auto expected =
        nlohmann::json::parse(file)[isAdam ? "adam_1e-3_losses" : "sgd_1e-1_losses"]
            .get<std::vector<double>>();
    const std::vector<double> losses = lossesOf(ran.output);
    ASSERT_EQ(losses.size(), 5u) << ran.output;
    const double tolerance = setting.model.ends_with("bf16") ? kTolerance16 : kTolerance32;
    for (size_t step = 0; step < 5; ++step)
        EXPECT_NEAR(losses[step], expected[step], tolerance * std::abs(expected[step]))
            << "step " << step;
}

class RunLosses : public testing::TestWithParam<std::string>
{
};

TEST_P(RunLosses, AreThoseOfJaxUnderEveryStrategy)
{
    for (const int devices : {1, 2, 4}) {
        for (const std::string strategy :
             {"auto", "dp", "zero2", "zero3", "megatron", "pipeline"}) {
            for (const std::string optimizer : {"adam", "sgd"})
                checkLosses({.model = GetParam(),
                             .optimizer = optimizer,
                             .devices = devices,
                             .options = "-s " + strategy});
        }
    }
}

TEST_P(RunLosses, AreThoseOfJaxWithMicrobatchesAndRecomputation)
{
    for (const std::string options :
         {"--pp 2 -m 4", "--pp 2 -m 4 --schedule gpipe", "--pp 2 --tp 2 -m 4", "--pp 2 --dp 2 -m 2",
          "--dp 2 --tp 2", "--pp 2 -m 2 --recomputation always", "-m 2 --recomputation always"}) {
        for (const int devices : {2, 4, 8})
            checkLosses({.model = GetParam(),
                         .optimizer = "adam",
                         .devices = devices,
                         .options = options,
                         .mayLackPlan = true});
    }
}

INSTANTIATE_TEST_SUITE_P(Models, RunLosses,
                         testing::Values("mlp-tiny", "gpt-tiny", "llama-tiny", "gpt-tiny-bf16"),
                         [](const auto& test) {
                             std::string name = test.param;
                             for (char& letter : name)
                                 letter = letter == '-' ? '_' : letter;
                             return name;
                         });

} // namespace
} // namespace alpa
