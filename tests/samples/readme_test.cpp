// Runs the commands of the README's quick start, in order, and compares what they print with what
// the README shows. UPDATE_GOLDEN=1 rewrites the README.
#include "core/base/files.h"
#include "tests/samples/document.h"
#include "tests/support/run_shell.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <regex>
#include <sstream>

namespace alpa
{
namespace
{

/// Numbers, with the unit of a time, as "#"; runs of spaces as one; "microbatches" as one
/// microbatch.
std::string withoutNumbers(const std::string& line)
{
    std::string text = std::regex_replace(line, std::regex("[0-9][0-9.,]*( (us|ms|s)\\b)?"), "#");
    text = std::regex_replace(text, std::regex("microbatches"), "microbatch");
    return std::regex_replace(text, std::regex(" +"), " ");
}

std::vector<std::string> linesOf(const std::string& text)
{
    std::vector<std::string> lines;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);)
        lines.push_back(line);
    return lines;
}

/// Replaces the lines that the README shows for a command by what it printed.
void rewriteReadme(const DocumentedCommand& documented, const std::vector<std::string>& printed)
{
    const auto join = [](const std::vector<std::string>& lines) {
        std::string text = "\n";
        for (const std::string& line : lines)
            text += line + "\n";
        return text + "```";
    };
    const std::string path = std::string(ALPA_SOURCE_DIR) + "/README.md";
    std::string text = *readFile(path);
    const std::string shown = join(documented.output);
    const size_t place = text.find(shown);
    if (documented.output.empty() || place == std::string::npos)
        return;
    EXPECT_TRUE(writeFileAtomically(path, text.replace(place, shown.size(), join(printed))).ok());
}

/// An empty folder that looks like the root of the project to a command.
std::filesystem::path makeWorkFolder()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "alpa-readme-XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(pattern.data());
    for (const char* name : {"sample_models", "resources"})
        std::filesystem::create_directory_symlink(std::filesystem::path(ALPA_SOURCE_DIR) / name,
                                                  folder / name);
    std::filesystem::create_directories(folder / "build/release");
    std::filesystem::create_directory_symlink(ALPA_PROGRAM_DIR, folder / "build/release/bin");
    return folder;
}

} // namespace

TEST(Readme, QuickStartDoesWhatItSays)
{
    const std::vector<DocumentedCommand> commands =
        testedCommands(*readFile(std::string(ALPA_SOURCE_DIR) + "/README.md"));
    ASSERT_GE(commands.size(), 4u);
    const std::filesystem::path folder = makeWorkFolder();
    for (const DocumentedCommand& documented : commands) {
        const FinishedCommand finished =
            runShell("cd '" + folder.string() + "' && " + documented.command);
        const std::vector<std::string> printed = linesOf(finished.output);
        EXPECT_EQ(finished.exitCode, documented.status) << documented.command << "\n"
                                                        << finished.output;
        if (std::getenv("UPDATE_GOLDEN") != nullptr) {
            rewriteReadme(documented, printed);
            continue;
        }
        // The README may leave lines out but shows the rest in order.
        auto next = printed.begin();
        for (const std::string& line : documented.output) {
            const auto place = std::find_if(next, printed.end(), [&](const std::string& actual) {
                return actual == line ||
                       (documented.isMeasured && withoutNumbers(actual) == withoutNumbers(line));
            });
            EXPECT_NE(place, printed.end())
                << documented.command << "\ndoes not print: " << line << "\nbut\n"
                << finished.output;
            next = place == printed.end() ? next : place + 1;
        }
    }
    std::filesystem::remove_all(folder);
}

TEST(Install, CommandLineRunsFromThePrefix)
{
    std::string pattern = (std::filesystem::temp_directory_path() / "alpa-install-XXXXXX").string();
    const std::filesystem::path prefix = mkdtemp(pattern.data());
    const std::string quoted = "'" + prefix.string() + "'";
    const FinishedCommand installed =
        runShell("cmake --install '" ALPA_BINARY_DIR "' --prefix " + quoted);
    if (installed.exitCode != 0)
        GTEST_SKIP() << "not everything is built: " << installed.output;
    const FinishedCommand imported =
        runShell("cd / && " + quoted + "/bin/alpa import " + quoted +
                 "/share/alpa-explorer/sample_models/mlp-seed/mlp-seed.loss.stablehlo.mlir.gz");
    EXPECT_EQ(imported.exitCode, 0);
    EXPECT_TRUE(imported.output.starts_with("model mlp-seed\n")) << imported.output;
    std::filesystem::remove_all(prefix);
}

TEST(Readme, ComparesMeasuredLinesWithoutNumbers)
{
    EXPECT_EQ(withoutNumbers("     3   5.529731   1.2 ms    3,300"),
              withoutNumbers(" 10 4.1 900 us 1"));
    EXPECT_NE(withoutNumbers("median step 1 s"), withoutNumbers("median 1 s"));
}

TEST(Readme, FindsTestedCommands)
{
    const auto commands =
        testedCommands("a\n```sh\nno\n```\n```sh tested\nx \\\n  y\nz\n```\n\n```text\nout\n```\n"
                       "more\n```text\nfree\n```\n```sh tested exit 2\nw\n```\n");
    ASSERT_EQ(commands.size(), 3u);
    EXPECT_EQ(commands[0].command, "x   y");
    EXPECT_EQ(commands[1].command, "z");
    EXPECT_EQ(commands[1].output, std::vector<std::string>{"out"});
    EXPECT_EQ(commands[1].status, 0);
    EXPECT_EQ(commands[2].status, 2);
}

} // namespace alpa
