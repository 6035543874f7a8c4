// The ops whose derivatives are checked, by family: each a small graph over f64 parameters.
#pragma once

#include "tests/support/gradient_check.h"

#include <vector>

namespace alpa
{

struct DerivativeCase {
    const char* name;
    std::vector<std::vector<int64_t>> shapes;
    GraphBody body;
    ValueRange range;
};

std::vector<DerivativeCase> elementwiseCases();
std::vector<DerivativeCase> shapeCases();
std::vector<DerivativeCase> contractionCases();
std::vector<DerivativeCase> indexingCases();

} // namespace alpa
