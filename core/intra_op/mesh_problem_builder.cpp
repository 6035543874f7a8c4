#include "core/intra_op/mesh_problem_builder.h"

#include <algorithm>

namespace alpa
{

Result<MeshProblem> MeshProblemBuilder::build()
{
    problem_.ops.resize(graph_.ops.size());
    problem_.nodeOfInput.assign(graph_.values.size(), -1);
    problem_.listOfInput.assign(graph_.values.size(), 0);
    const auto layers = static_cast<size_t>(layered_.layerCount);
    problem_.nodesOfLayer.resize(layers);
    problem_.scalarPerMicrobatch.resize(layers);
    problem_.scalarPerStep.resize(layers);
    updateNode_.assign(graph_.values.size(), -1);
    RETURN_IF_ERROR(checkBatch());
    for (const GraphInput& input : graph_.inputs)
        addInput(input);
    for (size_t index = 0; index < graph_.ops.size(); ++index) {
        if (layered_.isLazy[index] == 0)
            addOp(OpId(index));
    }
    connectUpdatedParameters();
    std::ranges::stable_sort(problem_.edges, {}, [this](const MeshEdge& edge) {
        return std::pair(problem_.nodes[static_cast<size_t>(edge.from)].layer,
                         problem_.nodes[static_cast<size_t>(edge.to)].layer);
    });
    std::ranges::stable_sort(problem_.copies, {}, &LayerCopy::layer);
    return std::move(problem_);
}

Status MeshProblemBuilder::checkBatch()
{
    for (const GraphInput& input : graph_.inputs) {
        if (input.role != InputRole::kBatch || type(input.value).rank() == 0)
            continue;
        const int64_t batch = type(input.value).dims[0];
        if (batch % sizes()[kDataAxis] != 0)
            return Error(ErrorCode::kInvalidInput, "a microbatch of " + std::to_string(batch) +
                                                       " samples does not divide over " +
                                                       std::to_string(sizes()[kDataAxis]) +
                                                       " devices");
    }
    return {};
}

int MeshProblemBuilder::addNode(DecisionKind kind, int layer, ValueId value, OpId op,
                                SpecListId specs)
{
    const size_t strategies = tables_.list(specs).size();
    MeshNode node{.kind = kind,
                  .layer = layer,
                  .value = value,
                  .op = op,
                  .specs = specs,
                  .strategies = {},
                  .perMicrobatch = std::vector<double>(strategies, 0.0),
                  .perStep = std::vector<double>(strategies, 0.0),
                  .forward = std::vector<double>(strategies, 0.0),
                  .fixedBytes = std::vector<int64_t>(strategies, 0),
                  .activationBytes = std::vector<int64_t>(strategies, 0),
                  .repeatedForward = std::vector<double>(strategies, 0.0),
                  .selectiveBytes = std::vector<int64_t>(strategies, 0),
                  .checkpointBytes = std::vector<int64_t>(strategies, 0),
                  .savedCheckpointBytes = std::vector<int64_t>(strategies, 0)};
    const int index = static_cast<int>(problem_.nodes.size());
    problem_.nodes.push_back(std::move(node));
    problem_.nodesOfLayer[static_cast<size_t>(layer)].push_back(index);
    return index;
}

void MeshProblemBuilder::addBytes(std::vector<int64_t>& bytes, const TensorType& tensor,
                                  SpecListId list)
{
    const std::vector<int64_t>& local = tables_.localBytes(tensor, list);
    for (size_t k = 0; k < bytes.size(); ++k)
        bytes[k] += local[k];
}

/// All specs of a tensor of `dims`; `batchDim` >= 0: the data axis splits just that dimension.
/// With `withPartial`, axes may also be partial.
SpecListId MeshProblemBuilder::tensorSpecs(const TensorType& tensor, int batchDim, bool withPartial)
{
    const auto known = specsOfTensor_.find({tensor.dims, batchDim, withPartial});
    if (known != specsOfTensor_.end())
        return known->second;
    std::vector<ShardingSpec> specs{ShardingSpec::replicated(tensor.rank())};
    for (int axis = 0; axis < axes(); ++axis) {
        if (!isSplit(axis))
            continue;
        std::vector<ShardingSpec> wider;
        for (const ShardingSpec& spec : specs)
            addAxis(wider, spec, axis, tensor, axis == kDataAxis ? batchDim : -1, withPartial);
        specs = std::move(wider);
    }
    const SpecListId list = tables_.intern(specs);
    specsOfTensor_.emplace(std::tuple(tensor.dims, batchDim, withPartial), list);
    return list;
}

void MeshProblemBuilder::addAxis(std::vector<ShardingSpec>& wider, const ShardingSpec& spec,
                                 int axis, const TensorType& tensor, int onlyDim, bool withPartial)
{
    if (onlyDim < 0)
        wider.push_back(spec);
    for (int dim = 0; dim < tensor.rank(); ++dim) {
        if (onlyDim >= 0 && dim != onlyDim)
            continue;
        ShardingSpec split = spec;
        split.dims[static_cast<size_t>(dim)] |= axisBit(axis);
        if (dividesEvenly(split, tensor.dims, sizes()))
            wider.push_back(split);
    }
    if (withPartial) {
        ShardingSpec partial = spec;
        partial.partial |= axisBit(axis);
        wider.push_back(partial);
    }
}

void MeshProblemBuilder::addInput(const GraphInput& input)
{
    const TensorType& tensor = type(input.value);
    problem_.listOfInput[input.value.index()] =
        tables_.intern({ShardingSpec::replicated(tensor.rank())});
    if (input.role == InputRole::kBatch || tensor.rank() == 0)
        return;
    const ValueId group = layered_.updateGroup[input.value.index()];
    if (input.role == InputRole::kParameter) {
        const SpecListId specs = tensorSpecs(tensor, -1, false);
        const int index =
            addNode(DecisionKind::kParameter, layered_.layerOfValue[input.value.index()],
                    input.value, OpId(), specs);
        addBytes(node(index).fixedBytes, tensor, specs);
        setInput(input.value, index, specs);
    } else if (group.isValid()) {
        const int index = updateNode(group);
        addBytes(node(index).fixedBytes, tensor, node(index).specs);
        setInput(input.value, index, node(index).specs);
    }
}

void MeshProblemBuilder::setInput(ValueId value, int index, SpecListId specs)
{
    problem_.nodeOfInput[value.index()] = index;
    problem_.listOfInput[value.index()] = specs;
}

/// The node that decides how a parameter's states are stored and its update is split.
int MeshProblemBuilder::updateNode(ValueId parameter)
{
    int& index = updateNode_[parameter.index()];
    if (index < 0) {
        const SpecListId specs = tensorSpecs(type(parameter), -1, false);
        index = addNode(DecisionKind::kUpdate, layered_.layerOfValue[parameter.index()], parameter,
                        OpId(), specs);
    }
    return index;
}

} // namespace alpa
