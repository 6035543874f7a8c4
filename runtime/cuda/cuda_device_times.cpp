#include "core/program/labels.h"
#include "runtime/cuda/cuda_device.h"

#include <fmt/format.h>

#include <set>

namespace alpa::cuda
{
namespace
{

double attentionFlops(const AttentionShape& shape, bool isBackward)
{
    const double whole = 4.0 * static_cast<double>(shape.batch * shape.heads) *
                         static_cast<double>(shape.queries * shape.keys) *
                         static_cast<double>(shape.channels);
    return whole * (shape.isCausal ? 0.5 : 1.0) * (isBackward ? 2.5 : 1.0);
}

std::string className(const PlannedLaunch& planned, const Instruction& made)
{
    switch (planned.kind) {
    case PlannedLaunch::Kind::kGemm:
        return "products";
    case PlannedLaunch::Kind::kAttention:
        return planned.isBackward ? "attention backward" : "attention";
    case PlannedLaunch::Kind::kCollective:
        return std::string(collectiveName(made.collective));
    case PlannedLaunch::Kind::kSend:
    case PlannedLaunch::Kind::kReceive:
        return "transfers";
    case PlannedLaunch::Kind::kKernels:
        break;
    }
    if (made.opKind == OpKind::kReduce)
        return "reductions";
    return made.opKind == OpKind::kScatter ? "scatters" : "loops";
}

void addTo(LaunchClass& to, const LaunchClass& one)
{
    to.time += one.time;
    to.predicted += one.predicted;
    to.launches += 1;
    to.bytes += one.bytes;
    to.flops += one.flops;
}

} // namespace

void CudaDevice::recordLaunch(size_t launch)
{
    if (!isTiming_)
        return;
    timed_.push_back(launch);
    if (timed_.size() > timedEvents_.size()) {
        CUevent event = nullptr;
        driver_.cuEventCreate(&event, CU_EVENT_DEFAULT);
        timedEvents_.push_back(event);
    }
    driver_.cuEventRecord(timedEvents_[timed_.size() - 1], stream_);
}

void CudaDevice::recordSide(size_t launch)
{
    if (!isTiming_)
        return;
    while (sideEvents_.size() < timedSide_.size() + 1) {
        CUevent event = nullptr;
        driver_.cuEventCreate(&event, CU_EVENT_DEFAULT);
        sideEvents_.push_back(event);
    }
    driver_.cuEventRecord(sideEvents_[timedSide_.size()], side_);
    timedSide_.push_back(launch);
}

LaunchClass CudaDevice::measured(const PlannedLaunch& planned, CUevent begin, CUevent end) const
{
    float milliseconds = 0;
    driver_.cuEventElapsedTime(&milliseconds, begin, end);
    LaunchClass one;
    one.time = Seconds(static_cast<double>(milliseconds) * 1e-3);
    one.launches = 1;
    std::set<int> nodes(planned.roots.begin(), planned.roots.end());
    nodes.insert(planned.node);
    for (const int node : nodes)
        one.predicted += graph_->nodes()[static_cast<size_t>(node)].instruction->predicted;
    for (const auto* side : {&planned.reads, &planned.writes}) {
        for (const BufferId id : *side)
            one.bytes += static_cast<double>(graph_->type(id).bytes().count);
    }
    if (planned.gemm)
        one.flops = planned.gemm->flops();
    if (planned.attention)
        one.flops = attentionFlops(*planned.attention, planned.isBackward);
    return one;
}

void CudaDevice::takeSideTimes(LaunchTimes& times)
{
    for (size_t i = 0; i + 1 < timedSide_.size(); i += 2) {
        const PlannedLaunch& planned = *launches_[timedSide_[i]].planned;
        const Instruction& made = *graph_->nodes()[static_cast<size_t>(planned.node)].instruction;
        addTo(times.beside[className(planned, made)],
              measured(planned, sideEvents_[i], sideEvents_[i + 1]));
    }
    timedSide_.clear();
}

void CudaDevice::takeLaunchTimes()
{
    LaunchTimes* times = shared_.options.times;
    if (times == nullptr || stageIndex_ != 0 || device_ != 0 || launches_.empty())
        return;
    if (!isTiming_) {
        // Loading finishes once for each tensor that is filled; steps begin after that.
        isTiming_ = hasRun_ && ++step_ == kTimedStep;
        hasRun_ = false;
        return;
    }
    isTiming_ = false;
    const std::lock_guard lock(times->mutex);
    times->arenaBytes = layout_.bytes;
    times->plannedBytes = stage_.arenaBytes;
    for (size_t i = 0; i + 1 < timed_.size(); ++i) {
        if (timed_[i] == kWaiting) {
            float milliseconds = 0;
            driver_.cuEventElapsedTime(&milliseconds, timedEvents_[i], timedEvents_[i + 1]);
            LaunchClass& waits = times->classes["waits for communication"];
            waits.time += Seconds(static_cast<double>(milliseconds) * 1e-3);
            ++waits.launches;
            continue;
        }
        const PlannedLaunch& planned = *launches_[timed_[i]].planned;
        const Instruction& made = *graph_->nodes()[static_cast<size_t>(planned.node)].instruction;
        const LaunchClass one = measured(planned, timedEvents_[i], timedEvents_[i + 1]);
        const BufferId out = planned.writes.empty() ? planned.reads[0] : planned.writes[0];
        const std::string label =
            planned.gemm
                ? fmt::format("product {} x {} x {} batch {}", planned.gemm->m, planned.gemm->n,
                              planned.gemm->k, planned.gemm->batch.size)
                : fmt::format("{} {}", className(planned, made), formatType(graph_->type(out)));
        addTo(times->classes[className(planned, made)], one);
        addTo(times->launches[label], one);
    }
    takeSideTimes(*times);
    // Updates are predicted op by op, and run as few loops.
    std::set<int> roots;
    for (const PlannedLaunch& planned : planned_)
        roots.insert(planned.roots.begin(), planned.roots.end());
    for (size_t n = 0; n < graph_->nodes().size(); ++n) {
        const Node& node = graph_->nodes()[n];
        if (node.segment == SegmentKind::kUpdate && !roots.contains(static_cast<int>(n)) &&
            node.instruction->kind == InstructionKind::kCompute)
            times->classes["loops"].predicted += node.instruction->predicted;
    }
    timed_.clear();
}

} // namespace alpa::cuda
