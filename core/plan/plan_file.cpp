// Plans from JSON text. Nothing in a file is believed: ids, counts and specs are checked here, the
// graph by its verifier, and how it all fits together by checkPlan.
#include "core/plan/plan_file.h"

#include "core/base/files.h"
#include "core/base/parse_json.h"
#include "core/graph/graph_text.h"
#include "core/graph/verify.h"
#include "core/plan/check_plan.h"
#include "core/plan/plan_json.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

class PlanReader
{
public:
    PlanReader(const Json& json, std::optional<Error>& problem)
        : root_(json, problem)
        , plan_(std::make_shared<ParallelPlan>())
    {
    }

    std::shared_ptr<ParallelPlan> read()
    {
        readHead();
        readTables();
        if (root_.failed())
            return nullptr;
        for (const JsonPlace& stage : root_.member("stages").elements())
            plan_->stages.push_back(readStage(stage));
        if (plan_->stages.empty())
            root_.member("stages").fail("a plan has at least one stage");
        if (!root_.failed())
            plan_->timeline = timelineFromJson(root_.member("timeline"), plan_->stages.size(),
                                               plan_->microbatches);
        return plan_;
    }

private:
    void readHead()
    {
        if (root_.member("format").text() != kPlanFormat)
            root_.fail(fmt::format("not a plan: expected the format '{}'", kPlanFormat));
        const JsonPlace version = root_.member("version");
        if (const int64_t number = version.count(0, kMostInPlan); number != kPlanVersion)
            version.fail(fmt::format("got {}, but this program reads version {} only: make the "
                                     "plan again",
                                     number, kPlanVersion));
        const JsonPlace model = root_.member("model");
        plan_->modelName = model.member("name").text();
        plan_->modelPath = model.member("path").text();
        plan_->modelFlops = Flops(model.member("flopPerStep").number());
        readCluster();
        plan_->options = optionsFromJson(root_.member("options"));
        plan_->schedule = readName(root_.member("schedule"), kSchedules);
        if (root_.has("chunks"))
            plan_->chunks = root_.member("chunks").countInt(1, kMostMicrobatches);
        plan_->microbatches = root_.member("microbatches").countInt(1, kMostMicrobatches);
        plan_->microbatchSize = root_.member("microbatchSize").count(1, int64_t{1} << 40);
        plan_->stepTime = root_.member("stepSeconds").seconds();
        if (root_.has("stepBoundSeconds"))
            plan_->stepBound = root_.member("stepBoundSeconds").seconds();
        for (const JsonPlace& layer : root_.member("layers").elements())
            plan_->layers.push_back({.name = layer.member("name").text(),
                                     .flops = Flops(layer.member("flop").number())});
    }

    void readCluster()
    {
        const JsonPlace place = root_.member("cluster");
        if (root_.failed())
            return;
        const Result<Cluster> cluster = parseClusterJson(place.dump());
        if (cluster.ok())
            plan_->cluster = *cluster;
        else
            place.fail(cluster.error().message);
    }

    void readTables()
    {
        for (const JsonPlace& place : root_.member("specs").elements()) {
            const Result<ShardingSpec> spec = parseSpec(place.text());
            if (!spec.ok())
                place.fail(spec.error().message);
            specs_.push_back(spec.ok() ? *spec : ShardingSpec());
        }
        strategies_ = root_.member("strategies").texts();
        readGraph();
        for (const JsonPlace& view : root_.member("views").elements())
            readView(view);
        plan_->layerOfOp = root_.member("layerOfOp")
                               .counts(0, std::max(0, static_cast<int>(plan_->layers.size()) - 1));
        if (plan_->graph && plan_->layerOfOp.size() != plan_->graph->ops.size())
            root_.member("layerOfOp").fail("not one layer per op of the graph");
    }

    void readGraph()
    {
        const JsonPlace place = root_.member("graph");
        Result<Graph> graph = parseGraph(place.text());
        if (!graph.ok())
            return place.fail(graph.error().message);
        if (const Status status = checkGraph(*graph); !status.ok())
            return place.fail(status.error().message);
        plan_->graph = std::make_shared<const Graph>(std::move(graph).value());
    }

    /// A part of a parameter: the graph's input of that name has its size.
    void readView(const JsonPlace& place)
    {
        ParameterView view;
        view.input = place.member("input").text();
        view.source = place.member("source").text();
        view.dim = place.member("dim").countInt(0, kMaxRank - 1);
        view.begin = place.member("begin").count(0, int64_t{1} << 40);
        view.end = place.member("end").count(0, int64_t{1} << 40);
        if (root_.failed())
            return;
        const auto isViewed = [&](const GraphInput& input) {
            const Value& value = plan_->graph->value(input.value);
            return input.role == InputRole::kParameter && value.name == view.input &&
                   view.dim < value.type.rank() &&
                   value.type.dims[static_cast<size_t>(view.dim)] == view.end - view.begin;
        };
        if (std::ranges::none_of(plan_->graph->inputs, isViewed))
            place.fail("no parameter of the graph is this part");
        plan_->views.push_back(std::move(view));
    }

