#include "core/base/rng.h"
#include "core/base/safetensors.h"
#include "core/base/small_float.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace alpa
{
namespace
{

std::string fileOf(const std::string& header, const std::string& data)
{
    const uint64_t size = header.size();
    std::string content(sizeof(size), '\0');
    std::memcpy(content.data(), &size, sizeof(size));
    return content + header + data;
}

TEST(Safetensors, ReadBackWhatWasWritten)
{
    std::vector<SafeTensor> tensors;
    for (const char* dtype : {"F32", "F64", "BF16", "F16", "I8", "I16", "I32", "I64", "U8", "U16",
                              "U32", "U64", "BOOL"})
        tensors.push_back(*makeSafeTensor(std::string("t.") + dtype, dtype, {2, 3},
                                          std::vector<double>{0, 1, 1, 0, 1, 0}));
    tensors.push_back(*makeSafeTensor("scalar", "F32", {}, std::vector<double>{-2.5}));
    tensors.push_back(*makeSafeTensor("nothing", "F32", {3, 0}, {}));
    const Result<std::vector<SafeTensor>> parsed = parseSafetensors(*formatSafetensors(tensors));
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    EXPECT_EQ(*parsed, tensors);
    for (size_t i = 0; i < 13; ++i)
        EXPECT_EQ(*tensorValues((*parsed)[i]), (std::vector<double>{0, 1, 1, 0, 1, 0}));
}

TEST(Safetensors, TellsWhatIsWrong)
{
    const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
    EXPECT_TRUE(parseSafetensors(fileOf(good, std::string(8, '\0'))).ok());
    EXPECT_EQ(parseSafetensors("abc").error().message,
              "safetensors: the file has 3 bytes, the header length alone takes 8");
    EXPECT_EQ(parseSafetensors(fileOf(good, std::string(7, '\0'))).error().message,
              "safetensors: tensor 'a' lies at bytes 0 to 8 of 7 bytes of data");
    EXPECT_EQ(parseSafetensors(fileOf(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})",
                                      std::string(8, '\0')))
                  .error()
                  .message,
              "safetensors: tensor 'a' has 8 bytes, its shape and dtype say 12");
    EXPECT_EQ(
        parseSafetensors(
            fileOf(R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}})",
                   std::string(8, '\0')))
            .error()
            .message,
        "safetensors: tensor 'a' has 8 bytes, its shape and dtype say more than memory holds");
    EXPECT_EQ(parseSafetensors(fileOf("[]", "")).error().message,
              "safetensors: the header is not a JSON object");
    EXPECT_EQ(
        parseSafetensors(fileOf(R"({"a":{"dtype":"Q7","shape":[],"data_offsets":[0,0]}})", ""))
            .error()
            .message,
        "safetensors: tensor 'a': unknown dtype 'Q7'");
}

/// Any damage gives an error or another sound file, never a crash (also run with sanitizers).
TEST(Safetensors, SurvivesDamage)
{
    const std::vector<SafeTensor> tensors = {
        *makeSafeTensor("a", "F32", {2}, std::vector<double>{1, 2}),
        *makeSafeTensor("b", "I64", {1}, std::vector<double>{7})};
    const std::string content = *formatSafetensors(tensors);
    Rng rng(7);
    for (int i = 0; i < 3000; ++i) {
        std::string damaged = content.substr(
            0, static_cast<size_t>(rng.between(0, static_cast<int>(content.size()))));
        for (int k = rng.below(4); k > 0 && !damaged.empty(); --k)
            damaged[static_cast<size_t>(rng.below(static_cast<int>(damaged.size())))] =
                static_cast<char>(rng.below(256));
        const Result<std::vector<SafeTensor>> parsed = parseSafetensors(damaged);
        EXPECT_TRUE(!parsed.ok() || parsed->size() <= 2);
    }
}

TEST(SmallFloat, RoundsToNearestEven)
{
    EXPECT_EQ(bfloat16Value(bfloat16Bits(1.0 + 0x1.0p-8)), 1.0);            // a tie, to even
    EXPECT_EQ(bfloat16Value(bfloat16Bits(1.0 + 0x1.8p-7)), 1.0 + 0x1.0p-6); // a tie, to even
    EXPECT_EQ(bfloat16Value(bfloat16Bits(1.0 + 0x1.1p-8)), 1.0 + 0x1.0p-7); // above the tie
    EXPECT_TRUE(std::isnan(bfloat16Value(bfloat16Bits(std::nan("")))));
    EXPECT_EQ(roundToHalf(1.0 + 0x1.0p-11), 1.0);
    EXPECT_EQ(roundToHalf(65519.0), 65504.0);
    EXPECT_EQ(roundToHalf(65520.0), std::numeric_limits<double>::infinity());
    EXPECT_EQ(roundToHalf(0x1.0p-25), 0.0);
    EXPECT_EQ(roundToHalf(0x1.8p-24), 0x1.0p-23);
}

TEST(SmallFloat, HalfBitsGoThereAndBackForEveryPattern)
{
    for (int bits = 0; bits < 65536; ++bits) {
        const double value = halfValue(static_cast<uint16_t>(bits));
        ASSERT_TRUE(std::isnan(value) || halfBits(value) == bits) << bits;
    }
}

} // namespace
} // namespace alpa
