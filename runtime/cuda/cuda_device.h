// One GPU of a program.
#pragma once

#include "runtime/cuda/attention_copies.h"
#include "runtime/cuda/copy_kernel.h"
#include "runtime/cuda/cuda_backend.h"
#include "runtime/cuda/cuda_hub.h"
#include "runtime/cuda/cudnn_attention.h"
#include "runtime/cuda/cudnn_convolution.h"
#include "runtime/cuda/fused_stage.h"
#include "runtime/cuda/gemm_runner.h"
#include "runtime/cuda/kernel_cache.h"
#include "runtime/cuda/step_graph.h"
#include "runtime/device/device.h"

#include <array>
#include <map>
#include <memory>
#include <vector>

namespace alpa::cuda
{

/// What the devices of a backend get from it.
struct Shared {
    LibrariesPtr libraries;
    CudaOptions options;
    std::unique_ptr<KernelCache> kernels;
    std::unique_ptr<Hub> hub;
    int deviceCount = 0;
};

class CudaDevice final : public Device
{
public:
    CudaDevice(Shared& shared, const Program& program, int stage, int device);
    ~CudaDevice() override;
    CudaDevice(const CudaDevice&) = delete;
    CudaDevice& operator=(const CudaDevice&) = delete;

    Status load();
    Status beginStep() override;
    Status run(SegmentKind segment, size_t index, int microbatch) override;
    Status zero(BufferId buffer) override;
    Status write(BufferId buffer, int microbatch, std::span<const std::byte> bytes) override;
    Status read(BufferId buffer, int microbatch, std::span<std::byte> bytes) override;
    Status finish() override;
    void recordTime(size_t slot) override;
    Seconds recordedTime(size_t slot) const override;
    void timeLaunches(size_t most) override;
    std::vector<TimedLaunch> takeLaunches() override { return std::exchange(taken_, {}); }

private:
    static constexpr int kWarmSteps = 2; ///< Steps before one is recorded.
    static constexpr int kTimedStep = 3; ///< From 0; those before it warm up.
    // In place of a launch: waits for the side, or nothing of the program.
    static constexpr size_t kWaiting = SIZE_MAX;
    static constexpr size_t kNothing = SIZE_MAX - 1;
    struct BoundKernel {
        CUfunction function = nullptr;
        const KernelText* text = nullptr;
        std::vector<Place> places;
        // Filled anew for each launch.
        std::vector<CUdeviceptr> pointers;
        std::vector<void*> arguments;
    };
    struct BoundTile {
        Mailbox* mailbox = nullptr;
        int64_t bytes = 0;
        CopyShape copy;
        CUfunction function = nullptr; ///< None: the part is one run of memory.
        KernelText text;
    };
    struct BoundCopy {
        PartCopy planned;
        KernelText text;
        CUfunction function = nullptr;
        int64_t offset = 0; ///< In scratch memory.
    };
    struct BoundCollective {
        ncclComm_t communicator = nullptr;
        int members = 1;
        int64_t count = 0; ///< Elements that one member contributes to NCCL's call.
        ncclDataType_t type = ncclFloat32;
        ncclRedOp_t operation = ncclSum;
        KernelText packText, unpackText;
        CUfunction pack = nullptr, unpack = nullptr;
        int64_t packedBytes = 0, gatheredBytes = 0; ///< In scratch memory, one behind the other.
    };
    struct BoundLaunch {
        const PlannedLaunch* planned = nullptr;
        KernelTexts texts; ///< Of its own kernels.
        std::vector<BoundKernel> kernels;
        std::shared_ptr<Gemm> gemm;
        std::shared_ptr<CudnnAttention> attention;
        std::shared_ptr<CudnnConvolution> convolution; ///< In place of kernels of its own.
        std::vector<BoundCopy> copies;                 ///< Of operands and results.
        std::vector<Place> places; ///< kGemm: A, B, D. Collectives and transfers: input or output.
        BoundCollective collective;
        std::vector<BoundTile> tiles;
        std::vector<size_t> followers; ///< Collectives that begin on the side after this one.
        std::vector<size_t> issues;    ///< Launches of the side that begin before this one.
        std::vector<size_t> joins;     ///< Launches of the side that it waits for.
        CUevent done = nullptr;        ///< Of a collective on the side.
    };
    struct PendingRead {
        size_t offset = 0; ///< In the pinned memory.
        std::span<std::byte> target;
    };

