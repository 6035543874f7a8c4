// Golden files: what the program says, word for word. One file is
//
//   # <what the case is about>
//   # setup: plan {samples}/gpt-tiny/... -o {tmp}/plan.json      runs silently, must succeed
//   # run: show {tmp}/plan.json stages                           one or more
//   <input text, which is the file {input}>
//   --- expect
//   <output of all runs, standard error included>
//
// A file is named fail_* if and only if its last run must end in an error. UPDATE_GOLDEN=1 rewrites
// what is expected.
#include "tests/support/run_shell.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace alpa
{
namespace
{

namespace fs = std::filesystem;

const fs::path kCases = fs::path(ALPA_SOURCE_DIR) / "tests" / "golden" / "cases";
constexpr const char* kSeparator = "--- expect\n";

std::string readWhole(const fs::path& path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string replaceAll(std::string text, const std::string& from, const std::string& to)
{
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

struct Case {
    std::vector<std::string> setups, runs;
    std::string head;  ///< Everything before the expectation.
    std::string input; ///< The lines that are no comments.
    std::string expected;
};

Case readCase(const fs::path& path)
{
    const std::string text = readWhole(path);
    Case test;
    const size_t separator = text.find(kSeparator);
    test.head = text.substr(0, separator);
    if (separator != std::string::npos)
        test.expected = text.substr(separator + std::string(kSeparator).size());
    std::istringstream lines(test.head);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# setup: "))
            test.setups.push_back(line.substr(9));
        else if (line.starts_with("# run: "))
            test.runs.push_back(line.substr(7));
        else if (!line.starts_with("#"))
            test.input += line + "\n";
    }
    return test;
}

FinishedCommand runProgram(const std::string& arguments)
{
    return runShell(std::string(ALPA_PROGRAM) + " " + arguments);
}

class Golden : public testing::TestWithParam<std::string>
{
};

TEST_P(Golden, SaysWhatIsExpected)
{
    const fs::path path = kCases / GetParam();
    const Case test = readCase(path);
    ASSERT_FALSE(test.runs.empty()) << "no '# run:' line";
    const fs::path folder = fs::temp_directory_path() / ("alpa_golden_" + path.stem().string());
    fs::remove_all(folder);
    fs::create_directories(folder);
    std::ofstream(folder / "input", std::ios::binary) << test.input;
    const auto filled = [&](std::string arguments) {
        arguments = replaceAll(arguments, "{input}", (folder / "input").string());
        arguments = replaceAll(arguments, "{tmp}", folder.string());
        return replaceAll(arguments, "{samples}", std::string(ALPA_SOURCE_DIR) + "/sample_models");
    };
    for (const std::string& setup : test.setups) {
        const FinishedCommand finished = runProgram(filled(setup));
        ASSERT_EQ(finished.exitCode, 0) << finished.output;
    }
    std::string said;
    int exitCode = 0;
    for (const std::string& run : test.runs) {
        const FinishedCommand finished = runProgram(filled(run));
        said += replaceAll(finished.output, folder.string(), "{tmp}");
        exitCode = finished.exitCode;
        if (exitCode != 0)
            said += "exit code " + std::to_string(exitCode) + "\n";
    }
    said = replaceAll(said, std::string(ALPA_SOURCE_DIR) + "/sample_models", "{samples}");
    fs::remove_all(folder);
    EXPECT_EQ(exitCode != 0, path.filename().string().starts_with("fail_"));
    if (std::getenv("UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path, std::ios::binary) << test.head << kSeparator << said;
        return;
    }
    EXPECT_EQ(said, test.expected);
}

std::vector<std::string> caseNames()
{
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(kCases))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(caseNames()), [](const auto& test) {
    return replaceAll(replaceAll(test.param, ".", "_"), "-", "_");
});

} // namespace
} // namespace alpa
