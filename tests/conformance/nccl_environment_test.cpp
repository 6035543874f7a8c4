// NVLink multicast can put a host's GPUs out of service: it is off before NCCL is loaded.
#include "runtime/cuda/cuda_libraries.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace alpa
{
namespace
{

using namespace cuda;

TEST(NcclEnvironment, TurnsMulticastOffBeforeLoading)
{
    setenv("ALPA_CUDA_LIBRARIES", ALPA_FAKE_NCCL_FOLDER, 1);
    for (const char* before : {"", "0"}) {
        unsetenv("NCCL_NVLS_ENABLE");
        if (*before != '\0')
            setenv("NCCL_NVLS_ENABLE", before, 1);
        const Result<LibrariesPtr> loaded = loadCollectives();
        ASSERT_TRUE(loaded.ok()) << loaded.error().message;
        EXPECT_STREQ(std::getenv("NCCL_NVLS_ENABLE"), "0");
        EXPECT_STREQ((*loaded)->ncclGetErrorString(ncclSuccess), "0");
    }
}

TEST(NcclEnvironment, RefusesMulticast)
{
    for (const char* wanted : {"1", "2", "on", ""}) {
        setenv("NCCL_NVLS_ENABLE", wanted, 1);
        const Status prepared = prepareNccl();
        ASSERT_FALSE(prepared.ok()) << wanted;
        EXPECT_EQ(prepared.error().code, ErrorCode::kInvalidInput);
        EXPECT_NE(prepared.error().message.find("set it to 0 or not at all"), std::string::npos);
        EXPECT_FALSE(loadCollectives().ok());
    }
    unsetenv("NCCL_NVLS_ENABLE");
}

} // namespace
} // namespace alpa
