// Whoever takes the turns, each is taken once, and all are over when run() returns.
#include "core/plan/team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>
#include <vector>

namespace alpa
{
namespace
{

/// How often each of `count` turns has been taken when run() returns.
std::vector<int> turnsTaken(Team& team, size_t count, int threads)
{
    std::vector<std::atomic<int>> taken(count);
    team.run(count, threads, [&](size_t i) {
        // Longer than it takes to come back if nobody waited.
        if (i % 7 == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        ++taken[i];
    });
    return {taken.begin(), taken.end()};
}

TEST(Team, TakesEveryTurnOnceAndWaitsForAll)
{
    Team team;
    for (const size_t count : {0u, 1u, 2u, 3u, 50u}) {
        for (const int threads : {1, 2, 5}) {
            for (int round = 0; round < 20; ++round)
                ASSERT_EQ(turnsTaken(team, count, threads), std::vector<int>(count, 1));
        }
    }
}

TEST(Team, HelpsFromInsideItsOwnWork)
{
    Team team;
    std::atomic<int> inner{0};
    team.run(8, 4, [&](size_t) { team.run(8, 4, [&](size_t) { ++inner; }); });
    EXPECT_EQ(inner, 64);
}

TEST(Team, ServesSeveralThreadsAtATime)
{
    Team team;
    std::atomic<int> wrong{0};
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 4; ++caller) {
        callers.emplace_back([&] {
            for (int round = 0; round < 20; ++round)
                wrong += turnsTaken(team, 9, 3) == std::vector<int>(9, 1) ? 0 : 1;
        });
    }
    callers.clear();
    EXPECT_EQ(wrong, 0);
}

TEST(Team, KeepsOneThreadToItself)
{
    Team team;
    std::set<std::thread::id> seen;
    team.run(100, 1, [&](size_t) { seen.insert(std::this_thread::get_id()); });
    EXPECT_EQ(seen, std::set{std::this_thread::get_id()});
}

} // namespace
} // namespace alpa
