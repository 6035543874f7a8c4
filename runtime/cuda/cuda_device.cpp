#include "runtime/cuda/cuda_device.h"

#include "core/base/text.h"
#include "core/program/arena_ranges.h"
#include "core/program/labels.h"
#include "runtime/cuda/constant_bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace alpa::cuda
{
namespace
{

constexpr size_t kWorkspaceBytes = size_t{64} << 20;
constexpr size_t kPinnedBytes = size_t{1} << 20;

} // namespace

CudaDevice::CudaDevice(Shared& shared, const Program& program, int stage, int device)
    : shared_(shared)
    , driver_(*shared.libraries)
    , program_(program)
    , stage_(program.stages[static_cast<size_t>(stage)])
    , stageIndex_(stage)
    , device_(device)
{
}

CudaDevice::~CudaDevice()
{
    // After a failure a collective may never end, and whatever frees memory would wait for it: what
    // the GPU holds is left to the end of the process.
    if (context_ == nullptr || (shared_.hub->isAborted() && !communicators_.empty()))
        return;
    driver_.cuCtxSetCurrent(context_);
    for (const auto& [axes, communicator] : communicators_)
        driver_.ncclCommDestroy(communicator);
    launches_.clear();
    attentions_.clear();
    convolutions_.clear();
    recording_.reset();
    if (cudnn_ != nullptr)
        driver_.cudnnDestroy(cudnn_);
    if (blas_ != nullptr)
        driver_.cublasLtDestroy(blas_);
    for (const CUevent event : times_)
        driver_.cuEventDestroy(event);
    for (const CUevent event : marks_) {
        if (event != nullptr)
            driver_.cuEventDestroy(event);
    }
    for (const CUevent event : timedEvents_)
        driver_.cuEventDestroy(event);
    for (const CUevent event : sideEvents_)
        driver_.cuEventDestroy(event);
    for (const CUevent event : mailEvents_)
        driver_.cuEventDestroy(event);
    for (const CUevent event : {base_, launchBase_}) {
        if (event != nullptr)
            driver_.cuEventDestroy(event);
    }
    for (const CUmodule module : modules_)
        driver_.cuModuleUnload(module);
    for (const CUdeviceptr memory : {arena_, workspace_, mail_, sideScratch_}) {
        if (memory != 0)
            driver_.cuMemFree(memory);
    }
    if (pinned_ != nullptr)
        driver_.cuMemFreeHost(pinned_);
    for (const CUstream stream : {side_, carrier_}) {
        if (stream != nullptr)
            driver_.cuStreamDestroy(stream);
    }
    sharedStream_.reset();
    driver_.cuDevicePrimaryCtxRelease(gpu_);
}

Status CudaDevice::openDevice()
{
    std::set<uint32_t> all;
    for (const StageProgram& stage : program_.stages) {
        for (const DeviceId id : stage.mesh.devices)
            all.insert(id.number);
    }
    const uint32_t own = stage_.mesh.devices[static_cast<size_t>(device_)].number;
    ordinal_ = static_cast<int>(std::distance(all.begin(), all.find(own)));
    if (ordinal_ >= shared_.deviceCount)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("the program needs {} GPUs, this machine has {}", all.size(),
                                 shared_.deviceCount));
    RETURN_IF_ERROR(check(driver_.cuDeviceGet(&gpu_, ordinal_), "finding a GPU"));
    RETURN_IF_ERROR(check(driver_.cuDevicePrimaryCtxRetain(&context_, gpu_), "opening a GPU"));
    RETURN_IF_ERROR(check(driver_.cuCtxSetCurrent(context_), "using a GPU"));
    ASSIGN_OR_RETURN(sharedStream_, shared_.hub->stream(ordinal_));
    stream_ = sharedStream_.get();
    RETURN_IF_ERROR(check(driver_.cuEventCreate(&base_, CU_EVENT_DEFAULT), "making an event"));
    void* pinned = nullptr;
    RETURN_IF_ERROR(
        check(driver_.cuMemHostAlloc(&pinned, kPinnedBytes, 0), "reserving host memory"));
    pinned_ = static_cast<std::byte*>(pinned);
    pinnedBytes_ = kPinnedBytes;
    if (driver_.hasCudnn) {
        RETURN_IF_ERROR(cudnnStatus(driver_, driver_.cudnnCreate(&cudnn_), "starting cuDNN"));
        RETURN_IF_ERROR(cudnnStatus(
            driver_, driver_.cudnnSetStream(cudnn_, reinterpret_cast<cudaStream_t>(stream_)),
            "starting cuDNN"));
    }
    return blasStatus(driver_.cublasLtCreate(&blas_), "starting cuBLASLt");
}

