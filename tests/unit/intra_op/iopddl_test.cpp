// Reading the contest's JSON, and solving its public instances.
#include "core/base/files.h"
#include "core/intra_op/ilp_solver.h"
#include "core/intra_op/iopddl.h"

#include <gtest/gtest.h>

#include <string>

namespace alpa
{
namespace
{

// The example of the header.
constexpr const char* kTwo =
    R"({"problem": {"name": "two", "nodes": {"intervals": [[0, 2], [1, 3]], "costs": [[1, 4], [3, 2]],
"usages": [[60, 10], [60, 10]]}, "edges": {"nodes": [[0, 1]], "costs": [[0, 10, 10, 0]]}, "usage_limit": 119}})";

TEST(Iopddl, ReadsTheExampleOfTheHeader)
{
    const Result<IopddlInstance> two = readIopddl(kTwo);
    ASSERT_TRUE(two.ok());
    IlpProblem expected;
    expected.nodes = {{{1, 4}, {{0, 2, {60, 10}}}}, {{3, 2}, {{1, 3, {60, 10}}}}};
    expected.matrices = {{2, 2, {0, 10, 10, 0}}};
    expected.edges = {{0, 1, 0}};
    expected.usageLimit = 119;
    EXPECT_EQ(two->name, "two");
    EXPECT_EQ(two->problem, expected);
}

TEST(Iopddl, SharesEqualMatricesAndSkipsWhatItDoesNotKnow)
{
    const Result<IopddlInstance> read = readIopddl(
        R"({"comment": {"a": [1, "]}"]}, "problem": {"edges": {"costs": [[0, 1000000000000000000, 7.5, -1], [0, 1e18, 7.5, -1]],
        "nodes": [[0, 1], [1, 0]], "colour": null}, "nodes": {"usages": [[0, 0], [0, 0]], "costs": [[1, 2], [3, 4]],
        "intervals": [[0, 0], [0, 0]]}}})");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->problem.matrices.size(), 1u);
    EXPECT_EQ(read->problem.matrices[0].entries, (std::vector<double>{0, kForbidden, 7.5, -1}));
    EXPECT_FALSE(read->problem.usageLimit.has_value());
    EXPECT_TRUE(read->problem.nodes[0].usages.empty());
}

std::string replaced(const std::string& from, const std::string& to)
{
    std::string text = kTwo;
    text.replace(text.find(from), from.size(), to);
    return text;
}

struct BadFile {
    std::string text;
    std::string message;
};

class IopddlErrors : public testing::TestWithParam<BadFile>
{
};

TEST_P(IopddlErrors, NameThePlace)
{
    const Result<IopddlInstance> read = readIopddl(GetParam().text);
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, IopddlErrors,
    testing::Values(
        BadFile{"", "line 1, column 1: expected '{', got the end of the text"},
        BadFile{"{}", "no member 'problem'"},
        BadFile{replaced("119}}", "119}"),
                "line 2, column 110: expected '}', got the end of the text"},
        BadFile{replaced("119}}", "119}}x"),
                "line 2, column 111: text after the end of the problem"},
        BadFile{replaced("[60, 10], [", "[60, 10] ["), "line 2, column 21: expected ']', got '['"},
        BadFile{replaced("60", "-60"),
                "line 2, column 16: usage must be a whole number of 0 to 100000000000000"},
        BadFile{replaced("[0, 2]", "[2, 0]"), "line 1, column 59: interval ends before it begins"},
        BadFile{replaced("[0, 1]", "[0, 2]"), "edge 0: joins nodes 0 and 2 of 2"},
        BadFile{replaced("[0, 1]", "[0, 1, 2]"),
                "line 2, column 63: expected two of: node index, got 3"},
        BadFile{replaced("0, 10, 10, 0", "0, 10, 10"), "edge 0: 3 costs, expected 2 x 2"},
        BadFile{replaced("[1, 4]", "[1, oops]"), "line 1, column 84: expected a number, got 'o'"},
        BadFile{replaced("[1, 4]", "[]"), "line 1, column 82: node without strategies"},
        BadFile{replaced("[60, 10]", "[60]"), "node 0: 2 costs but 1 usages"}));

TEST(Iopddl, SurvivesTruncationEverywhere)
{
    const std::string text = kTwo;
    for (size_t length = 0; length < text.size(); ++length)
        EXPECT_FALSE(readIopddl(text.substr(0, length)).ok()) << length;
}

Result<IopddlInstance> readBenchFile(const std::string& name)
{
    ASSIGN_OR_RETURN(const std::string text,
                     readFile(std::string(ALPA_SOURCE_DIR "/tests/bench/data/") + name));
    return readIopddl(text);
}

// The optimum that the contest's best teams reached and later proofs confirm.
TEST(Iopddl, InstanceGCosts217039)
{
    const Result<IopddlInstance> instance = readBenchFile("G.json.gz");
    ASSERT_TRUE(instance.ok()) << instance.error().message;
    EXPECT_EQ(instance->problem.nodes.size(), 816u);
    const IlpOutcome outcome = solveIlp(instance->problem);
    ASSERT_TRUE(std::holds_alternative<IlpSolution>(outcome));
    const IlpSolution& solution = std::get<IlpSolution>(outcome);
    EXPECT_EQ(solution.cost, 217039);
    EXPECT_TRUE(solution.isOptimal);
    EXPECT_TRUE(evaluate(instance->problem, solution.choice).isFeasible);
}

TEST(Iopddl, ExampleCosts445)
{
    const Result<IopddlInstance> example = readBenchFile("example.json");
    ASSERT_TRUE(example.ok()) << example.error().message;
    const IlpOutcome outcome = solveIlp(example->problem);
    ASSERT_TRUE(std::holds_alternative<IlpSolution>(outcome));
    EXPECT_EQ(std::get<IlpSolution>(outcome).cost, 445);
    EXPECT_TRUE(std::get<IlpSolution>(outcome).isOptimal);
}

} // namespace
} // namespace alpa
