// What a measurement says of itself, and when two of them may be told apart.
#include "app/session/measurement.h"
#include "core/base/rng.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace alpa::app
{
namespace
{

TEST(Measure, IntervalOfTheMedianIsThatOfOrderStatistics)
{
    // Of 20 values the 6th and the 15th enclose the median with 95.9 % (binomial tables), of 10 the
    // 2nd and the 9th.
    std::vector<double> twenty, ten;
    for (int i = 1; i <= 20; ++i)
        twenty.push_back(i);
    for (int i = 1; i <= 10; ++i)
        ten.push_back(i);
    const auto measured = measure(twenty);
    ASSERT_TRUE(measured);
    EXPECT_DOUBLE_EQ(measured->median.count, 10.5);
    EXPECT_DOUBLE_EQ(measured->low.count, 6);
    EXPECT_DOUBLE_EQ(measured->high.count, 15);
    EXPECT_DOUBLE_EQ(measure(ten)->low.count, 2);
    EXPECT_DOUBLE_EQ(measure(ten)->high.count, 9);
    EXPECT_DOUBLE_EQ(measure({3, 1, 2})->low.count, 1) << "few steps: the whole range";
    EXPECT_FALSE(measure({1}));
}

TEST(Measure, IntervalCoversTheTrueMedianAsOftenAsItSays)
{
    Rng rng(7);
    int covered = 0;
    constexpr int kRounds = 400;
    for (int round = 0; round < kRounds; ++round) {
        std::vector<double> seconds;
        for (int i = 0; i < 25; ++i)
            seconds.push_back(1 + rng.uniform() * rng.uniform()); // skewed: most steps are short
        const auto measured = measure(seconds);
        // P(UV < m) = m (1 - ln m) = 1/2 at m = 0.186682.
        covered += measured->low.count <= 1.186682 && 1.186682 <= measured->high.count ? 1 : 0;
    }
    EXPECT_GE(covered, kRounds * 92 / 100);
}

TEST(Verdict, IsOnlySpokenWhenIntervalsLieApart)
{
    const auto fast = measure({10, 10.1, 10.2, 9.9, 9.8, 10, 10.1});
    const auto slow = measure({12, 12.1, 12.2, 11.9, 11.8, 12, 12.1});
    const auto wide = measure({9, 12, 15, 8, 11, 13, 10});
    EXPECT_EQ(verdictText(QStringLiteral("A"), *fast, QStringLiteral("B"), *slow).left(24),
              QStringLiteral("A is 20.0 % faster than "));
    EXPECT_EQ(verdictText(QStringLiteral("B"), *slow, QStringLiteral("A"), *fast).left(24),
              QStringLiteral("A is 20.0 % faster than "));
    EXPECT_TRUE(verdictText(QStringLiteral("A"), *fast, QStringLiteral("C"), *wide)
                    .startsWith(QStringLiteral("no measurable")));
}

} // namespace
} // namespace alpa::app
