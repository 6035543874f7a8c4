// How long reading a model takes, and how much memory: for each file the best of some runs.
//
//     bench_import [--json] [--runs=N] [FILE...]   default: the GPT-39B sample, five runs
//
// Goals: 0.3 s for the loss of GPT-39B, 1.0 s for its training step of 48 thousand lines, 300 MB
// for both. import/compare_import.py shows the parsers of others beside it.
#include "core/import/import_model.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

namespace
{

struct Reading {
    double wallSeconds = 1e9;
    double cpuSeconds = 1e9;
    size_t ops = 0;
    long lines = 0;
    int opaque = 0;
};

double processorSeconds()
{
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::optional<Reading> readBest(const std::string& file, int runs)
{
    Reading best;
    for (int run = 0; run < runs; ++run) {
        const double cpu = processorSeconds();
        const auto begin = std::chrono::steady_clock::now();
        const alpa::Result<alpa::ImportResult> result = alpa::importModel(file);
        const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
        if (!result.ok() || !result->ok())
            return std::nullopt;
        best.wallSeconds = std::min(best.wallSeconds, wall.count());
        best.cpuSeconds = std::min(best.cpuSeconds, processorSeconds() - cpu);
        best.ops = result->graph->ops.size();
        best.opaque = result->opaqueCount;
        best.lines = std::ranges::count(result->sourceText, '\n');
    }
    return best;
}

long peakMegabytes()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

} // namespace

int main(int count, char** arguments)
{
    bool isJson = false;
    int runs = 5;
    std::vector<std::string> files;
    for (int at = 1; at < count; ++at) {
        const std::string_view argument = arguments[at];
        constexpr std::string_view kRuns = "--runs=";
        if (argument == "--json")
            isJson = true;
        else if (argument.starts_with(kRuns))
            std::from_chars(argument.data() + kRuns.size(), argument.data() + argument.size(),
                            runs);
        else
            files.emplace_back(argument);
    }
    if (files.empty())
        files.push_back(std::string(ALPA_SOURCE_DIR) +
                        "/sample_models/gpt-39b/gpt-39b.loss.stablehlo.mlir.gz");
    for (const std::string& file : files) {
        const std::optional<Reading> reading = readBest(file, runs);
        if (!reading) {
            std::fprintf(stderr, "%s: cannot be imported\n", file.c_str());
            return 1;
        }
        if (isJson)
            std::printf("{\"wallSeconds\": %.6f, \"cpuSeconds\": %.6f, \"peakMegabytes\": %ld, "
                        "\"ops\": %zu}\n",
                        reading->wallSeconds, reading->cpuSeconds, peakMegabytes(), reading->ops);
        else
            std::printf("%-60s %7ld lines %7zu ops %d opaque %8.1f ms, CPU %.1f ms, peak %ld MB\n",
                        file.c_str(), reading->lines, reading->ops, reading->opaque,
                        reading->wallSeconds * 1e3, reading->cpuSeconds * 1e3, peakMegabytes());
    }
    return 0;
}