/// What is launched, and what memory it needs. Fails with kUnsupported if cuDNN refuses an
/// attention that looked right.
Status CudaDevice::plan(bool fusesAttention)
{
    launches_.clear();
    attentions_.clear();
    scratchBytes_ = 0;
    graph_ = std::make_unique<StageGraph>(program_, stageIndex_, device_);
    planned_ = planLaunches(*graph_, fusesAttention);
    if (shared_.options.overlapsCommunication)
        fusion::markSideLaunches(*graph_, planned_);
    for (const PlannedLaunch& planned : planned_) {
        BoundLaunch& launch = launches_.emplace_back();
        launch.planned = &planned;
        planConvolution(planned, launch);
        if (!launch.convolution)
            launch.texts = kernelsOf(*graph_, planned);
        for (const KernelText& text : launch.texts)
            scratchBytes_ = std::max(scratchBytes_, text.scratchBytes);
        if (planned.kind == PlannedLaunch::Kind::kAttention)
            RETURN_IF_ERROR(planAttention(planned, launch));
        if (planned.kind == PlannedLaunch::Kind::kCollective) {
            const Instruction& made =
                *graph_->nodes()[static_cast<size_t>(planned.node)].instruction;
            if (const Status described = describeCollective(planned, launch.collective);
                !described.ok())
                return described.error().in(instructionLabel(stage_, made));
            scratchBytes_ = std::max(scratchBytes_, launch.collective.packedBytes +
                                                        launch.collective.gatheredBytes);
        }
        if (planned.kind == PlannedLaunch::Kind::kSend ||
            planned.kind == PlannedLaunch::Kind::kReceive) {
            describeTiles(planned, launch.tiles);
            for (const BoundTile& tile : launch.tiles) {
                if (planned.kind == PlannedLaunch::Kind::kSend && !tile.text.body.empty())
                    scratchBytes_ = std::max(scratchBytes_, tile.bytes); // Packed there.
            }
        }
    }
    return {};
}

Status CudaDevice::load()
{
    RETURN_IF_ERROR(openDevice());
    if (cudnn_ == nullptr || !shared_.options.fusesAttention || !plan(true).ok())
        RETURN_IF_ERROR(plan(false));
    layout_ = layOutArena(*graph_, planned_, stageIndex_, scratchBytes_);
    size_t freeBytes = 0;
    size_t allBytes = 0;
    driver_.cuMemGetInfo(&freeBytes, &allBytes);
    const auto arenaBytes = static_cast<size_t>(std::max<int64_t>(layout_.bytes, 256));
    if (!check(driver_.cuMemAlloc(&arena_, arenaBytes), "reserving").ok())
        return Error(
            ErrorCode::kOutOfMemory,
            fmt::format("GPU {}: an arena of {} does not fit, {} of {} are free; plan with "
                        "more microbatches or a smaller --memory",
                        ordinal_, formatMemory(Bytes(layout_.bytes)),
                        formatMemory(Bytes(static_cast<int64_t>(freeBytes))),
                        formatMemory(Bytes(static_cast<int64_t>(allBytes)))));
    RETURN_IF_ERROR(check(driver_.cuMemAlloc(&workspace_, kWorkspaceBytes), "reserving workspace"));
    RETURN_IF_ERROR(check(driver_.cuMemsetD8Async(arena_, shared_.options.poisonsArenas ? 0xFF : 0,
                                                  arenaBytes, stream_),
                          "filling the arena"));
    RETURN_IF_ERROR(compile());
    RETURN_IF_ERROR(bindAll());
    RETURN_IF_ERROR(prepareSide());
    RETURN_IF_ERROR(prepareCarrier());
    RETURN_IF_ERROR(provideMailboxes());
    RETURN_IF_ERROR(shared_.hub->meet(program_.deviceCount()));
    RETURN_IF_ERROR(joinCommunicators());
    if (shared_.options.tunesProducts && !shared_.options.isDeterministic)
        RETURN_IF_ERROR(tuneProducts());
    RETURN_IF_ERROR(writeConstants());
    RETURN_IF_ERROR(check(driver_.cuEventRecord(base_, stream_), "recording the start"));
    RETURN_IF_ERROR(finish());
    allowRecording();
    return shared_.hub->meet(program_.deviceCount());
}

