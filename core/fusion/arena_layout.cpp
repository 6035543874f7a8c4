#include "core/fusion/arena_layout.h"

#include "core/program/arena_ranges.h"

#include <algorithm>
#include <set>

namespace alpa::fusion
{
namespace
{

struct Use {
    int first = -1, last = -1; ///< Launches.
    std::set<SegmentKind> segments;
    bool isInvariant = false;
};

class Layout
{
public:
    Layout(const StageGraph& graph, const std::vector<PlannedLaunch>& launches, int stage)
        : graph_(graph)
        , launches_(launches)
        , queue_(graph.program().queues[static_cast<size_t>(stage)])
        , inFlight_(inFlight(queue_))
        , uses_(graph.stage().buffers.size())
    {
        layout_.places.resize(uses_.size());
    }

    ArenaLayout run(int64_t scratchBytes)
    {
        findUses();
        findInPlace();
        std::vector<size_t> temporaries;
        for (size_t b = 0; b < uses_.size(); ++b) {
            const Buffer& buffer = graph_.stage().buffers[b];
            Place& place = layout_.places[b];
            place.slotBytes = alignedToArena(std::max<int64_t>(buffer.type.bytes().count, 1));
            const bool isFromHost =
                buffer.kind == BufferKind::kParameter || buffer.kind == BufferKind::kState ||
                buffer.kind == BufferKind::kGradient || buffer.kind == BufferKind::kBatch;
            const bool isLoss = graph_.stage().loss == BufferId(b);
            if ((uses_[b].first < 0 && !isFromHost && !isLoss) || inPlace_[b].of.isValid())
                continue;
            place.slots = slotsOf(b);
            if (isFromHost || isLoss || uses_[b].segments.size() > 1 || isConstant(b) ||
                (uses_[b].isInvariant && graph_.program().microbatches > 1)) {
                place.offset = layout_.bytes;
                layout_.bytes += place.slotBytes * place.slots;
            } else {
                temporaries.push_back(b);
            }
        }
        placeTemporaries(temporaries);
        for (size_t b = 0; b < uses_.size(); ++b) {
            if (!inPlace_[b].of.isValid())
                continue;
            layout_.places[b] = layout_.places[inPlace_[b].of.index()];
            layout_.places[b].offset += inPlace_[b].offset;
        }
        layout_.scratch = layout_.bytes;
        layout_.bytes += alignedToArena(scratchBytes);
        return std::move(layout_);
    }

private:
    bool isConstant(size_t buffer) const
    {
        const int node = graph_.producer(BufferId(buffer));
        if (node < 0)
            return false;
        const Instruction& made = *graph_.nodes()[static_cast<size_t>(node)].instruction;
        return made.kind == InstructionKind::kCompute && made.opKind == OpKind::kConstant &&
               graph_.isStored(BufferId(buffer));
    }

    void findUses()
    {
        for (size_t l = 0; l < launches_.size(); ++l) {
            const SegmentKind segment =
                graph_.nodes()[static_cast<size_t>(launches_[l].node)].segment;
            for (const auto* side : {&launches_[l].reads, &launches_[l].writes}) {
                for (const BufferId id : *side) {
                    Use& use = uses_[id.index()];
                    // What runs beside others holds memory from its beginning until it is waited
                    // for.
                    const bool isOnSide = launches_[l].isOnSide;
                    const int first = isOnSide ? launches_[l].issueBefore : static_cast<int>(l);
                    const int last = isOnSide ? launches_[l].joinBefore - 1 : static_cast<int>(l);
                    use.first = use.first < 0 ? first : std::min(use.first, first);
                    use.last = std::max(use.last, last);
                    use.segments.insert(segment);
                    // Written once a step, whichever microbatch is the last.
                    const bool isOnce = launches_[l].isOncePerStep || launches_[l].beginsAfter >= 0;
                    use.isInvariant = use.isInvariant || (isOnce && side == &launches_[l].writes);
                    if (launches_[l].beginsAfter >= 0)
                        use.segments.insert(SegmentKind::kBackward);
                }
            }
        }
    }

