#include "core/sharding/strategy.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <set>

namespace alpa
{
namespace
{

/// x (B, T, C) times w (C, H): factors b, t, c, h.
FactorRule matmulRule(int64_t b = 8, int64_t t = 6, int64_t c = 16, int64_t h = 32)
{
    FactorRule rule;
    rule.factors = {{b}, {t}, {c, FactorKind::kReduction}, {h}};
    rule.operands = {{{0}, {1}, {2}}, {{2}, {3}}};
    rule.results = {{{0}, {1}, {3}}};
    return rule;
}

std::string formatSharding(const std::optional<OpSharding>& sharding)
{
    if (!sharding)
        return "impossible";
    std::string text;
    for (const ShardingSpec& spec : sharding->operands)
        text += formatSpec(spec) + " ";
    text += "->";
    for (const ShardingSpec& spec : sharding->results)
        text += " " + formatSpec(spec);
    return text;
}

TEST(ShardingOf, FollowsFromTheFactors)
{
    const FactorRule rule = matmulRule();
    const std::vector<int> sizes{2, 4};
    constexpr int kNone = Strategy::kUnused;
    EXPECT_EQ(formatSharding(shardingOf(rule, Strategy{}, sizes)), "{-, -, -} {-, -} -> {-, -, -}");
    // Data parallel by x, column parallel by y.
    EXPECT_EQ(formatSharding(shardingOf(rule, {{0, 3, kNone, kNone}}, sizes)),
              "{x, -, -} {-, y} -> {x, -, y}");
    // Row parallel: the result is a partial sum.
    EXPECT_EQ(formatSharding(shardingOf(rule, {{0, 2, kNone, kNone}}, sizes)),
              "{x, -, y} {y, -} -> {x, -, -} partial y");
    EXPECT_EQ(formatSharding(shardingOf(rule, {{0, 0, kNone, kNone}}, sizes)),
              "{x.y, -, -} {-, -} -> {x.y, -, -}");
    EXPECT_EQ(formatSharding(shardingOf(rule, {{2, 2, kNone, kNone}}, sizes)),
              "{-, -, x.y} {x.y, -} -> {-, -, -} partial x.y");
}

TEST(ShardingOf, RefusesWhatDoesNotDivide)
{
    const std::vector<int> sizes{2, 4};
    EXPECT_EQ(formatSharding(shardingOf(matmulRule(8, 6), {{1, -1, -1, -1}}, sizes)),
              "{-, x, -} {-, -} -> {-, x, -}");
    EXPECT_EQ(formatSharding(shardingOf(matmulRule(8, 6), {{-1, 1, -1, -1}}, sizes)), "impossible");
    // 12 divides by 2 and by 4, but not by both.
    EXPECT_EQ(formatSharding(shardingOf(matmulRule(12), {{0, 0, -1, -1}}, sizes)), "impossible");
}

TEST(ShardingOf, RefusesBlockedAndInnerFactorsAndMixedReductions)
{
    FactorRule rule = matmulRule();
    rule.factors[0].kind = FactorKind::kBlocked;
    EXPECT_EQ(formatSharding(shardingOf(rule, {{0, -1, -1, -1}}, {2})), "impossible");

    // Reshape (8, 4) -> (32): the second factor is inner in the result.
    FactorRule reshape;
    reshape.factors = {{8}, {4}};
    reshape.operands = {{{0}, {1}}};
    reshape.results = {{{0, 1}}};
    EXPECT_EQ(formatSharding(shardingOf(reshape, {{0, -1, -1, -1}}, {2})), "{x, -} -> {x}");
    EXPECT_EQ(formatSharding(shardingOf(reshape, {{1, -1, -1, -1}}, {2})), "impossible");

    FactorRule mixed = matmulRule();
    mixed.factors.push_back({4, FactorKind::kReduction, ReduceKind::kMaximum});
    mixed.operands.push_back({{4}});
    EXPECT_EQ(formatSharding(shardingOf(mixed, {{2, 4, -1, -1}}, {2, 2})), "impossible");
    EXPECT_EQ(formatSharding(shardingOf(mixed, {{4, -1, -1, -1}}, {2, 2})),
              "{-, -, -} {-, -} {x} -> {-, -, -} partial x by maximum");

    // The diagonal of a matrix: one factor on two dimensions cannot be split.
    FactorRule diagonal;
    diagonal.factors = {{8}};
    diagonal.operands = {{{0}, {0}}};
    diagonal.results = {{{0}}};
    EXPECT_EQ(formatSharding(shardingOf(diagonal, {{0, -1, -1, -1}}, {2})), "impossible");
}

TEST(EnumerateStrategies, ListsTheReplicatedOneFirst)
{
    const std::vector<Strategy> strategies = enumerateStrategies(matmulRule(), {2, 2}, 3);
    ASSERT_FALSE(strategies.empty());
    EXPECT_EQ(strategies.front(), Strategy{});
    // x: unused or 4 factors; y likewise; t = 6 does not divide by both: 5 * 5 - 1.
    EXPECT_EQ(strategies.size(), 24u);
    EXPECT_EQ(enumerateStrategies(matmulRule(), {2, 2}, axisBit(1)).size(), 5u);
    EXPECT_EQ(enumerateStrategies(matmulRule(), {1, 2}, 3).size(), 5u);
    EXPECT_EQ(enumerateStrategies(matmulRule(), {2, 2}, 0).size(), 1u);
}

/// A rule with random factors over random tensors, composite dimensions included.
FactorRule randomRule(Rng& rng, int size)
{
    FactorRule rule;
    const int count = rng.between(1, std::min(1 + size / 4, 5));
    for (int factor = 0; factor < count; ++factor) {
        const auto kind = static_cast<FactorKind>(rng.chance(0.15) ? 2 : rng.below(2));
        rule.factors.push_back({rng.between(2, 12), kind, static_cast<ReduceKind>(rng.below(2))});
    }
    const auto randomTensor = [&](bool isResult) {
        std::vector<DimFactors> dims;
        for (int factor = 0; factor < count; ++factor) {
            if (rng.chance(0.3) || (isResult && rule.factors[static_cast<size_t>(factor)].kind ==
                                                    FactorKind::kReduction))
                continue;
            if (!dims.empty() && rng.chance(0.2))
                dims.back().push_back(factor);
            else
                dims.push_back({factor});
        }
        return dims;
    };
    for (int operand = rng.between(1, 3); operand > 0; --operand)
        rule.operands.push_back(randomTensor(false));
    rule.results.push_back(randomTensor(true));
    return rule;
}

TEST(EnumerateStrategies, ListsExactlyThePossibleOnes)
{
    forEachSeed(500, [](Rng& rng, int size) {
        const FactorRule rule = randomRule(rng, size);
        std::vector<int> sizes;
        for (int axis = rng.between(1, 3); axis > 0; --axis)
            sizes.push_back(rng.between(2, 4));
        const std::vector<Strategy> strategies =
            enumerateStrategies(rule, sizes, static_cast<AxisSet>((1u << sizes.size()) - 1));
        // Every assignment of all axes, possible or not.
        const int choices = static_cast<int>(rule.factors.size()) + 1;
        int all = 1;
        for (size_t axis = 0; axis < sizes.size(); ++axis)
            all *= choices;
        std::set<std::array<int, kMaxMeshAxes>> expected;
        for (int code = 0; code < all; ++code) {
            Strategy strategy;
            int rest = code;
            for (size_t axis = 0; axis < sizes.size(); ++axis, rest /= choices)
                strategy.axisFactor[axis] = rest % choices - 1;
            if (shardingOf(rule, strategy, sizes))
                expected.insert(strategy.axisFactor);
        }
        std::set<std::array<int, kMaxMeshAxes>> listed;
        for (const Strategy& strategy : strategies)
            listed.insert(strategy.axisFactor);
        EXPECT_EQ(listed, expected);
        EXPECT_EQ(listed.size(), strategies.size());
    });
}

TEST(StrategyFromTensor, GivesTheSpecBackWhereTheRuleAllowsIt)
{
    forEachSeed(500, [](Rng& rng, int size) {
        const FactorRule rule = randomRule(rng, size);
        const std::vector<int> sizes{2, 3};
        for (const Strategy& strategy : enumerateStrategies(rule, sizes, 3)) {
            const OpSharding sharding = shardingOf(rule, strategy, sizes).value();
            const Strategy fromResult = strategyFromResult(rule, 0, sharding.results[0], sizes);
            ShardingSpec again = shardingOf(rule, fromResult, sizes).value().results[0];
            EXPECT_EQ(again.dims, sharding.results[0].dims);
            for (int operand = 0; operand < static_cast<int>(rule.operands.size()); ++operand) {
                const ShardingSpec& spec = sharding.operands[static_cast<size_t>(operand)];
                const Strategy fromOperand = strategyFromOperand(rule, operand, spec, sizes);
                EXPECT_EQ(shardingOf(rule, fromOperand, sizes)
                              .value()
                              .operands[static_cast<size_t>(operand)],
                          spec);
            }
        }
    });
}

TEST(StrategyFromTensor, DropsWhatTheRuleCannotSplit)
{
    FactorRule rule = matmulRule();
    rule.factors[1].kind = FactorKind::kBlocked;
    const Strategy strategy = strategyFromOperand(rule, 0, parseSpec("{x, y, -}").value(), {2, 2});
    EXPECT_EQ(strategy, (Strategy{{0, -1, -1, -1}}));
    EXPECT_EQ(strategyFromResult(matmulRule(), 0, parseSpec("{-, -, x} partial y").value(), {2, 2}),
              (Strategy{{3, -1, -1, -1}}));
}

TEST(LinearGroupOf, FindsTheGroupOfAnOperand)
{
    FactorRule add;
    add.linearGroups = {{0, 1}};
    EXPECT_EQ(linearGroupOf(add, 1), (std::vector<int>{0, 1}));
    FactorRule multiply;
    multiply.linearGroups = {{0}, {1}};
    EXPECT_EQ(linearGroupOf(multiply, 1), (std::vector<int>{1}));
    EXPECT_TRUE(linearGroupOf(FactorRule{}, 0).empty());
}

} // namespace
} // namespace alpa
