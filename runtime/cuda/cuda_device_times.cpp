#include "core/program/labels.h"
#include "runtime/cuda/cuda_device.h"

#include <fmt/format.h>

#include <set>

namespace alpa::cuda
{
namespace
{

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
    if (made.opKind == OpKind::kConvolution)
        return "convolutions";
    return made.opKind == OpKind::kScatter ? "scatters" : "loops";
}

/// Whose results the launch computes, ascending.
std::set<int> computedNodes(const PlannedLaunch& planned)
{
    std::set<int> nodes(planned.roots.begin(), planned.roots.end());
    nodes.insert(planned.node);
    return nodes;
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

Seconds CudaDevice::between(CUevent begin, CUevent end) const
{
    float milliseconds = 0;
    driver_.cuEventElapsedTime(&milliseconds, begin, end);
    return Seconds(static_cast<double>(milliseconds) * 1e-3);
}

void CudaDevice::timeLaunches(size_t most)
{
    if (recording_ && recording_->isInStep())
        recording_->giveUp();
    mostLaunches_ = most;
    if (launchBase_ == nullptr)
        driver_.cuEventCreate(&launchBase_, CU_EVENT_DEFAULT);
    driver_.cuEventRecord(launchBase_, stream_);
}

void CudaDevice::recordLaunch(const Mark& mark)
{
    if (!isMarking())
        return;
    timed_.push_back(mark);
    if (timed_.size() > timedEvents_.size()) {
        CUevent event = nullptr;
        driver_.cuEventCreate(&event, CU_EVENT_DEFAULT);
        timedEvents_.push_back(event);
    }
    driver_.cuEventRecord(timedEvents_[timed_.size() - 1], stream_);
}

void CudaDevice::recordSide(const Mark& mark)
{
    if (!isMarking())
        return;
    while (sideEvents_.size() < timedSide_.size() + 1) {
        CUevent event = nullptr;
        driver_.cuEventCreate(&event, CU_EVENT_DEFAULT);
        sideEvents_.push_back(event);
    }
    driver_.cuEventRecord(sideEvents_[timedSide_.size()], side_);
    timedSide_.push_back(mark);
}

LaunchClass CudaDevice::measured(const BoundLaunch& launch, CUevent begin, CUevent end) const
{
    const PlannedLaunch& planned = *launch.planned;
    LaunchClass one;
    one.time = between(begin, end);
    one.launches = 1;
    for (const int node : computedNodes(planned))
        one.predicted += graph_->nodes()[static_cast<size_t>(node)].instruction->predicted;
    for (const auto* side : {&planned.reads, &planned.writes}) {
        for (const BufferId id : *side)
            one.bytes += static_cast<double>(graph_->type(id).bytes().count);
    }
    if (planned.gemm)
        one.flops = planned.gemm->flops();
    if (planned.attention)
        one.flops = fusion::attentionFlops(*planned.attention, planned.isBackward);
    if (launch.convolution)
        one.flops = launch.convolution->shape().flops();
    return one;
}

void CudaDevice::takeSideTimes(LaunchTimes& times)
{
    for (size_t i = 0; i + 1 < timedSide_.size(); i += 2) {
        const PlannedLaunch& planned = *launches_[timedSide_[i].launch].planned;
        const Instruction& made = *graph_->nodes()[static_cast<size_t>(planned.node)].instruction;
        addTo(times.beside[className(planned, made)],
              measured(launches_[timedSide_[i].launch], sideEvents_[i], sideEvents_[i + 1]));
    }
}

TimedLaunch CudaDevice::timedLaunch(const Mark& mark, CUevent begin, CUevent end) const
{
    const std::vector<Node>& nodes = graph_->nodes();
    const auto made = [&](size_t launch) {
        return nodes[static_cast<size_t>(launches_[launch].planned->node)];
    };
    const Node own = made(mark.launch);
    TimedLaunch timed;
    timed.segment = own.segment;
    timed.instruction = own.index;
    timed.microbatch = mark.microbatch;
    const auto cover = [&](const Node& node) {
        if (node.segment == own.segment && node.index != own.index)
            timed.covered.push_back(node.index);
    };
    for (const int node : computedNodes(*launches_[mark.launch].planned))
        cover(nodes[static_cast<size_t>(node)]);
    if (mark.group != nullptr) {
        for (const size_t launch : *mark.group)
            cover(made(launch));
    }
    const Seconds base = between(base_, launchBase_);
    timed.start = base + between(launchBase_, begin);
    timed.end = base + between(launchBase_, end);
    return timed;
}

void CudaDevice::collectLaunches()
{
    if (mostLaunches_ == 0)
        return;
    mostLaunches_ = 0;
    for (size_t i = 0; i + 1 < timed_.size(); ++i) {
        if (timed_[i].launch != kWaiting && timed_[i].launch != kNothing)
            taken_.push_back(timedLaunch(timed_[i], timedEvents_[i], timedEvents_[i + 1]));
    }
    for (size_t i = 0; i + 1 < timedSide_.size(); i += 2) {
        taken_.push_back(timedLaunch(timedSide_[i], sideEvents_[i], sideEvents_[i + 1]));
        taken_.back().isBeside = true;
    }
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
        if (timed_[i].launch == kNothing)
            continue;
        if (timed_[i].launch == kWaiting) {
            LaunchClass& waits = times->classes["waits for communication"];
            waits.time += between(timedEvents_[i], timedEvents_[i + 1]);
            ++waits.launches;
            continue;
        }
        const PlannedLaunch& planned = *launches_[timed_[i].launch].planned;
        const Instruction& made = *graph_->nodes()[static_cast<size_t>(planned.node)].instruction;
        const LaunchClass one =
            measured(launches_[timed_[i].launch], timedEvents_[i], timedEvents_[i + 1]);
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
}

} // namespace alpa::cuda
