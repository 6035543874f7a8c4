// Plans to JSON text.
#include "core/graph/graph_text.h"
#include "core/plan/plan_file.h"
#include "core/plan/plan_json.h"

#include <unordered_map>

namespace alpa
{
namespace
{

/// Texts that occur often, each once: a plan names few different specs many thousand times.
class NameTable
{
public:
    int number(const std::string& text)
    {
        const auto [place, isNew] = numbers_.emplace(text, static_cast<int>(texts_.size()));
        if (isNew)
            texts_.push_back(text);
        return place->second;
    }
    const std::vector<std::string>& texts() const { return texts_; }

private:
    std::vector<std::string> texts_;
    std::unordered_map<std::string, int> numbers_;
};

class SpecTable
{
public:
    int number(const ShardingSpec& spec)
    {
        const auto known = numbers_.find(spec);
        if (known != numbers_.end())
            return known->second;
        texts_.push_back(formatSpec(spec));
        const int number = static_cast<int>(texts_.size()) - 1;
        numbers_.emplace(spec, number);
        return number;
    }
    const std::vector<std::string>& texts() const { return texts_; }

private:
    std::vector<std::string> texts_;
    std::unordered_map<ShardingSpec, int, ShardingSpecHash> numbers_;
};

class PlanWriter
{
public:
    explicit PlanWriter(const ParallelPlan& plan)
        : plan_(plan)
    {
    }

    std::string write()
    {
        Json stages = Json::array();
        for (const PlanStage& stage : plan_.stages)
            stages.push_back(stageJson(stage));
        begin();
        add("model", {{"name", plan_.modelName},
                      {"path", plan_.modelPath},
                      {"flopPerStep", jsonNumber(plan_.modelFlops.count)}});
        add("cluster", Json::parse(clusterToJson(plan_.cluster)));
        add("options", optionsToJson(plan_.options));
        add("schedule", nameIn(kSchedules, plan_.schedule));
        if (plan_.chunks > 1)
            add("chunks", plan_.chunks);
        add("microbatches", plan_.microbatches);
        add("microbatchSize", plan_.microbatchSize);
        add("stepSeconds", jsonNumber(plan_.stepTime.count));
        if (plan_.stepBound > Seconds(0))
            add("stepBoundSeconds", jsonNumber(plan_.stepBound.count));
        add("views", viewsJson());
        add("layers", layersJson());
        add("specs", specs_.texts());
        add("strategies", strategies_.texts());
        add("stages", stages);
        add("timeline", timelineToJson(plan_.timeline));
        add("layerOfOp", plan_.layerOfOp);
        add("graph", formatGraph(*plan_.graph));
        return std::move(text_) + "\n}\n";
    }

private:
    void begin()
    {
        text_ = "{\n";
        text_ += "\"format\": \"" + std::string(kPlanFormat) + "\"";
        add("version", kPlanVersion);
    }

    /// One line per field, so that two plans can be compared line by line.
    void add(const char* name, const Json& json)
    {
        text_ += ",\n\"" + std::string(name) + "\": ";
        if (!json.is_array() || json.empty() || !json.front().is_object()) {
            text_ += dump(json);
            return;
        }
        const char* separator = "[\n";
        for (const Json& element : json) {
            text_ += separator + dump(element);
            separator = ",\n";
        }
        text_ += "\n]";
    }
    /// Names are any text; invalid UTF-8 is replaced rather than thrown.
    static std::string dump(const Json& json)
    {
        return json.dump(-1, ' ', false, Json::error_handler_t::replace);
    }

    Json viewsJson() const
    {
        Json views = Json::array();
        for (const ParameterView& view : plan_.views)
            views.push_back({{"input", view.input},
                             {"source", view.source},
                             {"dim", view.dim},
                             {"begin", view.begin},
                             {"end", view.end}});
        return views;
    }

    Json layersJson() const
    {
        Json layers = Json::array();
        for (const PlannedLayer& layer : plan_.layers)
            layers.push_back({{"name", layer.name}, {"flop", jsonNumber(layer.flops.count)}});
        return layers;
    }

