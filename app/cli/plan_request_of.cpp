#include "app/cli/plan_request_of.h"

#include <memory>

namespace alpa::cli
{

Result<PlanRequest> requestOf(const Console& console, const ParallelPlan& plan,
                              const std::string& modelPath)
{
    const std::string path = modelPath.empty() ? plan.modelPath : modelPath;
    Result<Graph> model = loadModel(console, path);
    if (!model.ok())
        return Error(model.error().code,
                     model.error().message + "; --model FILE names the plan's model");
    return PlanRequest{.model = std::make_shared<const Graph>(std::move(model).value()),
                       .modelPath = path,
                       .cluster = plan.cluster,
                       .options = plan.options};
}

} // namespace alpa::cli
