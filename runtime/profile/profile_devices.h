// Measures this machine's GPUs: what a cluster file states as rates, for plans that fit the machine
// rather than a data sheet.
#pragma once

#include "core/base/job.h"
#include "core/base/result.h"
#include "core/mesh/cluster.h"

namespace alpa
{

/// One host with the first `devices` GPUs: memory, rates of large matrix products (random values),
/// of element-wise loops and of attention, the launch of a kernel, collectives by kind, group and
/// size and what of them computation hides, copies between two GPUs, and the products of bf16 named
/// in `products`. Takes about ten seconds and 100 ms a product. Fails as cudaDeviceCount, with
/// kInvalidInput if there are fewer GPUs, kDevice, kCancelled.
Result<Cluster> profileCudaDevices(int devices, const std::vector<MeasuredProduct>& products,
                                   const JobControl& control);

} // namespace alpa
