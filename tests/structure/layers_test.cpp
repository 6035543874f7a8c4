// Holds every include of the project to tests/structure/layers.txt.
#include "core/base/text.h"
#include "tests/structure/project_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

namespace alpa
{
namespace
{

using Names = std::vector<std::string>;

struct Layers {
    std::map<std::string, Names> order, see, forbid; ///< By the word after the keyword.
};

Layers parseLayers(const std::string& text)
{
    Layers layers;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string keyword, subject;
        if (!(words >> keyword >> subject) || keyword.starts_with('#'))
            continue;
        auto& table = keyword == "order" ? layers.order
                      : keyword == "see" ? layers.see
                                         : layers.forbid;
        for (std::string word; words >> word;)
            table[subject].push_back(word);
    }
    return layers;
}

/// The names stated for the longest path that `file` lies in.
const Names* statedFor(const std::map<std::string, Names>& table, const std::string& file)
{
    const Names* stated = nullptr;
    for (const auto& [path, names] : table) { // a longer path sorts after its prefixes
        if (file.starts_with(path + "/"))
            stated = &names;
    }
    return stated;
}

bool beginsWithAny(const std::string& text, const Names& prefixes)
{
    return std::ranges::any_of(prefixes, [&](const std::string& p) { return text.starts_with(p); });
}

/// What is wrong with `file` including `target`; empty if nothing is.
std::string fault(const Layers& layers, const std::string& file, const std::string& target,
                  bool isSystem)
{
    if (isSystem) {
        const Names* forbidden = statedFor(layers.forbid, file);
        return forbidden && beginsWithAny(target, *forbidden) ? "which its layer must not know"
                                                              : "";
    }
    const Names from = splitText(file, '/');
    const Names to = splitText(target, '/');
    if (!layers.order.contains(from[0]))
        return "";
    if (!layers.order.contains(to[0]) || to.size() < 3)
        return "which is not rooted at the repository or lies in no layer";
    const Names* seen = statedFor(layers.see, file);
    if (seen && !beginsWithAny(target, *seen))
        return "which it must not see";
    const Names& order = layers.order.at(from[0]);
    const auto own = std::ranges::find(order, from[1]);
    if (own == order.end())
        return "but layers.txt does not list " + from[0] + "/" + from[1];
    if (from[0] == to[0] && std::find(order.begin(), own + 1, to[1]) == own + 1)
        return "which lies to its right";
    return "";
}

Names violations(const Layers& layers, const std::string& file, const std::string& text)
{
    Names found;
    std::istringstream lines(text);
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (!line.starts_with("#include ") || line.size() < 12)
            continue;
        const bool isSystem = line[9] == '<';
        const std::string target = line.substr(10, line.find(isSystem ? '>' : '"', 10) - 10);
        if (const std::string why = fault(layers, file, target, isSystem); !why.empty())
            found.push_back(file + ":" + std::to_string(number) + " includes " + target + ", " +
                            why);
    }
    return found;
}

Layers projectLayers() { return parseLayers(readText("tests/structure/layers.txt")); }

} // namespace

TEST(Layers, EveryIncludePointsLeft)
{
    const Layers layers = projectLayers();
    ASSERT_EQ(layers.order.size(), 3u);
    int sources = 0;
    for (const std::string& file : projectFiles()) {
        const bool isSource =
            file.ends_with(".h") || file.ends_with(".cpp") || file.ends_with(".cu");
        if (!isSource || !layers.order.contains(splitText(file, '/')[0]))
            continue;
        ++sources;
        for (const std::string& violation : violations(layers, file, readText(file)))
            ADD_FAILURE() << violation;
    }
    EXPECT_GT(sources, 200) << "the walk over the project finds too little";
}

TEST(Layers, NamesTheOffendingLine)
{
    const Layers layers = projectLayers();
    const auto faultsOf = [&](const char* file, const char* include) {
        return violations(layers, file, std::string("// Why.\n#include ") + include + "\n");
    };
    EXPECT_EQ(
        faultsOf("core/graph/graph.h", "\"core/sharding/ilp_problem.h\""),
        Names{
            "core/graph/graph.h:2 includes core/sharding/ilp_problem.h, which lies to its right"});
    EXPECT_EQ(
        faultsOf("runtime/cpu/gemm.cpp", "\"core/plan/parallel_plan.h\""),
        Names{"runtime/cpu/gemm.cpp:2 includes core/plan/parallel_plan.h, which it must not see"});
    EXPECT_EQ(
        faultsOf("runtime/reference/x.h", "\"core/program/program.h\""),
        Names{"runtime/reference/x.h:2 includes core/program/program.h, which it must not see"});
    EXPECT_EQ(faultsOf("core/plan/x.cpp", "<QString>"),
              Names{"core/plan/x.cpp:2 includes QString, which its layer must not know"});
    EXPECT_EQ(faultsOf("core/newfolder/x.cpp", "\"core/base/text.h\""),
              Names{"core/newfolder/x.cpp:2 includes core/base/text.h, but layers.txt does not "
                    "list core/newfolder"});
    EXPECT_EQ(faultsOf("core/plan/x.cpp", "\"text.h\"").size(), 1u);
    EXPECT_EQ(faultsOf("core/sharding/x.h", "\"core/sharding/y.h\""), Names{});
    EXPECT_EQ(faultsOf("app/cli/main.cpp", "\"runtime/executor/run_program.h\""), Names{});
    EXPECT_EQ(faultsOf("app/cli/main.cpp", "\"app/session/session.h\"").size(), 1u);
}

} // namespace alpa