    PlanStage readStage(const JsonPlace& place)
    {
        PlanStage stage;
        const int layers = static_cast<int>(plan_->layers.size());
        const std::vector<int> range = place.member("layers").counts(0, layers);
        if (range.size() == 2) {
            stage.firstLayer = range[0];
            stage.endLayer = range[1];
        } else {
            place.member("layers").fail("expected the first layer and the one after the last");
        }
        readMesh(place, stage);
        stage.cost = readCost(place.member("cost"));
        stage.memory = readMemory(place.member("memory"));
        stage.recomputes = place.member("recomputes").flag();
        stage.repeatsCheapOps =
            place.has("repeatsCheapOps") && place.member("repeatsCheapOps").flag();
        if (place.has("recomputedLayers"))
            stage.recomputedLayers =
                place.member("recomputedLayers").countInt(0, stage.endLayer - stage.firstLayer);
        stage.certificate = readCertificate(place.member("certificate"));
        for (const JsonPlace& input : place.member("inputs").elements())
            stage.inputs.push_back({.value = ValueId(input.member("value").count(0, lastValue())),
                                    .layer = input.member("layer").countInt(0, layers),
                                    .spec = spec(input.member("spec")),
                                    .source = readName(input.member("source"), kInputSources)});
        readOps(place, stage);
        for (const JsonPlace& decision : place.member("decisions").elements())
            stage.decisions.push_back(readDecision(decision));
        return stage;
    }

    int64_t lastValue() const { return static_cast<int64_t>(plan_->graph->values.size()) - 1; }
    int64_t lastOp() const { return static_cast<int64_t>(plan_->graph->ops.size()) - 1; }

    ShardingSpec spec(const JsonPlace& place) const
    {
        const auto index = static_cast<size_t>(place.count(0, lastSpec()));
        return place.failed() ? ShardingSpec() : specs_[index];
    }
    int lastSpec() const { return static_cast<int>(specs_.size()) - 1; }

    /// Links and devices follow from the cluster, so they are not in the file.
    void readMesh(const JsonPlace& place, PlanStage& stage) const
    {
        const Cluster& cluster = plan_->cluster;
        const JsonPlace json = place.member("submesh");
        Submesh& submesh = stage.submesh;
        submesh.firstHost = json.member("firstHost").countInt(0, cluster.hosts - 1);
        submesh.hosts = json.member("hosts").countInt(1, cluster.hosts - submesh.firstHost);
        submesh.firstDevice = json.member("firstDevice").countInt(0, cluster.devicesPerHost - 1);
        submesh.devicesPerHost =
            json.member("devicesPerHost").countInt(1, cluster.devicesPerHost - submesh.firstDevice);
        if (!place.failed() && cluster.kindOfHost(submesh.firstHost) !=
                                   cluster.kindOfHost(submesh.firstHost + submesh.hosts - 1))
            json.fail("hosts of two kinds: the devices of a stage are of one kind");
        const JsonPlace axes = place.member("axes");
        const std::vector<int> sizes = axes.counts(1, cluster.deviceCount());
        int64_t devices = 1;
        for (const int size : sizes)
            devices = std::min<int64_t>(devices * size, kMostInPlan);
        if (sizes.empty() || sizes.size() > kMaxMeshAxes || devices != submesh.deviceCount())
            axes.fail(fmt::format("expected up to {} sizes whose product is the submesh's {} "
                                  "devices",
                                  kMaxMeshAxes, submesh.deviceCount()));
        if (!place.failed())
            stage.mesh = makeDeviceMesh(cluster, submesh, sizes);
    }

    static Seconds secondsIfAny(const JsonPlace& place, const char* field)
    {
        return place.has(field) ? place.member(field).seconds() : Seconds(0);
    }

    static StageCost readCost(const JsonPlace& place)
    {
        return {.forwardCompute = place.member("forwardComputeSeconds").seconds(),
                .backwardCompute = place.member("backwardComputeSeconds").seconds(),
                .forwardCommunication = place.member("forwardCommunicationSeconds").seconds(),
                .backwardCommunication = place.member("backwardCommunicationSeconds").seconds(),
                .gradientSync = place.member("gradientSyncSeconds").seconds(),
                .update = place.member("updateSeconds").seconds(),
                .receive = place.member("receiveSeconds").seconds(),
                .recomputation = place.member("recomputationSeconds").seconds(),
                .weightGradient = secondsIfAny(place, "weightGradientSeconds"),
                .hiddenReduction = secondsIfAny(place, "hiddenReductionSeconds"),
                .hiddenGather = secondsIfAny(place, "hiddenGatherSeconds")};
    }

