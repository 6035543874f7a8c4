// Conformance: what every backend must compute, op by op, against the reference interpreter. A
// backend's test instantiates BackendConformance with how to make it, and names the cases that it
// leaves out.
#pragma once

#include "runtime/device/device.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace alpa
{

struct ConformanceBackend {
    std::function<std::unique_ptr<Backend>()> make;
    std::vector<std::string> excluded; ///< Case names.
};

/// Runs every case of family `name` ("dot") with `seeds` random shapes and compares.
void checkConformance(const ConformanceBackend& backend, const std::string& name, int seeds);
/// Calls visit with the program of every such case, without running it.
void forEachConformanceProgram(const std::string& name, int seeds,
                               const std::function<void(const Program&)>& visit);
/// The names of all families.
std::vector<std::string> conformanceCases();

} // namespace alpa
