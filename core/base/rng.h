// Seeded random numbers, the same on every machine: splitmix64.
#pragma once

#include <cstdint>

namespace alpa
{

class Rng
{
public:
    explicit Rng(uint64_t seed)
        : state_(seed)
    {
    }

    uint64_t next()
    {
        uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
        return z ^ (z >> 31);
    }
    /// Uniform in [0, bound). Assumes bound > 0.
    int below(int bound) { return static_cast<int>(next() % static_cast<uint64_t>(bound)); }
    /// Uniform in [low, high], both included.
    int between(int low, int high) { return low + below(high - low + 1); }
    /// Uniform in [0, 1).
    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    bool chance(double probability) { return uniform() < probability; }

private:
    uint64_t state_;
};

} // namespace alpa
