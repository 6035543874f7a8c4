#include "core/mesh/sharding_spec.h"
#include "tests/support/property.h"

#include <gtest/gtest.h>

#include <set>

namespace alpa
{
namespace
{

ShardingSpec randomSpec(Rng& rng, int largestRank)
{
    ShardingSpec spec = ShardingSpec::replicated(rng.below(largestRank + 1));
    for (int axis = 0; axis < kMaxMeshAxes; ++axis) {
        const int place = rng.below(spec.rank + 2);
        if (place < spec.rank)
            spec.dims[static_cast<size_t>(place)] |= axisBit(axis);
        else if (place == spec.rank)
            spec.partial |= axisBit(axis);
    }
    if (spec.partial != 0)
        spec.partialKind = static_cast<ReduceKind>(rng.below(6));
    return spec;
}

TEST(ShardingSpec, PrintsTheFormOfTheHeader)
{
    ShardingSpec spec = ShardingSpec::replicated(3);
    EXPECT_EQ(formatSpec(spec), "{-, -, -}");
    EXPECT_TRUE(spec.isReplicated());
    spec.dims[0] = axisBit(0);
    spec.dims[2] = axisBit(1);
    EXPECT_EQ(formatSpec(spec), "{x, -, y}");
    spec.dims[0] = axisBit(0) | axisBit(1);
    spec.dims[2] = 0;
    spec.partial = axisBit(2);
    EXPECT_EQ(formatSpec(spec), "{x.y, -, -} partial z");
    spec.partialKind = ReduceKind::kMaximum;
    EXPECT_EQ(formatSpec(spec), "{x.y, -, -} partial z by maximum");
    EXPECT_EQ(spec.splitAxes(), 3);
    EXPECT_EQ(spec.usedAxes(), 7);
    EXPECT_EQ(formatSpec(ShardingSpec::replicated(0)), "{}");
}

TEST(ShardingSpec, ReadsWhatItPrints)
{
    forEachSeed(
        500,
        [](Rng& rng, int size) {
            const ShardingSpec spec = randomSpec(rng, size);
            const Result<ShardingSpec> read = parseSpec(formatSpec(spec));
            ASSERT_TRUE(read.ok()) << read.error().message;
            EXPECT_EQ(*read, spec) << formatSpec(spec);
        },
        kMaxRank);
}

TEST(ShardingSpec, SaysAtWhichCharacterATextIsWrong)
{
    const auto message = [](const char* text) { return parseSpec(text).error().message; };
    EXPECT_EQ(message("x"), "sharding spec 'x': character 1: expected '{', got 'x'");
    EXPECT_EQ(message("{x, x}"), "sharding spec '{x, x}': character 5: axis 'x' is used twice");
    EXPECT_EQ(message("{x, q}"),
              "sharding spec '{x, q}': character 5: expected an axis (x, y, z or w), got 'q'");
    EXPECT_EQ(
        message("{y.x}"),
        "sharding spec '{y.x}': character 4: axes of one dimension stand in the order x, y, z, w");
    EXPECT_EQ(message("{x"), "sharding spec '{x': character 3: expected ',' or '}', got the end");
    EXPECT_EQ(message("{x} partial x"),
              "sharding spec '{x} partial x': character 13: axis 'x' is used twice");
    EXPECT_EQ(
        message("{x} partial"),
        "sharding spec '{x} partial': character 12: expected an axis (x, y, z or w), got the end");
    EXPECT_EQ(message("{-} partial x by sum"),
              "sharding spec '{-} partial x by sum': character 18: "
              "expected add, multiply, maximum, minimum, and, or, got 's'");
    EXPECT_EQ(message("{x} y"), "sharding spec '{x} y': character 5: expected the end, got 'y'");
    EXPECT_FALSE(parseSpec("{-,-,-,-,-,-,-,-,-,-,-}").ok());
    EXPECT_TRUE(parseSpec("{-,-,-,-,-,-,-,-,-,-}").ok());
}

TEST(ShardingSpec, DividesByTheProductOfTheAxesOfADimension)
{
    const ShardingSpec spec = parseSpec("{x.y, -}").value();
    EXPECT_TRUE(dividesEvenly(spec, {16, 3}, {2, 4}));
    EXPECT_FALSE(dividesEvenly(spec, {12, 3}, {2, 4}));
    EXPECT_EQ(localDims(spec, {16, 3}, {2, 4}), (std::vector<int64_t>{2, 3}));
}

TEST(ShardingSpec, HashesOfDifferentSpecsDiffer)
{
    // All 6^4 placements of four axes on four dimensions, partial or unused.
    std::set<size_t> hashes;
    int count = 0;
    for (int code = 0; code < 6 * 6 * 6 * 6; ++code) {
        ShardingSpec spec = ShardingSpec::replicated(4);
        int rest = code;
        for (int axis = 0; axis < 4; ++axis, rest /= 6) {
            const size_t place = static_cast<size_t>(rest % 6);
            if (place < 4)
                spec.dims[place] |= axisBit(axis);
            else if (place == 4)
                spec.partial |= axisBit(axis);
        }
        hashes.insert(ShardingSpecHash{}(spec));
        ++count;
    }
    EXPECT_EQ(hashes.size(), static_cast<size_t>(count));
}

} // namespace
} // namespace alpa
