// Property tests: run a statement over many seeded cases, small ones first, and print the seed that
// fails. TEST_SEED=n in the environment replays one case.
#pragma once

#include "core/base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace alpa
{

/// Calls `statement(rng, size)` for `count` seeds; `size` grows from 1 to `largest` so that the
/// first failure is near the smallest. Stops at the first failing seed.
template <typename Statement>
void forEachSeed(int count, Statement&& statement, int largest = 20)
{
    int first = 0;
    int last = count;
    if (const char* seed = std::getenv("TEST_SEED")) {
        first = std::atoi(seed);
        last = first + 1;
    }
    for (int seed = first; seed < last; ++seed) {
        const int size =
            1 + static_cast<int>(static_cast<int64_t>(seed) * largest / std::max(count, 1));
        SCOPED_TRACE("replay with TEST_SEED=" + std::to_string(seed));
        Rng rng(static_cast<uint64_t>(seed) * 0x9E3779B9u + 1u);
        statement(rng, size);
        if (::testing::Test::HasFailure()) {
            return;
        }
    }
}

} // namespace alpa
