// numpy's random streams, so that oracles computed in Python can be recomputed here from their
// seeds.
#pragma once

#include <array>
#include <cstdint>
#include <random>

namespace alpa
{

/// numpy.random.seed(seed), then numpy.random.rand(): 53 bits out of two draws of the Mersenne
/// twister.
class NumpyLegacyRandom
{
public:
    explicit NumpyLegacyRandom(uint32_t seed)
        : twister_(seed)
    {
    }
    double next()
    {
        const double high = static_cast<double>(twister_() >> 5);
        const double low = static_cast<double>(twister_() >> 6);
        return (high * 67108864.0 + low) / 9007199254740992.0;
    }

private:
    std::mt19937 twister_;
};

/// numpy.random.default_rng(seed).random(): PCG64 (XSL-RR 128/64) seeded through SeedSequence.
class NumpyRandom
{
public:
    explicit NumpyRandom(uint32_t seed)
    {
        const std::array<uint64_t, 4> words = seedWords(seed);
        increment_ = (join(words[2], words[3]) << 1) | 1;
        step();
        state_ += join(words[0], words[1]);
        step();
    }

    double next()
    {
        step();
        const auto folded = static_cast<uint64_t>(state_ >> 64) ^ static_cast<uint64_t>(state_);
        const auto turn = static_cast<unsigned>(state_ >> 122);
        const uint64_t bits = (folded >> turn) | (folded << ((64 - turn) % 64));
        return static_cast<double>(bits >> 11) * 0x1.0p-53;
    }

private:
    __extension__ using Wide = unsigned __int128;

    static Wide join(uint64_t high, uint64_t low) { return (static_cast<Wide>(high) << 64) | low; }
    void step() { state_ = state_ * join(2549297995355413924u, 4865540595714422341u) + increment_; }

    /// SeedSequence(seed).generate_state(4, uint64), with the constants of
    /// numpy/random/bit_generator.pyx.
    static std::array<uint64_t, 4> seedWords(uint32_t seed)
    {
        uint32_t constant = 0x43b0d7e5u;
        const auto hash = [&constant](uint32_t value, uint32_t multiplier) {
            value ^= constant;
            constant *= multiplier;
            value *= constant;
            return value ^ (value >> 16);
        };
        std::array<uint32_t, 4> pool{};
        for (size_t word = 0; word < 4; ++word)
            pool[word] = hash(word == 0 ? seed : 0u, 0x931e8875u);
        for (size_t from = 0; from < 4; ++from) {
            for (size_t to = 0; to < 4; ++to) {
                if (from == to)
                    continue;
                const uint32_t mixed =
                    0xca01f9ddu * pool[to] - 0x4973f715u * hash(pool[from], 0x931e8875u);
                pool[to] = mixed ^ (mixed >> 16);
            }
        }
        constant = 0x8b51f9ddu;
        std::array<uint64_t, 4> words{};
        for (size_t half = 0; half < 8; ++half)
            words[half / 2] |= static_cast<uint64_t>(hash(pool[half % 4], 0x58f38dedu))
                               << (32 * (half % 2));
        return words;
    }

    Wide state_ = 0;
    Wide increment_ = 0;
};

} // namespace alpa