    Status openDevice();
    Status plan(bool fusesAttention);
    Status planAttention(const PlannedLaunch& planned, BoundLaunch& launch);
    void planConvolution(const PlannedLaunch& planned, BoundLaunch& launch);
    Status runAttention(BoundLaunch& launch, int microbatch);
    Status copyParts(BoundLaunch& launch, int microbatch, bool isResult);
    CUdeviceptr partAt(const BoundLaunch& launch, size_t part, int microbatch) const;
    Status runConvolution(BoundLaunch& launch, int microbatch);
    std::shared_ptr<CudnnConvolution> plannedConvolution(const ConvolutionShape& shape);
    void planCopies(BoundLaunch& launch, std::vector<PartCopy> copies, int64_t scratch);
    Status describeCollective(const PlannedLaunch& planned, BoundCollective& bound);
    void describeTiles(const PlannedLaunch& planned, std::vector<BoundTile>& tiles);
    Status compile();
    Status bindAll();
    Status bindGemm(BoundLaunch& launch);
    Status joinCommunicators();
    Status provideMailboxes();
    Status writeConstants();
    Status tuneProducts();

    Status launchKernel(CUfunction function, const KernelText& text, void** arguments,
                        CUstream stream);
    Status launchCopy(CUfunction function, const KernelText& text, CUdeviceptr from, CUdeviceptr to,
                      CUstream stream);
    Status runKernel(BoundKernel& kernel, int microbatch, bool isFirst, CUstream stream);
    Status keepPace();
    Status runLaunch(BoundLaunch& launch, int microbatch);
    /// What an event of a timed step stands before (on the side: before and behind).
    struct Mark {
        size_t launch = kNothing;
        int microbatch = 0;
        /// Collectives that travel together, if the launch is one of them.
        const std::vector<size_t>* group = nullptr;
    };
    bool isMarking() const
    {
        return isTiming_ || timed_.size() + timedSide_.size() < mostLaunches_;
    }
    /// Marks the beginning of the next launch, or of waiting, in a step that is timed.
    void recordLaunch(const Mark& mark);
    void takeLaunchTimes();
    /// Marks the beginning or the end of one launch on the side, by turns.
    void recordSide(const Mark& mark);
    void takeSideTimes(LaunchTimes& times);
    TimedLaunch timedLaunch(const Mark& mark, CUevent begin, CUevent end) const;
    void collectLaunches();
    Seconds between(CUevent begin, CUevent end) const;
    LaunchClass measured(const BoundLaunch& launch, CUevent begin, CUevent end) const;
    Status runCollective(BoundLaunch& launch, int microbatch, CUstream stream, CUdeviceptr scratch);
    Status beginFollowers(BoundLaunch& launch);
    /// Lets the side begin what is due before `launch`, and waits for what `launch` reads.
    Status meetSide(BoundLaunch& launch, int microbatch);
    Status runOnSide(BoundLaunch& launch, int microbatch);
    Status endSegment(SegmentKind segment, size_t index);
    Status bindSide();
    CudaOptions::Fault faultOf(const BoundLaunch& launch) const;
    bool isLeftOut(const BoundLaunch& launch) const
    {
        return faultOf(launch) == CudaOptions::Fault::kLeftOut;
    }
    void allowRecording();
    Status prepareSide();
    void gatherFollowers();
    bool isSentBeside(const BoundLaunch& launch) const;
    Status prepareCarrier();
    Status runSend(BoundLaunch& launch, int microbatch);
    Status sendOn(CUstream stream, BoundLaunch& launch, int microbatch);
    Status awaitCarrier(SegmentKind segment);
    Status runReceive(BoundLaunch& launch, int microbatch);
    bool isFirstRun(const PlannedLaunch& planned, int microbatch) const;

