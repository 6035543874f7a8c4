#include "core/program/labels.h"
#include "runtime/cuda/cuda_device.h"

#include <fmt/format.h>

namespace alpa::cuda
{
namespace
{

/// The first steps warm up.
constexpr int kTimedStep = 3;

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

} // namespace

void CudaDevice::recordLaunch()
{
    if (timed_.size() > timedEvents_.size()) {
        CUevent event = nullptr;
        driver_.cuEventCreate(&event, CU_EVENT_DEFAULT);
        timedEvents_.push_back(event);
    }
    driver_.cuEventRecord(timedEvents_[timed_.size() - 1], stream_);
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
        const PlannedLaunch& planned = *launches_[timed_[i]].planned;
        const Instruction& made = *graph_->nodes()[static_cast<size_t>(planned.node)].instruction;
        float milliseconds = 0;
        driver_.cuEventElapsedTime(&milliseconds, timedEvents_[i], timedEvents_[i + 1]);
        LaunchClass one;
        one.time = Seconds(static_cast<double>(milliseconds) * 1e-3);
        one.launches = 1;
        for (const auto* side : {&planned.reads, &planned.writes}) {
            for (const BufferId id : *side)
                one.bytes += static_cast<double>(graph_->type(id).bytes().count);
        }
        if (planned.gemm)
            one.flops = planned.gemm->flops();
        if (planned.attention)
            one.flops = attentionFlops(*planned.attention, planned.isBackward);
        const BufferId out = planned.writes.empty() ? planned.reads[0] : planned.writes[0];
        const std::string label =
            planned.gemm ? fmt::format("product {} x {} x {} batch {}", planned.gemm->m,
                                       planned.gemm->n, planned.gemm->k, planned.gemm->batch.size)
                         : fmt::format("{} {}", className(planned, made),
                                       formatType(graph_->type(out)));
        const auto add = [&](LaunchClass& to) {
            to.time += one.time;
            to.launches += 1;
            to.bytes += one.bytes;
            to.flops += one.flops;
        };
        add(times->classes[className(planned, made)]);
        add(times->launches[label]);
    }
    timed_.clear();
}

} // namespace alpa::cuda
