#include "core/fusion/launch_plan.h"

#include <algorithm>
#include <map>
#include <set>

namespace alpa::fusion
{
namespace
{

/// A loop or reduction of more would need too many registers and parameters.
constexpr size_t kMostRoots = 16;
/// How many earlier kernels are tried for a new root.
constexpr size_t kLookBack = 6;

enum class Family { kLoop, kReduce, kOther };

std::vector<int64_t> wideDims(const std::vector<int64_t>& dims)
{
    std::vector<int64_t> wide;
    for (const int64_t dim : dims) {
        if (dim != 1)
            wide.push_back(dim);
    }
    return wide;
}

class LaunchPlanner
{
public:
    explicit LaunchPlanner(StageGraph& graph)
        : graph_(graph)
        , isAbsorbed_(graph.nodes().size(), false)
        , launchOf_(graph.nodes().size(), -1)
        , reads_(graph.stage().buffers.size())
        , writes_(graph.stage().buffers.size())
    {
    }

    std::vector<PlannedLaunch> run(bool fusesAttention)
    {
        if (fusesAttention)
            fuseAttention();
        absorbAccumulators();
        for (size_t n = 0; n < graph_.nodes().size(); ++n) {
            if (!isAbsorbed_[n])
                plan(static_cast<int>(n));
        }
        std::ranges::stable_sort(launches_, {}, &PlannedLaunch::node);
        hoistGradients();
        return std::move(launches_);
    }

private:
    const Instruction& instruction(int node) const
    {
        return *graph_.nodes()[static_cast<size_t>(node)].instruction;
    }

    Family familyOf(int node) const
    {
        const Instruction& made = instruction(node);
        if (StageGraph::isInlined(graph_.stage(), made))
            return Family::kLoop;
        return made.opKind == OpKind::kReduce ? Family::kReduce : Family::kOther;
    }

    /// Gradients are reduced while the rest of the backward pass still runs.
    void hoistGradients()
    {
        std::map<BufferId, std::vector<size_t>> writers;
        for (size_t l = 0; l < launches_.size(); ++l) {
            for (const BufferId id : launches_[l].writes)
                writers[id].push_back(l);
        }
        for (PlannedLaunch& launch : launches_) {
            if (launch.kind != PlannedLaunch::Kind::kCollective ||
                graph_.nodes()[static_cast<size_t>(launch.node)].segment != SegmentKind::kUpdate ||
                graph_.kind(launch.reads[0]) != BufferKind::kGradient)
                continue;
            const std::vector<size_t>& made = writers[launch.reads[0]];
            if (made.size() != 1)
                continue;
            const SegmentKind segment =
                graph_.nodes()[static_cast<size_t>(launches_[made[0]].node)].segment;
            if (segment == SegmentKind::kBackward || segment == SegmentKind::kWeightGradient)
                launch.beginsAfter = static_cast<int>(made[0]);
        }
    }

    void fuseAttention()
    {
        for (const Attention& found : findAttentions(graph_)) {
            for (const int node : found.replaced)
                isAbsorbed_[static_cast<size_t>(node)] = true;
            PlannedLaunch forward;
            forward.kind = PlannedLaunch::Kind::kAttention;
            forward.node = found.forwardNode;
            forward.attention = found.shape;
            forward.reads = {found.q, found.k, found.v};
            forward.writes = {found.o, found.statistics};
            forward.replaced = found.replaced;
            PlannedLaunch backward = forward;
            forward.roots = {graph_.producer(found.o), graph_.producer(found.statistics)};
            add(std::move(forward));
            if (!found.hasBackward)
                continue;
            backward.node = found.backwardNode;
            backward.isBackward = true;
            backward.reads = {found.q, found.k, found.v, found.o, found.gradO, found.statistics};
            backward.writes = {found.gradQ, found.gradK, found.gradV};
            for (const BufferId id : backward.writes)
                backward.roots.push_back(graph_.producer(id));
            add(std::move(backward));
        }
    }

    /// A product whose only use is an accumulator is added to it by the product itself.
    void absorbAccumulators()
    {
        for (size_t n = 0; n < graph_.nodes().size(); ++n) {
            const Instruction& made = instruction(static_cast<int>(n));
            if (isAbsorbed_[n] || made.kind != InstructionKind::kCompute ||
                made.opKind != OpKind::kAccumulate)
                continue;
            BufferId value = made.inputs[0];
            std::vector<int> between{static_cast<int>(n)};
            bool isTransposed = false;
            while (graph_.users(value).size() == 1 && graph_.producer(value) >= 0) {
                const int producer = graph_.producer(value);
                const Instruction& source = instruction(producer);
                if (source.kind != InstructionKind::kCompute)
                    break;
                if (source.opKind == OpKind::kDot && !isAbsorbed_[static_cast<size_t>(producer)]) {
                    absorb(producer, between, isTransposed);
                    break;
                }
                const bool isTranspose = source.opKind == OpKind::kTranspose &&
                                         graph_.type(value).rank() == 2 && !isTransposed;
                if (source.opKind != OpKind::kConvert && !isTranspose)
                    break;
                isTransposed = isTransposed || isTranspose;
                between.push_back(producer);
                value = source.inputs[0];
            }
        }
    }