    CUdeviceptr at(const Place& place, int microbatch) const
    {
        return arena_ +
               static_cast<CUdeviceptr>(place.offset + microbatch % place.slots * place.slotBytes);
    }
    const Place& place(BufferId id) const { return layout_.places[id.index()]; }
    CUdeviceptr scratch() const { return arena_ + static_cast<CUdeviceptr>(layout_.scratch); }
    Status check(CUresult result, const char* what) const
    {
        return driverStatus(*shared_.libraries, result, what);
    }

    Shared& shared_;
    const Libraries& driver_;
    const Program& program_;
    const StageProgram& stage_;
    int stageIndex_;
    int device_;
    int ordinal_ = 0;
    CUdevice gpu_ = 0;
    CUcontext context_ = nullptr;
    std::shared_ptr<CUstream_st> sharedStream_;      ///< With the other stages on this GPU.
    CUstream stream_ = nullptr;                      ///< The same.
    CUstream side_ = nullptr;                        ///< Collectives beside the computation.
    CUstream carrier_ = nullptr;                     ///< Sends parameters beside the computation.
    CUevent mayCarry_ = nullptr, carried_ = nullptr; ///< Before and behind the step's.
    bool isCarrying_ = false;
    CUevent ready_ = nullptr;    ///< Of what a collective on the side begins with.
    CUevent sideDone_ = nullptr; ///< Of all that the side has been given.
    /// By segment: does something on the side have to end with it?
    std::array<bool, kSegmentKinds> joinsAtEnd_{};
    CUdeviceptr arena_ = 0, workspace_ = 0, mail_ = 0, sideScratch_ = 0;
    std::unique_ptr<StageGraph> graph_;
    std::vector<PlannedLaunch> planned_;
    ArenaLayout layout_;
    std::vector<BoundLaunch> launches_;
    std::array<std::vector<std::vector<size_t>>, kSegmentKinds> launchesAt_;
    std::vector<bool> isReplaced_; ///< By buffer: accumulators that begin anew by themselves.
    std::array<int, kSegmentKinds> firstMicrobatch_{}, lastMicrobatch_{};
    std::vector<CUmodule> modules_;
    std::map<std::string, CUfunction> functions_; ///< By body.
    cublasLtHandle_t blas_ = nullptr;
    cudnnHandle_t cudnn_ = nullptr;
    std::map<std::pair<AttentionShape, bool>, std::shared_ptr<CudnnAttention>> attentions_;
    /// By shape; null where cuDNN has no engine.
    std::map<ConvolutionShape, std::shared_ptr<CudnnConvolution>> convolutions_;
    int64_t scratchBytes_ = 0; ///< The most that a launch needs.
    std::map<AxisSet, ncclComm_t> communicators_;
    std::vector<CUevent> mailEvents_;
    CUevent base_ = nullptr;
    std::vector<CUevent> times_;
    std::byte* pinned_ = nullptr;
    size_t pinnedBytes_ = 0, pinnedUsed_ = 0;
    std::vector<PendingRead> reads_;
    int step_ = 0;        ///< Counts runs of the first queue entry.
    bool hasRun_ = false; ///< Anything since the last finish.
    /// Recorded once in so many launches: the host is only a few of them ahead of the GPU, so that
    /// its position is near the GPU's.
    std::array<CUevent, 4> marks_{};
    size_t launchCount_ = 0;
    std::unique_ptr<StepGraph> recording_; ///< None where steps communicate.
    bool isTiming_ = false;                ///< This step's launches are timed.
    std::vector<Mark> timed_;              ///< Event i begins the i-th, event i + 1 ends it.
    std::vector<CUevent> timedEvents_;
    std::vector<Mark> timedSide_; ///< Each twice: at its beginning and at its end.
    std::vector<CUevent> sideEvents_;
    size_t mostLaunches_ = 0;      ///< That this step's trace holds.
    CUevent launchBase_ = nullptr; ///< Before them: milliseconds in 32 bits tell a step's better
                                   ///< than a run's.
    std::vector<TimedLaunch> taken_;
};

} // namespace alpa::cuda
