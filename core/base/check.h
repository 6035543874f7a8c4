// CHECK: our own mistakes end the program with their place, also in release builds.
// A user's input never reaches a CHECK.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace alpa
{

[[noreturn]] inline void failCheck(const char* file, int line, const char* condition,
                                   const char* why)
{
    std::fprintf(stderr, "%s:%d: check failed: %s (%s)\n", file, line, condition, why);
    std::abort();
}

} // namespace alpa

#define CHECK(condition, why)                                                                      \
    do {                                                                                           \
        if (!(condition)) [[unlikely]]                                                             \
            ::alpa::failCheck(__FILE__, __LINE__, #condition, why);                                \
    } while (false)

#ifdef NDEBUG
#define DCHECK(condition, why)                                                                     \
    do {                                                                                           \
    } while (false)
#else
#define DCHECK(condition, why) CHECK(condition, why)
#endif
