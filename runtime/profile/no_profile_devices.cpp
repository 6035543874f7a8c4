#include "runtime/cuda/cuda_backend.h"
#include "runtime/profile/profile_devices.h"

namespace alpa
{

Result<Cluster> profileCudaDevices(int, const std::vector<MeasuredProduct>&, const JobControl&)
{
    return cudaDeviceCount().error();
}

} // namespace alpa