Status CudaDevice::compile()
{
    std::vector<std::string> bodies;
    const auto add = [&](const KernelText& text) {
        if (!text.body.empty())
            bodies.push_back(text.body);
    };
    for (const BoundLaunch& launch : launches_) {
        for (const KernelText& text : launch.texts)
            add(text);
        for (const BoundCopy& copy : launch.copies)
            add(copy.text);
        add(launch.collective.packText);
        add(launch.collective.unpackText);
        for (const BoundTile& tile : launch.tiles)
            add(tile.text);
    }
    ASSIGN_OR_RETURN(const auto units, shared_.kernels->compile(bodies));
    for (const auto& unit : units) {
        CUmodule module = nullptr;
        RETURN_IF_ERROR(
            check(driver_.cuModuleLoadData(&module, unit->image.data()), "loading kernels"));
        modules_.push_back(module);
        for (size_t i = 0; i < unit->bodies.size(); ++i) {
            CUfunction function = nullptr;
            RETURN_IF_ERROR(
                check(driver_.cuModuleGetFunction(&function, module, fmt::format("k{}", i).c_str()),
                      "loading a kernel"));
            functions_[unit->bodies[i]] = function;
        }
    }
    return {};
}

Status CudaDevice::bindGemm(BoundLaunch& launch)
{
    launch.gemm = std::make_shared<Gemm>(shared_.libraries, blas_, *launch.planned->gemm);
    launch.places = {place(launch.planned->reads[0]), place(launch.planned->reads[1]),
                     place(launch.planned->writes[0])};
    return launch.gemm->prepare(kWorkspaceBytes);
}

Status CudaDevice::bindAll()
{
    for (int segment = 0; segment < kSegmentKinds; ++segment)
        launchesAt_[static_cast<size_t>(segment)].resize(
            stage_.segments[segment].instructions.size());
    std::map<GemmShape, std::shared_ptr<Gemm>> gemms;
    for (size_t l = 0; l < launches_.size(); ++l) {
        BoundLaunch& launch = launches_[l];
        const Node& node = graph_->nodes()[static_cast<size_t>(launch.planned->node)];
        launchesAt_[static_cast<size_t>(node.segment)][node.index].push_back(l);
        for (const KernelText& text : launch.texts) {
            BoundKernel& kernel = launch.kernels.emplace_back();
            kernel.function = functions_.at(text.body);
            kernel.text = &text;
            for (const BufferId id : text.parameters)
                kernel.places.push_back(place(id));
            kernel.pointers.resize(text.parameters.size() + 1);
            kernel.arguments.resize(text.parameters.size() + 2);
        }
        if (launch.planned->kind == PlannedLaunch::Kind::kGemm) {
            std::shared_ptr<Gemm>& known = gemms[*launch.planned->gemm];
            if (const Status bound = known ? Status() : bindGemm(launch); !bound.ok())
                return bound.error().in(instructionLabel(stage_, *node.instruction));
            if (!known)
                known = launch.gemm;
            launch.gemm = known;
            launch.places = {place(launch.planned->reads[0]), place(launch.planned->reads[1]),
                             place(launch.planned->writes[0])};
        }
        for (BoundCopy& copy : launch.copies)
            copy.function = functions_.at(copy.text.body);
        if (launch.convolution)
            launch.places = {place(node.instruction->inputs[0]), place(node.instruction->inputs[1]),
                             place(node.instruction->outputs[0])};
        if (launch.planned->kind == PlannedLaunch::Kind::kAttention) {
            for (const auto* side : {&launch.planned->reads, &launch.planned->writes}) {
                for (const BufferId id : *side)
                    launch.places.push_back(place(id));
            }
        }
        if (launch.planned->kind == PlannedLaunch::Kind::kCollective) {
            launch.places = {place(launch.planned->reads[0]), place(launch.planned->writes[0])};
            BoundCollective& bound = launch.collective;
            if (!bound.packText.body.empty())
                bound.pack = functions_.at(bound.packText.body);
            if (!bound.unpackText.body.empty())
                bound.unpack = functions_.at(bound.unpackText.body);
        }
        for (BoundTile& tile : launch.tiles) {
            const Transfer& transfer = program_.transfers[node.instruction->transfer.index()];
            launch.places = {place(node.instruction->kind == InstructionKind::kSend
                                       ? transfer.fromBuffer
                                       : transfer.toBuffer)};
            if (!tile.text.body.empty())
                tile.function = functions_.at(tile.text.body);
        }
    }
    // Accumulators that one launch makes begin anew in the first microbatch by themselves.
    isReplaced_.assign(stage_.buffers.size(), false);
    std::vector<int> makers(stage_.buffers.size(), 0);
    for (const PlannedLaunch& planned : planned_) {
        for (const BufferId written : planned.writes)
            ++makers[written.index()];
    }
    for (const PlannedLaunch& planned : planned_) {
        const bool isOnly = std::ranges::all_of(planned.writes, [&](BufferId id) {
            return graph_->kind(id) != BufferKind::kGradient || makers[id.index()] == 1;
        });
        for (const BufferId written : planned.writes)
            isReplaced_[written.index()] = isOnly && graph_->kind(written) == BufferKind::kGradient;
    }
    firstMicrobatch_.fill(-1);
    for (const QueueEntry& entry : program_.queues[static_cast<size_t>(stageIndex_)]) {
        int& first = firstMicrobatch_[static_cast<size_t>(entry.kind)];
        if (first < 0)
            first = entry.microbatch;
        lastMicrobatch_[static_cast<size_t>(entry.kind)] = entry.microbatch;
    }
    return {};
}

