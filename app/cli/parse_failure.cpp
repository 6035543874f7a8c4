#include "app/cli/parse_failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

namespace alpa::cli
{
namespace
{

/// Insertions, deletions and substitutions from one word to the other (Levenshtein).
size_t editDistance(std::string_view from, std::string_view to)
{
    std::vector<size_t> row(to.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < from.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < to.size(); ++j) {
            const size_t substituted = diagonal + (from[i] == to[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[to.size()];
}

/// " (did you mean NAME?)" for the name nearest to `word`, if most of the word stays; else nothing.
std::string suggestion(std::string_view word, const std::vector<std::string>& names)
{
    size_t least = std::min(std::max<size_t>(2, word.size() / 3), word.size() / 2) + 1;
    std::string nearest;
    for (const std::string& name : names) {
        const size_t distance = editDistance(word, name);
        if (distance >= least)
            continue;
        least = distance;
        nearest = name;
    }
    return nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest);
}

std::vector<std::string> optionNames(const CLI::App& command)
{
    std::vector<std::string> names;
    for (const CLI::Option* option : command.get_options()) {
        for (const std::string& name : option->get_lnames())
            names.push_back("--" + name);
    }
    return names;
}

std::vector<std::string> commandNames(const CLI::App& app)
{
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({}))
        names.push_back(command->get_name());
    return names;
}

/// The first word that nothing takes.
std::optional<std::string> firstUnknown(const CLI::App& command)
{
    const std::vector<std::string> words = command.remaining();
    const auto option =
        std::ranges::find_if(words, [](const std::string& word) { return word.starts_with('-'); });
    if (option != words.end())
        return *option;
    return words.empty() ? std::nullopt : std::optional(words.front());
}

} // namespace

std::string parseFailure(const CLI::App& app, const CLI::Error& error)
{
    const std::vector<CLI::App*> parsed = app.get_subcommands();
    const CLI::App& command = parsed.empty() ? app : *parsed.front();
    const std::string name = parsed.empty() ? "alpa" : "alpa " + command.get_name();
    std::string what = error.what();
    if (const std::optional<std::string> word = firstUnknown(command)) {
        if (word->starts_with('-'))
            what = fmt::format("{} has no option '{}'{}", name, *word,
                               suggestion(*word, optionNames(command)));
        else if (parsed.empty())
            what = fmt::format("alpa has no command '{}'{}", *word,
                               suggestion(*word, commandNames(app)));
        else
            what = fmt::format("{} takes no argument '{}' here", name, *word);
    }
    return fmt::format("alpa: {}; see {} --help\n", what, name);
}

} // namespace alpa::cli
