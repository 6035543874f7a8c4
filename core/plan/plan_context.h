// PlanContext: what is known of one model on one cluster, whatever the constraints. Every member
// is the remembered value of a function, so what is known already never changes a plan.
#pragma once

#include "core/base/job.h"
#include "core/intra_op/stage_sharding.h"
#include "core/plan/candidate_family.h"
#include "core/plan/draft_model.h"
#include "core/plan/make_plan.h"
#include "core/plan/memo.h"
#include "core/plan/plan_request.h"
#include "core/plan/prepare_model.h"
#include "core/plan/step_bound.h"
#include "core/plan/team.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace alpa
{

struct AssembledStage;
/// All that an assembled stage depends on: its sharder and, in words, question, answer and place.
using AssembledStageKey = std::pair<std::shared_ptr<const StageSharder>, std::vector<uint64_t>>;
struct BlockRuns;
struct StageFigures;
struct StageFiguresKey;

/// What a draft comes to; kForever: no stages can be chosen.
struct DraftOutcome {
    Seconds stepTime = kForever;
    Seconds optimisticTime = kForever;
    StepBound bound; ///< See step_bound.h.
};
/// All that the draft of one microbatch count depends on if constraints on shardings are left out:
/// the model of drafts, the count, isLean, the constraints as JSON.
using DraftKey = std::tuple<std::shared_ptr<const PreparedModel>, int, bool, std::string>;

/// Safe to use from several threads.
class PlanContext
{
public:
    PlanContext(std::shared_ptr<const Graph> model, OptimizerOptions optimizer, Cluster cluster);
    ~PlanContext();

    bool isFor(const std::shared_ptr<const Graph>& model, const OptimizerOptions& optimizer,
               const Cluster& cluster) const;
    const Graph& model() const { return *model_; }
    const Cluster& cluster() const { return cluster_; }
    Team& team() { return team_; }
    /// Do the samples of a batch meet before the loss (core/training/sample_mixing.h)?
    bool mixesSamples();

    Result<std::shared_ptr<const Layering>> layering(std::optional<int> layers,
                                                     const JobControl& control);
    Result<std::shared_ptr<const DraftModel>>
    draftModel(int64_t microbatchSize, std::optional<int> layers, const JobControl& control);
    /// All layers of the model.
    Result<std::shared_ptr<const PreparedModel>>
    fullModel(int64_t microbatchSize, std::optional<int> layers, const JobControl& control);
    bool knowsFullModel(int64_t microbatchSize, std::optional<int> layers)
    {
        return full_.find({microbatchSize, layers.value_or(0)}) != nullptr;
    }
    /// Of a model that this context made.
    Result<std::shared_ptr<StageSharder>> sharder(const std::shared_ptr<const PreparedModel>& model,
                                                  const MeshKey& mesh);

    /// findBlockRuns (block_runs.h) of a model that this context made.
    std::shared_ptr<const BlockRuns> blockRuns(const DraftModel& model,
                                               const std::vector<SpecConstraint>& constraints);
    /// Fails as `make` does.
    Result<std::shared_ptr<const CandidateFamily>>
    family(const FamilyKey& key,
           const std::function<Result<std::shared_ptr<const CandidateFamily>>()>& make);
    Result<std::shared_ptr<const DraftOutcome>>
    draftOutcome(const DraftKey& key,
                 const std::function<Result<std::shared_ptr<const DraftOutcome>>()>& make)
    {
        return draftOutcomes_.get(key, make);
    }
    /// See stage_figures.h.
    Result<std::shared_ptr<const StageFigures>>
    stageFigures(const StageFiguresKey& key, const std::function<StageFigures()>& count);

    /// See assemble_whole.h.
    std::shared_ptr<const AssembledStage>
    assembledStage(const AssembledStageKey& key, const std::function<AssembledStage()>& assemble);
    /// simulateStepTime of it.
    Result<Seconds> stepTime(const SimulationProblem& simulation);
    /// What makePlan found for options, path and threads, as text; null: not known.
    std::shared_ptr<const PlanOutcome> outcome(const std::string& asked)
    {
        return outcomes_.find(asked);
    }
    void keep(const std::string& asked, const PlanOutcome& outcome);

    /// Roughly what is remembered.
    Bytes size() const;
    /// Forgets what was not used for longest until about `limit` is left.
    void trim(Bytes limit);

    /// The layers of `model` as devices of `kind` run them.
    Result<std::shared_ptr<const LayeredGraph>>
    layeredOn(const std::shared_ptr<const PreparedModel>& model, int kind);

private:
    using ModelKey = std::tuple<int64_t, int>; ///< Microbatch size; layers asked or 0.
    using BlockRunsKey = std::tuple<std::shared_ptr<const PreparedModel>, std::string>;
    using SharderKey = std::tuple<std::shared_ptr<const PreparedModel>, MeshKey>;

    Result<std::shared_ptr<const SplitModel>> splitModel();
    /// Of blocks or of contractions; null: nothing was cut out.
    Result<std::shared_ptr<const ShortModel>> shortModel(bool isOfBlocks);

    std::shared_ptr<const Graph> model_;
    OptimizerOptions optimizer_;
    Cluster cluster_;
    UseClock clock_;
    Memo<int, const bool> mixesSamples_{clock_};
    Memo<int, const SplitModel> split_{clock_};
    Memo<bool, const ShortModel> short_{clock_}; ///< Of blocks?
    Memo<int, const Layering> layerings_{clock_};
    Memo<ModelKey, const DraftModel> drafts_{clock_};
    Memo<int64_t, const Graph> steps_{clock_}; ///< By microbatch size.
    Memo<ModelKey, const PreparedModel> full_{clock_};
    Memo<std::shared_ptr<const PreparedModel>, const LayeredGraph> ofSecondKind_{clock_};
    Memo<SharderKey, StageSharder> sharders_{clock_};
    Memo<FamilyKey, const CandidateFamily> families_{clock_};
    Memo<DraftKey, const DraftOutcome> draftOutcomes_{clock_};
    Memo<BlockRunsKey, const BlockRuns> blockRuns_{clock_};
    Memo<std::vector<uint64_t>, const Seconds> stepTimes_{clock_};
    Memo<AssembledStageKey, const AssembledStage> assembled_{clock_};
    Memo<std::string, const PlanOutcome> outcomes_{clock_};
    std::unique_ptr<Memo<StageFiguresKey, const StageFigures>> figures_;
    Team team_;
};

} // namespace alpa
