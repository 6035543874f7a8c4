// Reading our own Markdown: tables and command blocks that tests hold to the truth.
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace alpa
{

/// The cells of every table row, without surrounding spaces; separator rows are left out.
inline std::vector<std::vector<std::string>> tableRows(const std::string& markdown)
{
    std::vector<std::vector<std::string>> rows;
    std::istringstream lines(markdown);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("| "))
            continue;
        std::vector<std::string> cells;
        std::istringstream stream(line.substr(1));
        for (std::string cell; std::getline(stream, cell, '|');) {
            const size_t first = cell.find_first_not_of(' ');
            cells.push_back(first == std::string::npos
                                ? ""
                                : cell.substr(first, cell.find_last_not_of(' ') + 1 - first));
        }
        rows.push_back(cells);
    }
    return rows;
}

/// A command of a fenced block whose info string is "sh tested" (or "sh tested exit 2"), and the
/// lines that a following block of info string "text" says it prints.
struct DocumentedCommand {
    std::string command; ///< Continuation lines joined.
    int status = 0;      ///< Expected exit code.
    std::vector<std::string> output;
    bool isMeasured = false; ///< The block is "text measured": its numbers differ from run to run.
};

/// "```sh tested" blocks hold one command a line, or one over several lines that end in a
/// backslash. A directly following "```text" block belongs to the last command.
inline std::vector<DocumentedCommand> testedCommands(const std::string& markdown)
{
    std::vector<DocumentedCommand> commands;
    std::istringstream lines(markdown);
    std::string block;            // info string of the open block
    bool followsCommands = false; // nothing but blank lines since a tested block
    bool continues = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```")) {
            const bool opens = block.empty();
            if (!opens)
                followsCommands = block.starts_with("sh tested");
            block = opens ? (line.size() > 3 ? line.substr(3) : "plain") : "";
            continue;
        }
        if (block.starts_with("sh tested")) {
            if (line.empty() || line.starts_with('#'))
                continue;
            const bool goesOn = line.ends_with('\\');
            if (goesOn)
                line.pop_back();
            if (continues)
                commands.back().command += line;
            else
                commands.push_back({line, block.ends_with(" exit 2") ? 2 : 0, {}});
            continues = goesOn;
        } else if (block.starts_with("text") && followsCommands) {
            commands.back().output.push_back(line);
            commands.back().isMeasured = block == "text measured";
        } else if (!line.empty()) {
            followsCommands = false;
        }
    }
    return commands;
}

} // namespace alpa