    Json stageJson(const PlanStage& stage)
    {
        const Submesh& submesh = stage.submesh;
        Json axes = Json::array();
        for (const MeshAxis& axis : stage.mesh.axes)
            axes.push_back(axis.size);
        Json json{{"layers", {stage.firstLayer, stage.endLayer}},
                  {"submesh",
                   {{"firstHost", submesh.firstHost},
                    {"hosts", submesh.hosts},
                    {"firstDevice", submesh.firstDevice},
                    {"devicesPerHost", submesh.devicesPerHost}}},
                  {"axes", std::move(axes)},
                  {"cost", costJson(stage.cost)},
                  {"memory", memoryJson(stage.memory)},
                  {"recomputes", stage.recomputes},
                  {"repeatsCheapOps", stage.repeatsCheapOps},
                  {"certificate", certificateJson(stage.certificate)},
                  {"inputs", inputsJson(stage.inputs)}};
        if (stage.recomputedLayers > 0)
            json["recomputedLayers"] = stage.recomputedLayers;
        addOps(stage, json);
        Json decisions = Json::array();
        for (const Decision& decision : stage.decisions)
            decisions.push_back(decisionJson(decision));
        json["decisions"] = std::move(decisions);
        return json;
    }

    /// Specs of each op one after the other: its operands, then its results; the graph says how
    /// many.
    void addOps(const PlanStage& stage, Json& json)
    {
        Json ops = Json::array();
        Json specs = Json::array();
        for (size_t i = 0; i < stage.ops.size(); ++i) {
            ops.push_back(stage.ops[i].number);
            for (const ShardingSpec& spec : stage.shardings[i].operands)
                specs.push_back(specs_.number(spec));
            for (const ShardingSpec& spec : stage.shardings[i].results)
                specs.push_back(specs_.number(spec));
        }
        json["ops"] = std::move(ops);
        json["opSpecs"] = std::move(specs);
    }

    Json inputsJson(const std::vector<PlannedInput>& inputs)
    {
        Json list = Json::array();
        for (const PlannedInput& input : inputs)
            list.push_back({{"value", input.value.number},
                            {"layer", input.layer},
                            {"spec", specs_.number(input.spec)},
                            {"source", nameIn(kInputSources, input.source)}});
        return list;
    }

    static Json costJson(const StageCost& cost)
    {
        Json json{{"forwardComputeSeconds", jsonNumber(cost.forwardCompute.count)},
                  {"backwardComputeSeconds", jsonNumber(cost.backwardCompute.count)},
                  {"forwardCommunicationSeconds", jsonNumber(cost.forwardCommunication.count)},
                  {"backwardCommunicationSeconds", jsonNumber(cost.backwardCommunication.count)},
                  {"gradientSyncSeconds", jsonNumber(cost.gradientSync.count)},
                  {"updateSeconds", jsonNumber(cost.update.count)},
                  {"receiveSeconds", jsonNumber(cost.receive.count)},
                  {"recomputationSeconds", jsonNumber(cost.recomputation.count)},
                  {"weightGradientSeconds", jsonNumber(cost.weightGradient.count)}};
        if (cost.hiddenReduction.count > 0)
            json["hiddenReductionSeconds"] = jsonNumber(cost.hiddenReduction.count);
        if (cost.hiddenGather.count > 0)
            json["hiddenGatherSeconds"] = jsonNumber(cost.hiddenGather.count);
        return json;
    }

    static Json memoryJson(const StageMemory& memory)
    {
        return {{"parameterBytes", memory.parameters.count},
                {"gradientBytes", memory.gradients.count},
                {"optimizerStateBytes", memory.optimizerState.count},
                {"activationBytes", memory.activations.count},
                {"inFlight", memory.inFlight},
                {"waitingBytes", memory.waiting.count},
                {"transientBytes", memory.transient.count}};
    }

    static Json certificateJson(const Certificate& certificate)
    {
        return {{"costSeconds", jsonNumber(certificate.cost)},
                {"lowerBoundSeconds", jsonNumber(certificate.lowerBound)},
                {"isOptimal", certificate.isOptimal},
                {"memoryBinds", certificate.memoryBinds},
                {"decisions", certificate.decisions},
                {"strategies", certificate.strategies},
                {"method", certificate.method}};
    }

    Json decisionJson(const Decision& decision)
    {
        Json json{{"label", decision.label}};
        if (decision.op.isValid())
            json["op"] = decision.op.number;
        if (decision.value.isValid())
            json["value"] = decision.value.number;
        json["chosen"] = decision.chosen;
        Json strategies = Json::array();
        Json results = Json::array();
        Json deltas = Json::array();
        for (const Alternative& alternative : decision.alternatives) {
            strategies.push_back(strategies_.number(alternative.strategy));
            results.push_back(specs_.number(alternative.result));
            deltas.push_back(jsonNumber(alternative.delta.count));
        }
        json["strategies"] = std::move(strategies);
        json["specs"] = std::move(results);
        json["deltaSeconds"] = std::move(deltas);
        return json;
    }

    const ParallelPlan& plan_;
    SpecTable specs_;
    NameTable strategies_;
    std::string text_;
};

} // namespace

std::string planToJson(const ParallelPlan& plan) { return PlanWriter(plan).write(); }

} // namespace alpa
