// Stands in for libnccl.so.2: remembers what it found in the environment when it was loaded.
#include <cstdlib>
#include <string>

namespace
{

/// Before anything calls the library, as NCCL's own constructors may read it.
const std::string multicastWhenLoaded = [] {
    const char* set = std::getenv("NCCL_NVLS_ENABLE");
    return std::string(set == nullptr ? "" : set);
}();

} // namespace

#define FAKE(name)                                                                                 \
    extern "C" int name() { return 0; }
FAKE(ncclGetVersion)
FAKE(ncclGetUniqueId)
FAKE(ncclCommInitRank)
FAKE(ncclCommDestroy)
FAKE(ncclCommAbort)
FAKE(ncclCommGetAsyncError)
FAKE(ncclAllReduce)
FAKE(ncclAllGather)
FAKE(ncclReduceScatter)
FAKE(ncclSend)
FAKE(ncclRecv)
FAKE(ncclGroupStart)
FAKE(ncclGroupEnd)

/// The test's question: any text will do for an error.
extern "C" const char* ncclGetErrorString(int) { return multicastWhenLoaded.c_str(); }
