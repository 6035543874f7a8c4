#include "core/plan/plan_context.h"

#include "core/plan/block_runs.h"
#include "core/plan/stage_figures.h"
#include "core/schedule/step_time.h"
#include "core/training/sample_mixing.h"
#include "core/training/split_step.h"

#include <bit>
#include <numeric>
#include <set>

namespace alpa
{
namespace
{

Bytes sizeOf(const PreparedModel& model)
{
    const LayeredGraph& layered = *model.layered;
    // An op with its operands, rule index, users and times.
    return Bytes(static_cast<int64_t>(layered.graph->ops.size() * 700));
}

/// Most of it are decisions with all their alternatives.
Bytes sizeOf(const PlanStage& stage)
{
    constexpr size_t kSpecsOfOp = 4;
    size_t bytes = stage.ops.size() * (sizeof(OpSharding) + kSpecsOfOp * sizeof(ShardingSpec)) +
                   stage.inputs.size() * sizeof(PlannedInput);
    for (const Decision& decision : stage.decisions)
        bytes += sizeof(Decision) + decision.alternatives.size() * sizeof(Alternative);
    return Bytes(static_cast<int64_t>(bytes));
}

/// Timelines of many microbatches are most of it.
Bytes sizeOf(const PlanOutcome& outcome)
{
    const auto* found = std::get_if<std::shared_ptr<const ParallelPlan>>(&outcome);
    if (found == nullptr)
        return Bytes(sizeof(NoPlan));
    const ParallelPlan& plan = **found;
    size_t timeline = plan.timeline.transfers.size() * sizeof(TimelineTransfer);
    for (const StageTimeline& line : plan.timeline.stages)
        timeline +=
            line.tasks.size() * sizeof(TimelineTask) + line.memory.size() * sizeof(MemoryPoint);
    Bytes bytes(static_cast<int64_t>(timeline));
    for (const PlanStage& stage : plan.stages)
        bytes += sizeOf(stage);
    return bytes;
}

/// All that a simulated step's time depends on.
std::vector<uint64_t> wordsOf(const SimulationProblem& simulation)
{
    std::vector<uint64_t> words{static_cast<uint64_t>(simulation.schedule),
                                static_cast<uint64_t>(simulation.microbatches),
                                static_cast<uint64_t>(simulation.chunks), simulation.stages.size()};
    const auto add = [&words](Seconds time) {
        words.push_back(std::bit_cast<uint64_t>(time.count));
    };
    for (const StageLoad& load : simulation.stages) {
        for (const Seconds time :
             {load.forward, load.backward, load.weightGradient, load.gradientSync, load.update})
            add(time);
    }
    for (const StageLink& link : simulation.links) {
        words.push_back(static_cast<uint64_t>(link.from));
        words.push_back(static_cast<uint64_t>(link.to));
        add(link.forward);
        add(link.backward);
        for (const std::vector<int>* cards : {&link.forwardCards, &link.backwardCards}) {
            words.push_back(cards->size());
            words.insert(words.end(), cards->begin(), cards->end());
        }
    }
    return words;
}

void measure(DraftModel& draft)
{
    draft.least = leastMemory(draft);
    const LayeredGraph& layered = *draft.model->layered;
    std::vector<double> times(static_cast<size_t>(layered.layerCount), 0);
    for (const int layer : draft.layerOfBlock)
        ++times[static_cast<size_t>(layer)];
    Seconds weightGradients;
    std::set<int64_t> sizes;
    std::vector<Seconds> ofContraction(layered.graph->ops.size()); // By its forward op.
    const ShardingSpec whole;                                      // No axes: nothing is split.
    for (size_t index = 0; index < layered.graph->ops.size(); ++index) {
        const OpId id(index);
        const Op& op = layered.graph->op(id);
        const Seconds once = layered.computeOn(id, 1.0, whole, whole, {});
        const Seconds time = once * times[static_cast<size_t>(layered.layerOfOp[index])];
        if (isContraction(op) && op.phase != Phase::kUpdate)
            ofContraction[(op.origin.isValid() ? op.origin : id).index()] += once;
        (op.phase == Phase::kUpdate ? draft.computePerStep : draft.computePerMicrobatch) += time;
        if (layered.isWeightGradient[index])
            weightGradients += time;
        for (const ValueId result : op.results)
            sizes.insert(layered.graph->type(result).dims.begin(),
                         layered.graph->type(result).dims.end());
    }
    if (draft.computePerMicrobatch.count > 0)
        draft.weightGradientShare = weightGradients / draft.computePerMicrobatch;
    draft.longestContraction = std::ranges::max(ofContraction);
    draft.sizes.assign(sizes.begin(), sizes.end());
}

} // namespace

PlanContext::PlanContext(std::shared_ptr<const Graph> model, OptimizerOptions optimizer,
                         Cluster cluster)
    : model_(std::move(model))
    , optimizer_(optimizer)
    , cluster_(std::move(cluster))
    , figures_(std::make_unique<Memo<StageFiguresKey, const StageFigures>>(clock_))
{
}

PlanContext::~PlanContext() = default;

bool PlanContext::mixesSamples()
{
    const auto found = mixesSamples_.get(0, [&]() -> Result<std::shared_ptr<const bool>> {
        return std::make_shared<const bool>(firstSampleMixing(*model_).has_value());
    });
    return **found;
}

bool PlanContext::isFor(const std::shared_ptr<const Graph>& model,
                        const OptimizerOptions& optimizer, const Cluster& cluster) const
{
    return model_ == model && optimizer_ == optimizer && cluster_ == cluster;
}

Result<std::shared_ptr<const SplitModel>> PlanContext::splitModel()
{
    return split_.get(0, [&]() -> Result<std::shared_ptr<const SplitModel>> {
        if (isTrainingStep(*model_)) // Its backward pass reads the whole projections too.
            return std::make_shared<const SplitModel>(SplitModel{withKnownPasses(*model_), {}});
        ASSIGN_OR_RETURN(SplitModel split, splitFusedProjections(*model_));
        return std::make_shared<const SplitModel>(std::move(split));
    });
}

Result<std::shared_ptr<const ShortModel>> PlanContext::shortModel(bool isOfBlocks)
{
    return short_.get(isOfBlocks, [&]() -> Result<std::shared_ptr<const ShortModel>> {
        ASSIGN_OR_RETURN(const auto split, splitModel());
        if (isOfBlocks)
            return std::make_shared<const ShortModel>(shortenModel(split->graph));
        ASSIGN_OR_RETURN(const auto ofBlocks, shortModel(true));
        const bool isCut = ofBlocks->keptCount() < static_cast<int>(ofBlocks->keptOf.size());
        std::optional<ShortModel> found;
        if (isCut)
            found = byContractions(split->graph, *ofBlocks);
        return found ? std::make_shared<const ShortModel>(std::move(*found)) : nullptr;
    });
}

Result<std::shared_ptr<const Layering>> PlanContext::layering(std::optional<int> layers,
                                                              const JobControl& control)
{
    return layerings_.get(layers.value_or(0), [&]() -> Result<std::shared_ptr<const Layering>> {
        ASSIGN_OR_RETURN(const auto split, splitModel());
        ASSIGN_OR_RETURN(Layering layering, layerUnits(split->graph, layers, {}, control));
        return std::make_shared<const Layering>(std::move(layering));
    });
}

Result<std::shared_ptr<const DraftModel>> PlanContext::draftModel(int64_t microbatchSize,
                                                                  std::optional<int> layers,
                                                                  const JobControl& control)
{
    const auto make = [&]() -> Result<std::shared_ptr<const DraftModel>> {
        ASSIGN_OR_RETURN(const auto layered, layering(layers, control));
        auto draft = std::make_shared<DraftModel>();
        draft->begins = layered->begins;
        std::shared_ptr<const ShortModel> shortened;
        if (!isTrainingStep(*model_)) {
            ASSIGN_OR_RETURN(shortened, shortModel(layered->isOfBlocks));
        }
        if (shortened) {
            Layering perBlock;
            perBlock.isOfBlocks = layered->isOfBlocks;
            perBlock.begins.resize(static_cast<size_t>(shortened->keptCount()) + 1);
            std::iota(perBlock.begins.begin(), perBlock.begins.end(), 0);
            perBlock.names.resize(static_cast<size_t>(shortened->keptCount()));
            const SplitModel loss{.graph = shortened->loss, .views = {}};
            ASSIGN_OR_RETURN(const auto step,
                             prepareStep(loss, microbatchSize, optimizer_, control));
            ASSIGN_OR_RETURN(PreparedModel model, prepareModel(loss, step, microbatchSize, perBlock,
                                                               cluster_.device, control));
            if (model.isLayeredAsAsked) {
                draft->model = std::make_shared<const PreparedModel>(std::move(model));
                draft->shortened = shortened;
                draft->layerOfBlock = shortened->keptOf;
                measure(*draft);
                return std::shared_ptr<const DraftModel>(std::move(draft));
            }
        }
        ASSIGN_OR_RETURN(draft->model, fullModel(microbatchSize, layers, control));
        draft->layerOfBlock.resize(draft->model->layers.size());
        std::iota(draft->layerOfBlock.begin(), draft->layerOfBlock.end(), 0);
        draft->begins = draft->layerOfBlock;
        draft->begins.push_back(static_cast<int>(draft->layerOfBlock.size()));
        measure(*draft);
        return std::shared_ptr<const DraftModel>(std::move(draft));
    };
    return drafts_.get({microbatchSize, layers.value_or(0)}, make);
}

Result<std::shared_ptr<const PreparedModel>>
PlanContext::fullModel(int64_t microbatchSize, std::optional<int> layers, const JobControl& control)
{
    const auto make = [&]() -> Result<std::shared_ptr<const PreparedModel>> {
        ASSIGN_OR_RETURN(const auto split, splitModel());
        ASSIGN_OR_RETURN(const auto layered, layering(layers, control));
        // Most of a deep model's time, and the same however it is cut.
        ASSIGN_OR_RETURN(const auto step, steps_.get(microbatchSize, [&] {
            return prepareStep(*split, microbatchSize, optimizer_, control);
        }));
        ASSIGN_OR_RETURN(PreparedModel model, prepareModel(*split, step, microbatchSize, *layered,
                                                           cluster_.device, control));
        return std::make_shared<const PreparedModel>(std::move(model));
    };
    return full_.get({microbatchSize, layers.value_or(0)}, make);
}

Result<std::shared_ptr<const LayeredGraph>>
PlanContext::layeredOn(const std::shared_ptr<const PreparedModel>& model, int kind)
{
    if (kind == 0)
        return model->layered;
    return ofSecondKind_.get(model, [&]() -> Result<std::shared_ptr<const LayeredGraph>> {
        const LayeredGraph& first = *model->layered;
        return std::make_shared<const LayeredGraph>(
            analyseLayers(first.graph, first.layerOfOp, first.layerCount, cluster_.deviceOf(kind)));
    });
}

Result<std::shared_ptr<StageSharder>>
PlanContext::sharder(const std::shared_ptr<const PreparedModel>& model, const MeshKey& mesh)
{
    return sharders_.get({model, mesh}, [&]() -> Result<std::shared_ptr<StageSharder>> {
        ASSIGN_OR_RETURN(const auto layered, layeredOn(model, mesh.kind));
        const Submesh place{.firstHost = cluster_.firstHostOf(mesh.kind),
                            .hosts = mesh.hosts,
                            .firstDevice = 0,
                            .devicesPerHost = mesh.devicesPerHost};
        return StageSharder::create(layered, cluster_, makeDeviceMesh(cluster_, place, mesh.axes));
    });
}

Result<std::shared_ptr<const CandidateFamily>>
PlanContext::family(const FamilyKey& key,
                    const std::function<Result<std::shared_ptr<const CandidateFamily>>()>& make)
{
    return families_.get(key, make);
}

Result<std::shared_ptr<const StageFigures>>
PlanContext::stageFigures(const StageFiguresKey& key, const std::function<StageFigures()>& count)
{
    return figures_->get(key, [&]() -> Result<std::shared_ptr<const StageFigures>> {
        return std::make_shared<const StageFigures>(count());
    });
}

std::shared_ptr<const BlockRuns>
PlanContext::blockRuns(const DraftModel& model, const std::vector<SpecConstraint>& constraints)
{
    const auto find = [&]() -> Result<std::shared_ptr<const BlockRuns>> {
        return std::make_shared<const BlockRuns>(findBlockRuns(model, constraints));
    };
    return *blockRuns_.get({model.model, specsText(constraints)}, find);
}

std::shared_ptr<const AssembledStage>
PlanContext::assembledStage(const AssembledStageKey& key,
                            const std::function<AssembledStage()>& assemble)
{
    return *assembled_.get(key, [&]() -> Result<std::shared_ptr<const AssembledStage>> {
        return std::make_shared<const AssembledStage>(assemble());
    });
}

Result<Seconds> PlanContext::stepTime(const SimulationProblem& simulation)
{
    const auto simulate = [&]() -> Result<std::shared_ptr<const Seconds>> {
        ASSIGN_OR_RETURN(const Seconds time, simulateStepTime(simulation));
        return std::make_shared<const Seconds>(time);
    };
    ASSIGN_OR_RETURN(const auto time, stepTimes_.get(wordsOf(simulation), simulate));
    return *time;
}

void PlanContext::keep(const std::string& asked, const PlanOutcome& outcome)
{
    // Who planned the same beside this one has found the same.
    (void)outcomes_.get(asked, [&]() -> Result<std::shared_ptr<const PlanOutcome>> {
        return std::make_shared<const PlanOutcome>(outcome);
    });
}

Bytes PlanContext::size() const
{
    const auto ofSharder = [](const StageSharder& sharder) { return sharder.size(); };
    const auto ofDraft = [](const DraftModel& draft) { return sizeOf(*draft.model); };
    const auto ofFamily = [](const CandidateFamily& family) {
        return Bytes(static_cast<int64_t>(family.candidates.size() * sizeof(StageCandidate)));
    };
    const auto ofAssembled = [](const AssembledStage& assembled) {
        return sizeOf(assembled.stage);
    };
    const auto ofOutcome = [](const PlanOutcome& outcome) { return sizeOf(outcome); };
    return assembled_.size(ofAssembled) + outcomes_.size(ofOutcome) + sharders_.size(ofSharder) +
           families_.size(ofFamily) + drafts_.size(ofDraft) +
           full_.size([](const PreparedModel& model) { return sizeOf(model); });
}

void PlanContext::trim(Bytes limit)
{
    // Halves what is kept of the uses since the start until it fits; the newest stay.
    uint64_t oldest = 0;
    while (size() > limit && oldest < clock_) {
        oldest += (clock_ - oldest) / 8 + 1;
        sharders_.forgetBefore(oldest);
        ofSecondKind_.forgetBefore(oldest);
        drafts_.forgetBefore(oldest);
        full_.forgetBefore(oldest);
        steps_.forgetBefore(oldest);
        figures_->forgetBefore(oldest);
        blockRuns_.forgetBefore(oldest);
        stepTimes_.forgetBefore(oldest);
        outcomes_.forgetBefore(oldest);
        assembled_.forgetBefore(oldest);
        families_.forgetBefore(oldest);
        draftOutcomes_.forgetBefore(oldest);
    }
}

} // namespace alpa