    void absorb(int dot, const std::vector<int>& between, bool isTransposed)
    {
        const BufferId sum = instruction(between.front()).outputs[0];
        const Instruction& product = instruction(dot);
        if (graph_.type(sum).dtype != DType::kF32 || product.inputs.size() != 2)
            return;
        const View a = graph_.view(product.inputs[0]);
        const View b = graph_.view(product.inputs[1]);
        std::optional<GemmShape> shape = gemmShape(graph_, dot, a, b);
        if (!shape || shape->typeA == DType::kF64 || !shape->outer.empty() ||
            (isTransposed && shape->batch.size > 1) ||
            (graph_.nodes()[static_cast<size_t>(dot)].segment !=
             graph_.nodes()[static_cast<size_t>(between.front())].segment))
            return;
        PlannedLaunch launch;
        launch.kind = PlannedLaunch::Kind::kGemm;
        launch.node = dot;
        launch.roots = {dot};
        launch.reads = {a.source, b.source};
        if (isTransposed) {
            shape = shape->transposed();
            std::swap(launch.reads[0], launch.reads[1]);
        }
        shape->typeD = DType::kF32;
        shape->alpha = 1.0 / graph_.program().microbatches;
        launch.gemm = shape;
        launch.writes = {sum};
        launch.accumulates = true;
        for (const int node : between)
            isAbsorbed_[static_cast<size_t>(node)] = true;
        isAbsorbed_[static_cast<size_t>(dot)] = true;
        graph_.unstore(product.outputs[0]);
        for (const int node : between) {
            if (instruction(node).opKind != OpKind::kAccumulate)
                graph_.unstore(instruction(node).outputs[0]);
        }
        add(std::move(launch));
    }

    void add(PlannedLaunch launch)
    {
        for (const BufferId read : launch.reads)
            reads_[read.index()].push_back(launches_.size());
        for (const BufferId write : launch.writes)
            writes_[write.index()].push_back(launches_.size());
        for (const int root : launch.roots)
            launchOf_[static_cast<size_t>(root)] = static_cast<int>(launches_.size());
        launches_.push_back(std::move(launch));
    }

    void plan(int node)
    {
        const Instruction& made = instruction(node);
        PlannedLaunch launch;
        launch.node = node;
        launch.roots = {node};
        launch.reads = made.inputs;
        launch.writes = made.outputs;
        switch (made.kind) {
        case InstructionKind::kCollective:
            launch.kind = PlannedLaunch::Kind::kCollective;
            return add(std::move(launch));
        case InstructionKind::kSend:
            launch.kind = PlannedLaunch::Kind::kSend;
            return add(std::move(launch));
        case InstructionKind::kReceive:
            launch.kind = PlannedLaunch::Kind::kReceive;
            return add(std::move(launch));
        case InstructionKind::kCompute:
            break;
        }
        if (made.opKind == OpKind::kConstant && !StageGraph::isInlined(graph_.stage(), made))
            return; // Written when the program is loaded.
        const Family family = familyOf(node);
        if (family == Family::kLoop && !graph_.isStore(node) && !graph_.isStored(made.outputs[0]))
            return;
        if (made.opKind == OpKind::kDot) {
            const View a = graph_.view(made.inputs[0]);
            const View b = graph_.view(made.inputs[1]);
            if (auto shape = gemmShape(graph_, node, a, b)) {
                launch.kind = PlannedLaunch::Kind::kGemm;
                launch.gemm = std::move(shape);
                launch.reads = {a.source, b.source};
                return add(std::move(launch));
            }
        }
        launch.reads = leavesOf(node, node);
        launch.isOncePerStep =
            family == Family::kLoop && !graph_.isStore(node) && graph_.isInvariant(made.outputs[0]);
        if (family != Family::kOther && join(node, family, launch.isOncePerStep))
            return;
        if (family != Family::kOther)
            open_[static_cast<int>(family)].push_back(launches_.size());
        add(std::move(launch));
    }

    std::vector<BufferId> leavesOf(int node, int at) const
    {
        std::vector<BufferId> found;
        for (const BufferId input : instruction(node).inputs) {
            const std::vector<BufferId> leaves = graph_.leaves(input, at);
            found.insert(found.end(), leaves.begin(), leaves.end());
        }
        std::ranges::sort(found);
        found.erase(std::ranges::unique(found).begin(), found.end());
        return found;
    }

    bool hasSameShape(int node, int other, Family family) const
    {
        const Instruction& a = instruction(node);
        const Instruction& b = instruction(other);
        if (family == Family::kReduce)
            return graph_.type(a.inputs[0]).dims == graph_.type(b.inputs[0]).dims &&
                   std::get<ReduceAttributes>(a.attributes).dims ==
                       std::get<ReduceAttributes>(b.attributes).dims;
        return wideDims(graph_.type(a.outputs[0]).dims) == wideDims(graph_.type(b.outputs[0]).dims);
    }

