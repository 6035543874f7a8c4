// Any bytes as a plan of another program: our form, Galvatron's, AutoParallel's, Megatron-LM's.
#include "core/explain/published_plan.h"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const auto plan =
        alpa::parsePublishedPlan(std::string(reinterpret_cast<const char*>(data), size));
    if (plan.ok()) {
        alpa::PlanOptions options;
        (void)alpa::applyPublishedPlan(*plan, alpa::Graph(), options).ok();
    }
    return 0;
}
