#include "core/export/export_views.h"

#include "core/base/text.h"
#include "core/export/markup_text.h"
#include "core/export/value_specs.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

namespace alpa
{
namespace
{

using Json = nlohmann::ordered_json;

double micros(Seconds seconds) { return seconds.count * 1e6; }

/// Threads of a stage's process.
constexpr int kCompute = 0;
constexpr int kTransfers = 1;

std::string_view phaseWord(ScheduledTask::Phase phase)
{
    switch (phase) {
    case ScheduledTask::Phase::kForward:
        return "forward";
    case ScheduledTask::Phase::kBackward:
        return "backward";
    case ScheduledTask::Phase::kWeightGradient:
        return "weight gradient";
    case ScheduledTask::Phase::kGradientSync:
        return "gradient sync";
    case ScheduledTask::Phase::kUpdate:
        return "update";
    }
    return "";
}

Json metadata(const char* kind, size_t process, int thread, const std::string& name)
{
    return {
        {"ph", "M"}, {"name", kind}, {"pid", process}, {"tid", thread}, {"args", {{"name", name}}}};
}

void addStageEvents(Json& events, const ParallelPlan& plan, size_t s)
{
    const StageTimeline& stage = plan.timeline.stages[s];
    events.push_back(metadata("process_name", s, 0,
                              fmt::format("stage {} {}", s, formatMesh(plan.stages[s].mesh))));
    events.push_back(metadata("thread_name", s, kCompute, "compute and collectives"));
    for (const TimelineTask& task : stage.tasks)
        events.push_back(
            {{"ph", "X"},
             {"name", text(task.task)},
             {"cat", phaseWord(task.task.phase)},
             {"pid", s},
             {"tid", kCompute},
             {"ts", micros(task.start)},
             {"dur", micros(task.end - task.start)},
             {"args", {{"microbatch", task.task.microbatch}, {"stage", task.task.stage}}}});
    for (const MemoryPoint& point : stage.memory) {
        events.push_back({{"ph", "C"},
                          {"name", "memory of a device (MiB)"},
                          {"pid", s},
                          {"ts", micros(point.time)},
                          {"args", {{"MiB", static_cast<double>(point.memory.count) / 0x1p20}}}});
        events.push_back({{"ph", "C"},
                          {"name", "microbatches in flight"},
                          {"pid", s},
                          {"ts", micros(point.time)},
                          {"args", {{"count", point.inFlight}}}});
    }
}

/// Without commas, quotes and line ends a cell stands as it is.
std::string cell(const std::string& text)
{
    if (text.find_first_of(",\"\n") == std::string::npos)
        return text;
    std::string quoted = "\"";
    for (const char c : text)
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + '"';
}

std::string escaped(const std::string& text)
{
    std::string safe;
    for (const char c : text)
        safe += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return safe;
}

std::string_view taskColour(ScheduledTask::Phase phase)
{
    switch (phase) {
    case ScheduledTask::Phase::kForward:
        return "#4e79a7";
    case ScheduledTask::Phase::kBackward:
        return "#59a14f";
    case ScheduledTask::Phase::kWeightGradient:
        return "#9c755f";
    case ScheduledTask::Phase::kGradientSync:
        return "#e15759";
    case ScheduledTask::Phase::kUpdate:
        return "#f28e2b";
    }
    return "#888888";
}

} // namespace

Result<std::string> exportChromeTrace(const ParallelPlan& plan)
{
    Json events = Json::array();
    for (size_t s = 0; s < plan.timeline.stages.size(); ++s)
        addStageEvents(events, plan, s);
    std::set<size_t> named;
    const auto links = linksOfStages(plan, collectValueSpecs(plan));
    for (const TimelineTransfer& transfer : plan.timeline.transfers) {
        const auto link = static_cast<size_t>(transfer.link);
        if (link >= links.size()) // Of an edited plan file.
            continue;
        // A transfer is shown with the stage that sends.
        const bool isForward = transfer.phase == ScheduledTask::Phase::kForward;
        const int from = isForward ? links[link].first : links[link].second;
        const int to = isForward ? links[link].second : links[link].first;
        const auto process = static_cast<size_t>(from);
        if (named.insert(process).second)
            events.push_back(metadata("thread_name", process, kTransfers, "transfers"));
        events.push_back(
            {{"ph", "X"},
             {"name",
              fmt::format("{} of microbatch {} to stage {}",
                          isForward ? "activations" : "gradients", transfer.microbatch, to)},
             {"pid", process},
             {"tid", kTransfers},
             {"ts", micros(transfer.start)},
             {"dur", micros(transfer.end - transfer.start)},
             {"args", {{"microbatch", transfer.microbatch}, {"from", from}, {"to", to}}}});
    }
    const Json document = {{"displayTimeUnit", "ms"},
                           {"otherData", {{"plan", describePlan(plan)}}},
                           {"traceEvents", std::move(events)}};
    return document.dump(1) + "\n";
}

Result<std::string> exportCsv(const ParallelPlan& plan)
{
    const Graph& graph = *plan.graph;
    std::string text = "stage,layer,kind,name,type,sharding,bytes_per_device,alternatives,"
                       "next_best_adds_us\n";
    const auto row = [&](size_t stage, int layer, std::string_view kind, const std::string& name,
                         ValueId value, const ShardingSpec& spec, size_t alternatives,
                         const std::string& regret) {
        const TensorType& type = graph.type(value);
        const Bytes bytes =
            type.bytes() / int64_t{plan.stages[stage].mesh.groupSize(spec.splitAxes())};
        text += fmt::format("{},{},{},{},{},{},{},{},{}\n", stage, layer, kind, cell(name),
                            cell(formatType(type)), cell(formatSpec(spec)), bytes.count,
                            alternatives, regret);
    };
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        for (const PlannedInput& input : plan.stages[s].inputs) {
            if (input.source != InputSource::kOwned && input.source != InputSource::kBatch)
                continue;
            const auto role = graph.inputRole(input.value);
            row(s, input.layer, role ? inputRoleName(*role) : "stored",
                graph.value(input.value).name, input.value, input.spec, 1, "");
        }
        for (const Decision& decision : plan.stages[s].decisions) {
            if (!decision.op.isValid())
                continue;
            const auto chosen = static_cast<size_t>(decision.chosen);
            std::string regret;
            for (size_t k = 0; k < decision.alternatives.size() && regret.empty(); ++k) {
                if (k != chosen)
                    regret = fmt::format("{:.4g}", micros(decision.alternatives[k].delta));
            }
            row(s, plan.layerOfOp[decision.op.index()], "operation", decision.label, decision.value,
                decision.alternatives[chosen].result, decision.alternatives.size(), regret);
        }
    }
    return text;
}

