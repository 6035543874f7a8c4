// How long reading a model takes, and how much memory: for each file the best of five.
//
//     bench_import [FILE...]        default: the GPT-39B sample; goals 0.3 s for its loss, 1.0 s for
//                                   its training step of 48 thousand lines, 300 MB for both
#include "core/import/import_model.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <sys/resource.h>
#include <vector>

int main(int count, char** arguments)
{
    using namespace alpa;
    std::vector<std::string> files(arguments + 1, arguments + count);
    if (files.empty())
        files.push_back(std::string(ALPA_SOURCE_DIR) +
                        "/sample_models/gpt-39b/gpt-39b.loss.stablehlo.mlir.gz");
    for (const std::string& file : files) {
        double best = 1e9;
        size_t ops = 0;
        size_t lines = 0;
        int opaque = 0;
        for (int run = 0; run < 5; ++run) {
            const auto begin = std::chrono::steady_clock::now();
            const Result<ImportResult> result = importModel(file);
            const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
            if (!result.ok() || !result->ok()) {
                std::fprintf(stderr, "%s: cannot be imported\n", file.c_str());
                return 1;
            }
            best = std::min(best, time.count());
            ops = result->graph->ops.size();
            opaque = result->opaqueCount;
            lines = static_cast<size_t>(std::ranges::count(result->sourceText, '\n'));
        }
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        std::printf("%-60s %7zu lines %7zu ops %d opaque %8.1f ms, peak %ld MB\n", file.c_str(),
                    lines, ops, opaque, best * 1e3, usage.ru_maxrss / 1024);
    }
    return 0;
}
