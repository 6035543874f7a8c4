#include "core/import/constant_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace alpa
{
namespace
{

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<double> parsed(std::string_view literal, DType dtype, std::vector<int64_t> dims = {})
{
    const auto values = parseDense(literal, TensorType{dtype, std::move(dims)});
    EXPECT_TRUE(values.ok()) << (values.ok() ? "" : values.error().message);
    return values.ok() ? *values : std::vector<double>();
}

std::string problem(std::string_view literal, DType dtype, std::vector<int64_t> dims = {})
{
    const auto values = parseDense(literal, TensorType{dtype, std::move(dims)});
    return values.ok() ? "no error" : values.error().message;
}

TEST(ParseDense, ReadsSplatsListsAndBooleans)
{
    using Values = std::vector<double>;
    EXPECT_EQ(parsed("6.400000e+01", DType::kF32), Values{64});
    EXPECT_EQ(parsed("-1", DType::kS32, {2, 3}), Values{-1});
    EXPECT_EQ(parsed("true", DType::kPred), Values{1});
    EXPECT_EQ(parsed("[[1, 2], [3, 4]]", DType::kS64, {2, 2}), (Values{1, 2, 3, 4}));
    EXPECT_EQ(parsed("[true, false]", DType::kPred, {2}), (Values{1, 0}));
    EXPECT_EQ(parsed("[]", DType::kF32, {0}), Values{});
}

TEST(ParseDense, RoundsDecimalsToTheType)
{
    EXPECT_EQ(parsed("9.99999997E-7", DType::kF32)[0], static_cast<double>(1e-6f));
    EXPECT_EQ(parsed("4.467770e-02", DType::kBF16)[0],
              0x1.6ep-5); // 4.467773e-02, the nearest bfloat16
    EXPECT_EQ(parsed("0.1", DType::kF16)[0], 0x1.998p-4);
    EXPECT_EQ(parsed("0.1", DType::kF64)[0], 0.1);
    EXPECT_EQ(parsed("1e300", DType::kF32)[0], kInfinity);
}

TEST(ParseDense, ReadsBitPatterns)
{
    EXPECT_EQ(parsed("0xFF800000", DType::kF32)[0], -kInfinity);
    EXPECT_EQ(parsed("0xFF80", DType::kBF16)[0], -kInfinity);
    EXPECT_EQ(parsed("0x7C00", DType::kF16)[0], kInfinity);
    EXPECT_EQ(parsed("0x3C01", DType::kF16)[0], 1.0009765625);
    EXPECT_EQ(parsed("0x0001", DType::kF16)[0], 0x1p-24);
    EXPECT_TRUE(std::isnan(parsed("0x7FC00000", DType::kF32)[0]));
    EXPECT_TRUE(std::isnan(parsed("0x7FC0", DType::kBF16)[0]));
    EXPECT_EQ(parsed("0x7FF0000000000000", DType::kF64)[0], kInfinity);
}

TEST(ParseDense, ReadsPackedBytesLittleEndian)
{
    using Values = std::vector<double>;
    EXPECT_EQ(parsed("\"0x0000803F00000040\"", DType::kF32, {2}), (Values{1, 2}));
    EXPECT_EQ(parsed("\"0xFFFFFFFF\"", DType::kS32, {8}), Values{-1}); // A packed splat.
    EXPECT_EQ(parsed("\"0x0100FE\"", DType::kS8, {3}), (Values{1, 0, -2}));
    EXPECT_EQ(parsed("\"0x803F\"", DType::kBF16, {1}), Values{1});
}

TEST(ParseDense, RefusesWhatDoesNotFit)
{
    EXPECT_EQ(problem("[1, 2]", DType::kF32, {3}), "constant: expected 3 values for f32[3], got 2");
    EXPECT_EQ(problem("", DType::kF32), "constant: expected 1 values for f32[], got 0");
    EXPECT_EQ(problem("abc", DType::kF32), "constant: 'abc' is not a value of f32");
    EXPECT_EQ(problem("[1, [2]", DType::kF32, {2}), "constant: brackets are not closed");
    EXPECT_EQ(problem("\"0x00\"", DType::kF32, {1}),
              "packed constant: expected 1 values of 4 bytes, got 2 digits");
    EXPECT_EQ(problem("\"0xZZZZZZZZ\"", DType::kF32, {1}),
              "packed constant: 'ZZ' is not hexadecimal");
    EXPECT_EQ(problem("\"rubbish\"", DType::kF32, {1}), "packed constant: expected \"0x...\"");
}

} // namespace
} // namespace alpa
