// Runs a fuzz target without libFuzzer: the corpus, then mutations of it, which follow from the
// seed alone. With clang and ALPA_FUZZERS the targets are linked to libFuzzer instead, which
// follows coverage.
//
//     fuzz_x CORPUS_FOLDER [RUNS] [SEED]
#include "core/base/files.h"
#include "core/base/rng.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace alpa
{
namespace
{

/// What a signal handler may still write out. Set before each run.
const std::string* running = nullptr;

void reportCrash(int signal)
{
    const char* path = "crash_input";
    if (FILE* file = std::fopen(path, "wb")) {
        std::fwrite(running->data(), 1, running->size(), file);
        std::fclose(file);
    }
    std::fprintf(stderr, "signal %d; the input is in ./%s\n", signal, path);
    std::_Exit(1);
}

void runOne(const std::string& input)
{
    running = &input;
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

size_t place(Rng& rng, const std::string& text)
{
    return text.empty() ? 0 : static_cast<size_t>(rng.below(static_cast<int>(text.size())));
}

std::string mutated(Rng& rng, const std::vector<std::string>& corpus)
{
    const auto pick = [&]() -> const std::string& {
        return corpus[static_cast<size_t>(rng.below(static_cast<int>(corpus.size())))];
    };
    std::string text = pick();
    const int changes = 1 + rng.below(6);
    for (int change = 0; change < changes; ++change) {
        const size_t at = place(rng, text);
        const size_t length = std::min<size_t>(text.size() - at, 1 + place(rng, text) % 64);
        constexpr std::string_view kBytes = "(){}[]<>%@#\"=:,-x0123456789\n";
        switch (rng.below(6)) {
        case 0:
            text.erase(at, length);
            break;
        case 1:
            if (!text.empty())
                text[at] = static_cast<char>(rng.below(256));
            break;
        case 2:
            text.insert(at, 1,
                        kBytes[static_cast<size_t>(rng.below(static_cast<int>(kBytes.size())))]);
            break;
        case 3:
            text.insert(at, text.substr(at, length));
            break;
        case 4: {
            const std::string& other = pick();
            const size_t from = place(rng, other);
            text.insert(at, other.substr(from, 1 + place(rng, other) % 128));
            break;
        }
        default:
            text.resize(at);
            break;
        }
    }
    return text;
}

} // namespace
} // namespace alpa

int main(int count, char** arguments)
{
    using namespace alpa;
    if (count < 2) {
        std::fprintf(stderr, "usage: %s CORPUS_FOLDER [RUNS] [SEED]\n", arguments[0]);
        return 2;
    }
    for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGBUS})
        std::signal(signal, reportCrash);
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(arguments[1]))
        paths.push_back(entry.path().string());
    std::ranges::sort(paths); // Folders come in any order.
    std::vector<std::string> corpus;
    for (const std::string& path : paths) {
        const Result<std::string> content = readFile(path);
        if (content.ok())
            corpus.push_back(*content);
    }
    if (corpus.empty()) {
        std::fprintf(stderr, "%s: no files\n", arguments[1]);
        return 2;
    }
    for (const std::string& input : corpus)
        runOne(input);
    const long runs = count > 2 ? std::atol(arguments[2]) : 0;
    Rng rng(count > 3 ? static_cast<uint64_t>(std::atol(arguments[3])) : 1);
    for (long run = 0; run < runs; ++run)
        runOne(mutated(rng, corpus));
    std::printf("%zu inputs, %ld mutations\n", corpus.size(), runs);
    return 0;
}