bool CudaDevice::isFirstRun(const PlannedLaunch& planned, int microbatch) const
{
    const SegmentKind segment = graph_->nodes()[static_cast<size_t>(planned.node)].segment;
    return firstMicrobatch_[static_cast<size_t>(segment)] == microbatch &&
           std::ranges::any_of(planned.writes,
                               [&](BufferId id) { return isReplaced_[id.index()]; });
}

Status CudaDevice::writeConstants()
{
    for (const Node& node : graph_->nodes()) {
        const Instruction& made = *node.instruction;
        if (made.kind != InstructionKind::kCompute || made.opKind != OpKind::kConstant ||
            StageGraph::isInlined(stage_, made) || place(made.outputs[0]).offset < 0)
            continue;
        const std::vector<double>& values = std::get<ConstantAttributes>(made.attributes).values;
        const TensorType& type = graph_->type(made.outputs[0]);
        const auto width = static_cast<size_t>(dtypeBytes(type.dtype));
        std::vector<std::byte> bytes(values.size() * width);
        for (size_t i = 0; i < values.size(); ++i)
            encodeElement(type.dtype, values[i], bytes.data() + i * width);
        RETURN_IF_ERROR(check(driver_.cuMemcpyHtoDAsync(at(place(made.outputs[0]), 0), bytes.data(),
                                                        bytes.size(), stream_),
                              "writing a constant"));
        RETURN_IF_ERROR(finish());
    }
    return {};
}

/// On whatever the arena holds: time depends little on it, but zeros would run faster.
Status CudaDevice::tuneProducts()
{
    std::set<Gemm*> done;
    RETURN_IF_ERROR(check(driver_.cuMemsetD32Async(arena_, 0x3C123D45,
                                                   static_cast<size_t>(layout_.bytes) / 4, stream_),
                          "filling the arena"));
    for (BoundLaunch& launch : launches_) {
        if (launch.gemm && launch.planned->gemm->flops() > 1e8 &&
            done.insert(launch.gemm.get()).second)
            RETURN_IF_ERROR(launch.gemm->tune(at(launch.places[0], 0), at(launch.places[1], 0),
                                              at(launch.places[2], 0), workspace_, stream_));
    }
    return check(driver_.cuMemsetD8Async(arena_, shared_.options.poisonsArenas ? 0xFF : 0,
                                         static_cast<size_t>(layout_.bytes), stream_),
                 "filling the arena");
}

} // namespace alpa::cuda
