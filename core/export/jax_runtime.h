// The part of an exported JAX file that is the same for every plan, behind its tables.
#pragma once

#include <string_view>

namespace alpa
{

/// Meshes, placement, the training step over all stages, and a main program that trains and
/// compares with one device.
std::string_view jaxRuntimeText();

} // namespace alpa