Result<std::string> exportDot(const ParallelPlan& plan)
{
    const Graph& graph = *plan.graph;
    const ValueSpecs specs = collectValueSpecs(plan);
    std::map<std::pair<int, size_t>, int> opsOfModule; // (stage, scope): ops.
    std::map<std::tuple<int, size_t, int, size_t>, std::pair<int64_t, std::string>> edges;
    for (size_t i = 0; i < graph.ops.size(); ++i) {
        const Op& op = graph.ops[i];
        if (op.phase != Phase::kForward || specs.stageOfOp[i] < 0)
            continue;
        ++opsOfModule[{specs.stageOfOp[i], op.scope.index()}];
        for (const ValueId operand : op.operands) {
            const OpId from = graph.value(operand).producer;
            if (!from.isValid() || specs.stageOfOp[from.index()] < 0 ||
                (graph.op(from).scope == op.scope &&
                 specs.stageOfOp[from.index()] == specs.stageOfOp[i]))
                continue;
            // Of several values between two modules the largest names the edge.
            auto& edge = edges[{specs.stageOfOp[from.index()], graph.op(from).scope.index(),
                                specs.stageOfOp[i], op.scope.index()}];
            const TensorType& type = graph.type(operand);
            if (type.bytes().count > edge.first)
                edge = {type.bytes().count,
                        formatType(type) + " " + formatSpec(*specs.spec(operand))};
        }
    }
    std::string text = fmt::format("digraph \"{}\" {{\n  label=\"{}\";\n  rankdir=TB;\n"
                                   "  node [shape=box, fontname=\"sans-serif\"];\n",
                                   escaped(plan.modelName), escaped(describePlan(plan)));
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        text += fmt::format("  subgraph cluster_{} {{\n    label=\"stage {} {}\";\n", s, s,
                            escaped(formatMesh(plan.stages[s].mesh)));
        for (const auto& [module, ops] : opsOfModule) {
            if (module.first != static_cast<int>(s))
                continue;
            const std::string& path = graph.scopes[module.second];
            text += fmt::format("    s{}m{} [label=\"{}\\n{} operation{}\"];\n", s, module.second,
                                escaped(path.empty() ? plan.modelName : path), ops,
                                ops == 1 ? "" : "s");
        }
        text += "  }\n";
    }
    for (const auto& [ends, edge] : edges) {
        const auto& [fromStage, from, toStage, to] = ends;
        text += fmt::format("  s{}m{} -> s{}m{} [label=\"{}\"];\n", fromStage, from, toStage, to,
                            escaped(edge.second));
    }
    return text + "}\n";
}

Result<std::string> exportSvg(const ParallelPlan& plan)
{
    constexpr double kLeft = 90;
    constexpr double kWidth = 1100;
    constexpr double kRow = 34;
    constexpr double kTop = 40;
    const double step = std::max(plan.timeline.stepTime.count, 1e-12);
    const double height = kTop + kRow * static_cast<double>(plan.timeline.stages.size()) + 30;
    std::string text = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
        "{1}\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" "
        "fill=\"white\"/>\n<text x=\"10\" y=\"20\" font-size=\"13\">{2}</text>\n",
        kLeft + kWidth + 20, height, markupText(describePlan(plan)));
    for (size_t s = 0; s < plan.timeline.stages.size(); ++s) {
        const double y = kTop + kRow * static_cast<double>(s);
        text += fmt::format("<text x=\"10\" y=\"{:.1f}\">stage {}</text>\n", y + 18, s);
        for (const TimelineTask& task : plan.timeline.stages[s].tasks) {
            const double x = kLeft + task.start.count / step * kWidth;
            const double width = (task.end - task.start).count / step * kWidth;
            const std::string name = alpa::text(task.task);
            text += fmt::format(
                "<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"26\" "
                "fill=\"{}\" stroke=\"white\" stroke-width=\"0.5\"><title>{} {} from "
                "{} for {}</title></rect>\n",
                x, y, width, taskColour(task.task.phase), name, phaseWord(task.task.phase),
                formatSeconds(task.start), formatSeconds(task.end - task.start));
            // A letter needs about seven units.
            if (width > 7 * static_cast<double>(name.size()))
                text += fmt::format("<text x=\"{:.2f}\" y=\"{:.1f}\" fill=\"white\" "
                                    "text-anchor=\"middle\">{}</text>\n",
                                    x + width / 2, y + 17, name);
        }
    }
    text += fmt::format("<text x=\"{}\" y=\"{:.1f}\">0</text>\n<text x=\"{}\" y=\"{:.1f}\" "
                        "text-anchor=\"end\">{}</text>\n</svg>\n",
                        kLeft, height - 8, kLeft + kWidth, height - 8,
                        formatSeconds(plan.timeline.stepTime));
    return text;
}

} // namespace alpa
