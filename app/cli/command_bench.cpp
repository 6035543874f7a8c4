// alpa bench iopddl FILE: solves an instance of the public benchmark on intra-operator parallelism
// and proves how good the answer is.
#include "app/cli/commands.h"
#include "core/base/files.h"
#include "core/intra_op/ilp_solver.h"
#include "core/intra_op/iopddl.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <unistd.h>
#include <variant>

namespace alpa::cli
{
namespace
{

struct BenchArguments {
    std::string file;
    double seconds = 0; ///< 0: as long as the work lasts.
    double work = 0;    ///< 0: what the solver does by itself, or enough for the seconds.
    int threads = 2;
    bool printsSolution = false;
};

/// A search of this much work ends by the clock first.
constexpr int64_t kEndlessWork = int64_t{1} << 60;

double secondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double percentGap(double cost, double bound)
{
    return cost > bound ? 100 * (cost - bound) / std::max(std::abs(cost), 1e-300) : 0;
}

/// Shows how far the search is, at most a few times a second, if somebody looks.
std::function<void(double, double)> boundPrinter(std::chrono::steady_clock::time_point start)
{
    if (!isatty(STDERR_FILENO))
        return nullptr;
    const auto last = std::make_shared<double>(-1);
    return [start, last](double cost, double bound) {
        constexpr double kInterval = 0.25;
        const double now = secondsSince(start);
        if (now < *last + kInterval || cost == kForbidden)
            return;
        *last = now;
        fmt::print(stderr, "\r{:7.1f} s  cost {:.0f}  bound {:.0f}  gap {:.4f} %   ", now, cost,
                   bound, percentGap(cost, bound));
        std::fflush(stderr);
    };
}

std::string contestLine(const std::vector<int>& choice)
{
    return fmt::format("[{}]", fmt::join(choice, ", "));
}

Json statisticsJson(const IlpStatistics& s)
{
    return {{"nodes", s.nodes},
            {"strategies", s.strategies},
            {"edges", s.edges},
            {"reducedNodes", s.reducedNodes},
            {"reducedStrategies", s.reducedStrategies},
            {"reducedEdges", s.reducedEdges},
            {"passes", s.trwsIterations},
            {"branches", s.branchNodes},
            {"closedBy", s.method}};
}

void printSolution(const Console& console, const BenchArguments& arguments,
                   const IopddlInstance& instance, const IlpSolution& solution, double seconds)
{
    const IlpStatistics& s = solution.statistics;
    if (console.json) {
        Json json{{"name", instance.name}, {"status", solution.isOptimal ? "optimal" : "feasible"},
                  {"cost", solution.cost}, {"lowerBound", solution.lowerBound},
                  {"gap", solution.gap()}, {"peakUsage", solution.peakUsage},
                  {"seconds", seconds},    {"statistics", statisticsJson(s)}};
        if (instance.problem.usageLimit)
            json["usageLimit"] = *instance.problem.usageLimit;
        if (arguments.printsSolution)
            json["solution"] = solution.choice;
        printJson(json);
        return;
    }
    std::string text = fmt::format(
        "instance   {}: {} nodes, {} strategies, {} edges\n"
        "reduced    {} nodes, {} strategies, {} edges\n"
        "status     {}\n"
        "cost       {:.0f}, checked by evaluation\n"
        "bound      {:.0f}\n"
        "gap        {:.4f} %\n",
        instance.name, s.nodes, s.strategies, s.edges, s.reducedNodes, s.reducedStrategies,
        s.reducedEdges,
        solution.isOptimal ? fmt::format("optimal, closed by {}", s.method) : "feasible",
        solution.cost, solution.lowerBound, 100 * solution.gap());
    if (instance.problem.usageLimit)
        text += fmt::format("memory     {} of {} bytes, scarce at {} times\n", solution.peakUsage,
                            *instance.problem.usageLimit, solution.activeLimits.size());
    text += fmt::format("time       {:.2f} s\n", seconds);
    if (arguments.printsSolution)
        text += contestLine(solution.choice) + "\n"; // last, as the contest wants it
    print(text);
}

ExitCode failInfeasible(const Console& console, const IlpInfeasible& infeasible)
{
    std::string message = infeasible.reason;
    if (infeasible.smallestUsageLimit)
        message += fmt::format("; no limit below {} bytes can do", *infeasible.smallestUsageLimit);
    if (infeasible.sufficientUsageLimit)
        message += fmt::format("; {} bytes suffice", *infeasible.sufficientUsageLimit);
    if (console.json)
        printJson({{"status", "infeasible"}, {"reason", message}});
    else
        printMessage(message);
    return ExitCode::kNoPlan;
}

ExitCode runIopddl(const Console& console, const BenchArguments& arguments)
{
    const Result<std::string> text = readFile(arguments.file);
    if (!text.ok())
        return console.fail(text.error());
    const Result<IopddlInstance> instance = readIopddl(*text);
    if (!instance.ok())
        return console.fail(instance.error().in(arguments.file));
    IlpOptions options;
    options.control.stop = console.stop;
    options.keepsBestWhenCancelled = true;
    options.threads = arguments.threads;
    if (arguments.seconds > 0) {
        options.timeLimit = Seconds(arguments.seconds);
        options.workLimit = kEndlessWork;
    }
    if (arguments.work > 0)
        options.workLimit = static_cast<int64_t>(arguments.work);
    const auto start = std::chrono::steady_clock::now();
    options.onBound = boundPrinter(start);
    const IlpOutcome outcome = solveIlp(instance->problem, options);
    const double seconds = secondsSince(start);
    if (options.onBound)
        fmt::print(stderr, "\r\033[K");
    if (const auto* infeasible = std::get_if<IlpInfeasible>(&outcome))
        return failInfeasible(console, *infeasible);
    const auto* solution = std::get_if<IlpSolution>(&outcome);
    if (!solution)
        return ExitCode::kCancelled;
    const IlpEvaluation check = evaluate(instance->problem, solution->choice);
    if (!check.isFeasible || check.cost != solution->cost)
        return console.fail(
            Error{ErrorCode::kInvalidInput, fmt::format("the answer does not hold: claimed {:.0f}, "
                                                        "evaluates to {:.0f}",
                                                        solution->cost, check.cost)});
    printSolution(console, arguments, *instance, *solution, seconds);
    return ExitCode::kOk;
}

} // namespace

Command addBench(CLI::App& app)
{
    const auto arguments = std::make_shared<BenchArguments>();
    CLI::App* bench = app.add_subcommand("bench", "Run the planner's solver on public benchmarks");
    bench->require_subcommand(1);
    CLI::App* command = bench->add_subcommand(
        "iopddl", "Solve an instance of the ASPLOS/EuroSys 2025 contest (google/iopddl)");
    command->fallthrough();
    command->add_option("FILE", arguments->file, "The instance, JSON, plain or gzip")->required();
    CLI::Option* seconds =
        command->add_option("--seconds", arguments->seconds, "Stop by the clock after so long")
            ->check(CLI::Range(0.01, 1e6));
    command
        ->add_option("--work", arguments->work,
                     "Stop after so many matrix entries (the same answer on every machine); "
                     "default 2e9, about a second on two cores")
        ->check(CLI::Range(1.0, 1e15))
        ->excludes(seconds);
    command->add_option("--threads", arguments->threads, "1 or 2; the answer is the same")
        ->check(CLI::Range(1, 2));
    command->add_flag("--print-solution", arguments->printsSolution,
                      "End with the contest's line: the strategy of every node");
    command->footer("Ctrl+C ends the search with the best answer so far.\n"
                    "Example: alpa bench iopddl G.json.gz --print-solution");
    return [arguments](const Console& console) { return runIopddl(console, *arguments); };
}

} // namespace alpa::cli