    /// Adds `node` to an earlier kernel of its shape if all that it reads is there by then, and
    /// nobody between reads what it overwrites.
    bool join(int node, Family family, bool isOncePerStep)
    {
        std::vector<size_t>& open = open_[static_cast<int>(family)];
        for (size_t back = 0; back < std::min(kLookBack, open.size()); ++back) {
            const size_t index = open[open.size() - 1 - back];
            PlannedLaunch& launch = launches_[index];
            if (launch.roots.size() >= kMostRoots || launch.isOncePerStep != isOncePerStep ||
                graph_.nodes()[static_cast<size_t>(launch.node)].segment !=
                    graph_.nodes()[static_cast<size_t>(node)].segment ||
                !hasSameShape(node, launch.roots.front(), family) || !isReadable(node, launch) ||
                !isWritable(node, index))
                continue;
            for (const BufferId leaf : leavesOf(node, launch.node)) {
                const bool isOwn = std::ranges::find(launch.writes, leaf) != launch.writes.end() &&
                                   graph_.producer(leaf) >= 0;
                if (isOwn || std::ranges::find(launch.reads, leaf) != launch.reads.end())
                    continue;
                launch.reads.push_back(leaf);
                reads_[leaf.index()].push_back(index);
            }
            launch.roots.push_back(node);
            const Instruction& made = instruction(node);
            launch.writes.insert(launch.writes.end(), made.outputs.begin(), made.outputs.end());
            for (const BufferId output : made.outputs)
                writes_[output.index()].push_back(index);
            launchOf_[static_cast<size_t>(node)] = static_cast<int>(index);
            return true;
        }
        return false;
    }

    bool isReadable(int node, const PlannedLaunch& launch) const
    {
        struct Read {
            BufferId id;
            int reader = 0;
            bool isSameIndex = false; ///< Element-wise ops alone lie between it and the root.
        };
        const std::vector<int64_t>& dims = graph_.type(instruction(node).outputs[0]).dims;
        const auto passesIndex = [&](int at) {
            return isElementwise(instruction(at).opKind) &&
                   graph_.type(instruction(at).outputs[0]).dims == dims;
        };
        std::set<std::pair<BufferId, bool>> seen;
        std::vector<Read> open;
        for (const BufferId input : instruction(node).inputs)
            open.push_back({input, node, passesIndex(node)});
        while (!open.empty()) {
            const Read read = open.back();
            open.pop_back();
            const int producer = graph_.producer(read.id);
            if (producer < 0) {
                if (isUpdatedBetween(read.id, launch.node, read.reader))
                    return false;
                continue;
            }
            if (!seen.insert({read.id, read.isSameIndex}).second)
                continue;
            if (graph_.isStored(read.id)) {
                const bool isOwn = std::ranges::find(launch.roots, producer) != launch.roots.end();
                // What the kernel itself computes is at hand only at the same index.
                if (isOwn && read.isSameIndex && familyOf(producer) == Family::kLoop &&
                    familyOf(node) == Family::kLoop && graph_.type(read.id).dims == dims)
                    continue;
                if (isOwn || positionOf(producer) >= launch.node)
                    return false;
                continue;
            }
            const bool isSame = read.isSameIndex && passesIndex(producer);
            for (const BufferId input : instruction(producer).inputs)
                open.push_back({input, producer, isSame});
        }
        return true;
    }

    /// Is the parameter or state `id` given a new value from node `from` on, before `reader`?
    bool isUpdatedBetween(BufferId id, int from, int reader) const
    {
        for (const size_t writer : writes_[id.index()]) {
            for (const int root : launches_[writer].roots) {
                if (instruction(root).outputs[0] == id && root >= from && root < reader)
                    return true;
            }
        }
        return false;
    }

    /// Where the launch that computes `producer` runs.
    int positionOf(int producer) const
    {
        const int launch = launchOf_[static_cast<size_t>(producer)];
        return launch < 0 ? producer : launches_[static_cast<size_t>(launch)].node;
    }

    bool isWritable(int node, size_t index) const
    {
        if (!graph_.isStore(node))
            return true;
        const BufferId target = instruction(node).outputs[0];
        for (const size_t reader : reads_[target.index()]) {
            if (reader != index && launches_[reader].node > launches_[index].node)
                return false;
        }
        return std::ranges::find(launches_[index].writes, target) == launches_[index].writes.end();
    }

    StageGraph& graph_;
    std::vector<bool> isAbsorbed_;
    std::vector<PlannedLaunch> launches_;
    std::vector<int> launchOf_;              ///< By node; -1 while it has none.
    std::vector<std::vector<size_t>> reads_; ///< By buffer: launches that read it.
    std::vector<std::vector<size_t>> writes_;
    std::map<int, std::vector<size_t>> open_; ///< By family: kernels that may take further roots.
};

} // namespace

std::vector<PlannedLaunch> planLaunches(StageGraph& graph, bool fusesAttention)
{
    return LaunchPlanner(graph).run(fusesAttention);
}

} // namespace alpa::fusion
