#include "core/plan/check_request.h"

#include "core/plan/mesh_shapes.h"
#include "core/plan/stage_candidates.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

Status checkStageMeshes(const Cluster& cluster, const PlanConstraints& constraints)
{
    ASSIGN_OR_RETURN(const std::vector<SubmeshChoice> submeshes,
                     submeshesOf(cluster, allDevices(cluster), constraints));
    const std::vector<StageMesh>& meshes = constraints.stageMeshes;
    for (size_t i = 0; i < meshes.size(); ++i) {
        const SubmeshChoice wanted{meshes[i].hosts, meshes[i].devicesPerHost};
        std::vector<std::string> known;
        for (const SubmeshChoice& choice : submeshes) {
            if (std::ranges::find(known, text(choice)) == known.end())
                known.push_back(text(choice));
        }
        if (std::ranges::find(known, text(wanted)) == known.end())
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("the stage of layer {}: got devices {}, expected one of {}",
                                     meshes[i].layer, text(wanted), fmt::join(known, ", ")));
        for (size_t other = 0; other < i; ++other) {
            if (meshes[other].layer == meshes[i].layer)
                return Error(ErrorCode::kInvalidInput,
                             fmt::format("the stage of layer {}: got the meshes {} and {}",
                                         meshes[i].layer, text(meshes[other]), text(meshes[i])));
        }
    }
    return {};
}

/// Is there a sequence that the demanded context parallelism can split?
Status checkContext(const Graph& model, const PlanConstraints& constraints)
{
    const int cp = constraints.contextParallel.value_or(1);
    const bool isSplit = std::ranges::any_of(model.inputs, [&](const GraphInput& input) {
        const TensorType& type = model.type(input.value);
        return cp > 0 && input.role == InputRole::kBatch && type.rank() == 2 &&
               type.dims[1] % cp == 0;
    });
    if (cp <= 1 || isSplit)
        return {};
    return Error(
        ErrorCode::kInvalidInput,
        fmt::format("context parallelism {}: no input of the model is a batch of sequences "
                    "whose length it divides",
                    cp));
}

} // namespace

Status checkRequest(const PlanRequest& request, const PlanConstraints& constraints,
                    int64_t globalBatch)
{
    if (globalBatch < 1)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("global batch {}: expected at least 1", globalBatch));
    if (memoryLimit(request.cluster, constraints).count <= 0)
        return Error(ErrorCode::kInvalidInput, "memory per device is 0 bytes: expected more");
    if (constraints.microbatches &&
        (*constraints.microbatches < 1 || globalBatch % *constraints.microbatches != 0))
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("{} microbatches do not divide the global batch of {}",
                                 *constraints.microbatches, globalBatch));
    RETURN_IF_ERROR(checkStageMeshes(request.cluster, constraints));
    if (constraints.chunks && *constraints.chunks < 2)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("chunks {}: expected at least 2", *constraints.chunks));
    if (std::ranges::none_of(kScheduleKinds, [&](ScheduleKind kind) {
            return isScheduleAllowed(constraints, kind);
        }))
        return Error(ErrorCode::kInvalidInput,
                     "the constraints allow no schedule: " + formatConstraints(constraints));
    if (allowedRecomputations(constraints).empty())
        return Error(ErrorCode::kInvalidInput, "the constraints leave no recomputation, not even "
                                               "none: " +
                                                   formatConstraints(constraints));
    RETURN_IF_ERROR(checkContext(*request.model, constraints));
    for (const auto& [name, value] :
         {std::pair("max TP", constraints.maxTp), std::pair("max DP", constraints.maxDp),
          std::pair("max PP", constraints.maxPp), std::pair("TP", constraints.fixedTp),
          std::pair("DP", constraints.fixedDp), std::pair("PP", constraints.fixedPp),
          std::pair("CP", constraints.contextParallel)}) {
        if (value && *value < 1)
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("{} {}: expected at least 1", name, *value));
    }
    return {};
}

} // namespace alpa