    /// Accumulators that nothing but their reduction reads hold its result too: all of it, or the
    /// device's part where it lies.
    void findInPlace()
    {
        inPlace_.resize(uses_.size());
        for (const PlannedLaunch& launch : launches_) {
            if (launch.kind != PlannedLaunch::Kind::kCollective || launch.beginsAfter < 0 ||
                graph_.users(launch.reads[0]).size() != 1)
                continue;
            const Instruction& made = *graph_.nodes()[static_cast<size_t>(launch.node)].instruction;
            InPlace& result = inPlace_[launch.writes[0].index()];
            const TensorType& whole = graph_.type(launch.reads[0]);
            if (made.collective == CollectiveKind::kAllReduce) {
                result.of = launch.reads[0];
            } else if (made.collective == CollectiveKind::kReduceScatter) {
                const int64_t part = graph_.type(launch.writes[0]).bytes().count;
                // The parts must lie as runs, and begin where kernels may begin.
                const bool isRun = std::all_of(whole.dims.begin(), whole.dims.begin() + made.dim,
                                               [](int64_t size) { return size == 1; });
                if (!isRun || part % kArenaAlignment != 0)
                    continue;
                result.of = launch.reads[0];
                result.offset =
                    part * graph_.stage().mesh.positionInGroup(graph_.device(), made.axes);
            }
        }
    }

    /// One for each microbatch between the first use and the last.
    int slotsOf(size_t buffer) const
    {
        const BufferKind kind = graph_.stage().buffers[buffer].kind;
        const std::set<SegmentKind>& segments = uses_[buffer].segments;
        if (kind == BufferKind::kParameter || kind == BufferKind::kState ||
            kind == BufferKind::kGradient)
            return 1;
        if (graph_.stage().loss == BufferId(buffer))
            return std::max(inFlight_, graph_.stage().buffers[buffer].slots);
        const bool isForwardOnly = segments.size() == 1 && segments.contains(SegmentKind::kForward);
        if (kind == BufferKind::kBatch)
            return segments.empty() || isForwardOnly ? 1 : inFlight_;
        if (segments.contains(SegmentKind::kBegin) || segments.size() < 2 ||
            uses_[buffer].isInvariant)
            return 1;
        return segments.contains(SegmentKind::kUpdate) ? inFlight_ : inFlight(queue_, segments);
    }

    void placeTemporaries(const std::vector<size_t>& buffers)
    {
        std::vector<Lifetime> lifetimes;
        for (const size_t b : buffers)
            lifetimes.push_back({layout_.places[b].slotBytes, uses_[b].first, uses_[b].last});
        const SharedRanges placed = placeByLifetime(lifetimes);
        for (size_t i = 0; i < buffers.size(); ++i)
            layout_.places[buffers[i]].offset = layout_.bytes + placed.offsets[i];
        layout_.bytes += placed.bytes;
    }

    const StageGraph& graph_;
    const std::vector<PlannedLaunch>& launches_;
    const std::vector<QueueEntry>& queue_;
    int inFlight_;
    std::vector<Use> uses_;
    struct InPlace {
        BufferId of;        ///< Whose memory it takes over; mostly none.
        int64_t offset = 0; ///< Within it.
    };
    std::vector<InPlace> inPlace_; ///< By buffer.
    ArenaLayout layout_;
};

} // namespace

int inFlight(const std::vector<QueueEntry>& queue, const std::set<SegmentKind>& segments)
{
    std::set<int> open;
    size_t most = 1;
    for (size_t i = 0; i < queue.size(); ++i) {
        if (!segments.contains(queue[i].kind))
            continue;
        open.insert(queue[i].microbatch);
        most = std::max(most, static_cast<size_t>(*open.rbegin() - *open.begin() + 1));
        bool isLast = true;
        for (size_t j = i + 1; j < queue.size() && isLast; ++j)
            isLast =
                queue[j].microbatch != queue[i].microbatch || !segments.contains(queue[j].kind);
        if (isLast)
            open.erase(queue[i].microbatch);
    }
    return static_cast<int>(most);
}

ArenaLayout layOutArena(const StageGraph& graph, const std::vector<PlannedLaunch>& launches,
                        int stage, int64_t scratchBytes)
{
    return Layout(graph, launches, stage).run(scratchBytes);
}

} // namespace alpa::fusion