    StageMemory readMemory(const JsonPlace& place) const
    {
        return {.parameters = place.member("parameterBytes").bytes(),
                .gradients = place.member("gradientBytes").bytes(),
                .optimizerState = place.member("optimizerStateBytes").bytes(),
                .activations = place.member("activationBytes").bytes(),
                .inFlight = place.member("inFlight").countInt(1, kMostMicrobatches),
                .waiting =
                    place.has("waitingBytes") ? place.member("waitingBytes").bytes() : Bytes(0),
                .transient = place.member("transientBytes").bytes()};
    }

    static Certificate readCertificate(const JsonPlace& place)
    {
        return {.cost = place.member("costSeconds").number(),
                .lowerBound = place.member("lowerBoundSeconds").number(),
                .isOptimal = place.member("isOptimal").flag(),
                .memoryBinds = place.member("memoryBinds").flag(),
                .decisions = place.member("decisions").countInt(0, kMostInPlan),
                .strategies = place.member("strategies").countInt(0, INT32_MAX),
                .method = place.member("method").text()};
    }

    void readOps(const JsonPlace& place, PlanStage& stage) const
    {
        const std::vector<int64_t> ops = place.member("ops").counts64(0, lastOp());
        const JsonPlace specPlace = place.member("opSpecs");
        const std::vector<int> numbers = specPlace.counts(0, lastSpec());
        size_t next = 0;
        const auto take = [&](size_t count) {
            std::vector<ShardingSpec> taken;
            for (size_t i = 0; i < count && next < numbers.size(); ++i)
                taken.push_back(specs_[static_cast<size_t>(numbers[next++])]);
            return taken;
        };
        for (const int64_t number : ops) {
            const Op& op = plan_->graph->op(OpId(number));
            stage.ops.push_back(OpId(number));
            OpSharding sharding;
            sharding.operands = take(op.operands.size());
            sharding.results = take(op.results.size());
            if (sharding.results.size() != op.results.size())
                return specPlace.fail("fewer specs than the ops have operands and results");
            stage.shardings.push_back(std::move(sharding));
        }
        if (next != numbers.size())
            specPlace.fail("more specs than the ops have operands and results");
    }

    Decision readDecision(const JsonPlace& place) const
    {
        Decision decision;
        decision.label = place.member("label").text();
        if (place.has("op"))
            decision.op = OpId(place.member("op").count(0, lastOp()));
        if (place.has("value"))
            decision.value = ValueId(place.member("value").count(0, lastValue()));
        const int lastStrategy = static_cast<int>(strategies_.size()) - 1;
        const std::vector<int> names = place.member("strategies").counts(0, lastStrategy);
        const std::vector<int> specs = place.member("specs").counts(0, lastSpec());
        const std::vector<double> deltas = place.member("deltaSeconds").numbers();
        if (names.empty() || specs.size() != names.size() || deltas.size() != names.size())
            place.fail("expected strategies, specs and deltaSeconds of one length");
        decision.chosen =
            place.member("chosen").countInt(0, std::max(0, static_cast<int>(names.size()) - 1));
        for (size_t i = 0; i < names.size() && !place.failed(); ++i)
            decision.alternatives.push_back({.strategy = strategies_[static_cast<size_t>(names[i])],
                                             .result = specs_[static_cast<size_t>(specs[i])],
                                             .delta = Seconds(deltas[i])});
        return decision;
    }

    JsonPlace root_;
    std::shared_ptr<ParallelPlan> plan_;
    std::vector<ShardingSpec> specs_;
    std::vector<std::string> strategies_;
};

} // namespace

Result<std::shared_ptr<const ParallelPlan>> planFromJson(const std::string& text)
{
    ASSIGN_OR_RETURN(const Json json, parseJson(text));
    if (!json.is_object() || !json.contains("format"))
        return Error(ErrorCode::kInvalidInput,
                     "is JSON, but not a plan: made with 'alpa plan -o'?");
    std::optional<Error> problem;
    const std::shared_ptr<ParallelPlan> plan = PlanReader(json, problem).read();
    if (problem)
        return *problem;
    RETURN_IF_ERROR(checkPlan(*plan));
    return std::shared_ptr<const ParallelPlan>(plan);
}

Result<std::shared_ptr<const ParallelPlan>> loadPlan(const std::string& path)
{
    ASSIGN_OR_RETURN(const std::string text, readFile(path));
    Result<std::shared_ptr<const ParallelPlan>> plan = planFromJson(text);
    if (!plan.ok())
        return plan.error().in(path);
    return plan;
}

Status savePlan(const ParallelPlan& plan, const std::string& path)
{
    return writeFileAtomically(path, planToJson(plan));
}

} // namespace alpa
