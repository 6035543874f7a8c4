#include "core/export/html_report.h"

#include "core/base/text.h"
#include "core/export/export_views.h"
#include "core/plan/plan_figures.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// Light and dark by the reader's choice; prints well.
constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #5c6573; --bar: #4c78a8; --bar2: #d55e00; --back: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444f; --soft: #a3acb9; --bar: #6f9fd8; --bar2: #f28e4b; --back: #1b1e23; } }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em; background: var(--back); }
h1 { font-size: 1.6em; margin-bottom: .2em; } h2 { font-size: 1.15em; margin-top: 2em; border-bottom: 1px solid var(--line); padding-bottom: .3em; }
p.note { color: var(--soft); margin-top: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; }
.card { border: 1px solid var(--line); border-radius: 6px; padding: .6em .8em; } .card b { display: block; font-size: 1.25em; }
.card span { color: var(--soft); font-size: .9em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35em .8em .35em 0; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top; }
th { color: var(--soft); font-weight: 500; } td.n, th.n { text-align: right; } tr.shown td { font-weight: 600; }
.bar { display: inline-block; height: .8em; background: var(--bar); border-radius: 2px; min-width: 1px; } .bar.m { background: var(--bar2); }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .8em; font-size: 12px; }
img, svg { max-width: 100%; height: auto; } figure { margin: 1em 0; } figcaption { color: var(--soft); }
.drawing { background: #fff; border-radius: 6px; padding: 6px; overflow-x: auto; }
)";

std::string escape(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

std::string base64(std::string_view bytes)
{
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t group = 0;
        const size_t count = std::min<size_t>(3, bytes.size() - i);
        for (size_t k = 0; k < 3; ++k)
            group = (group << 8) | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
        for (size_t k = 0; k < 4; ++k)
            out += k <= count ? kLetters[(group >> (18 - 6 * k)) & 63u] : '=';
    }
    return out;
}

std::string card(std::string_view title, const std::string& value, const std::string& detail)
{
    return fmt::format("<div class=\"card\"><span>{}</span><b>{}</b><span>{}</span></div>\n", escape(title), escape(value),
                       escape(detail));
}

Bytes mostMemory(const ParallelPlan& plan)
{
    Bytes most{};
    for (size_t stage = 0; stage < plan.stages.size(); ++stage)
        most = std::max(most, plan.deviceMemory(stage));
    return most;
}

std::string cards(const ReportPlan& shown)
{
    const ParallelPlan& plan = *shown.compared.plan;
    std::string out = "<div class=\"cards\">\n";
    out += card("Predicted step", formatSeconds(plan.stepTime), fmt::format("{} samples", plan.globalBatch()));
    if (shown.measured)
        out += card("Measured step", formatSeconds(shown.measured->median),
                    fmt::format("95 %: {} to {}, {} steps", formatSeconds(shown.measured->low),
                                formatSeconds(shown.measured->high), shown.measured->steps));
    out += card("Throughput", formatNumber(plan.samplesPerSecond()) + " /s", "samples");
    out += card("Degrees", fmt::format("DP {} · TP {} · PP {}", plan.dataParallel(), plan.tensorParallel(), plan.pipelineParallel()),
                fmt::format("{} devices of {}", plan.cluster.deviceCount(), plan.cluster.device.name));
    out += card("Peak memory per device", formatMemory(mostMemory(plan)), "of " + formatMemory(plan.cluster.device.memory));
    out += card("Microbatches", fmt::format("{} × {}", plan.microbatches, plan.microbatchSize), text(plan.schedule));
    return out + "</div>\n";
}

/// Plans beside each other, a bar per step time.
std::string comparison(const ReportContent& content)
{
    double longest = 0;
    for (const ReportPlan& plan : content.plans) {
        if (plan.compared.plan)
            longest = std::max({longest, plan.compared.plan->stepTime.count, plan.measured ? plan.measured->median.count : 0.0});
    }
    std::string out = "<h2>Plans</h2>\n<div class=\"wide\"><table><tr><th>Plan</th><th class=\"n\">Predicted</th>"
                      "<th class=\"n\">Measured</th><th></th><th class=\"n\">Samples</th><th class=\"n\">Memory</th>"
                      "<th>DP·TP·PP</th><th>Cluster</th><th>Asked for</th></tr>\n";
    for (size_t i = 0; i < content.plans.size(); ++i) {
        const ReportPlan& one = content.plans[i];
        out += fmt::format("<tr{}><td>{}</td>", i == content.shown ? " class=\"shown\"" : "", escape(one.compared.name));
        if (!one.compared.plan) {
            out += fmt::format("<td colspan=\"8\">no plan: {}</td></tr>\n", escape(one.compared.problem));
            continue;
        }
        const ParallelPlan& plan = *one.compared.plan;
        const auto bar = [&](Seconds time, const char* kind) {
            return fmt::format("<span class=\"bar{}\" style=\"width:{:.0f}px\"></span>", kind, 160 * time.count / longest);
        };
        std::string asked = std::string(strategyName(plan.options.strategy));
        if (const std::string constraints = formatConstraints(plan.options.constraints); constraints != "none")
            asked += ", " + constraints;
        out += fmt::format("<td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}{}</td><td class=\"n\">{} /s</td><td class=\"n\">{}</td>"
                           "<td>{} · {} · {}</td><td>{}</td><td>{}</td></tr>\n",
                           formatSeconds(plan.stepTime), one.measured ? formatSeconds(one.measured->median) : "–",
                           bar(plan.stepTime, ""), one.measured ? "<br>" + bar(one.measured->median, " m") : "",
                           formatNumber(plan.samplesPerSecond()), formatMemory(mostMemory(plan)), plan.dataParallel(),
                           plan.tensorParallel(), plan.pipelineParallel(), escape(plan.cluster.name), escape(asked));
    }
    return out + "</table></div>\n";
}

std::string stages(const ParallelPlan& plan)
{
    std::string out = "<h2>Stages</h2>\n<div class=\"wide\"><table><tr><th>Stage</th><th>Layers</th><th>Mesh</th><th class=\"n\">Forward</th>"
                      "<th class=\"n\">Backward</th><th class=\"n\">Once a step</th><th class=\"n\">Parameters</th>"
                      "<th class=\"n\">Activations</th><th class=\"n\">Memory</th><th>Proof</th></tr>\n";
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        std::string axes;
        for (const MeshAxis& axis : stage.mesh.axes)
            axes += fmt::format("{}{} = {}", axes.empty() ? "" : ", ", axis.name, axis.size);
        out += fmt::format("<tr><td>{}</td><td>{}–{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
                           "<td class=\"n\">{}</td><td class=\"n\">{} × {}</td><td class=\"n\">{}</td><td>{}</td></tr>\n",
                           s, stage.firstLayer, stage.endLayer - 1, axes, formatSeconds(stage.cost.forward()),
                           formatSeconds(stage.cost.backward()), formatSeconds(stage.cost.perStep()),
                           formatMemory(stage.memory.parameters), formatMemory(stage.memory.activations), stage.memory.inFlight,
                           formatMemory(stage.memory.total()),
                           stage.certificate.isOptimal ? "optimal" : fmt::format("gap {:.2g} %", 100 * stage.certificate.gap()));
    }
    return out + "</table></div>\n";
}

std::string timeline(const ParallelPlan& plan)
{
    const Result<std::string> drawing = exportSvg(plan);
    if (!drawing.ok())
        return "";
    // Within a page the drawing has no XML declaration of its own.
    const size_t start = drawing->find("<svg");
    return "<h2>Predicted step</h2>\n<div class=\"drawing\">" + (start == std::string::npos ? *drawing : drawing->substr(start)) +
           "</div>\n";
}

std::string details(const char* title, const std::string& content)
{
    return fmt::format("<h2>{0}</h2>\n<details><summary>show</summary><pre>{1}</pre></details>\n", title, escape(content));
}

} // namespace

std::string htmlReport(const ReportContent& content)
{
    std::string out = fmt::format("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                                  "<title>{0}</title><style>{1}</style></head><body>\n<h1>{0}</h1>\n",
                                  escape(content.title), kStyle);
    if (!content.note.empty())
        out += "<p class=\"note\">" + escape(content.note) + "</p>\n";
    if (content.shown < content.plans.size() && content.plans[content.shown].compared.plan)
        out += cards(content.plans[content.shown]);
    if (!content.plans.empty())
        out += comparison(content);
    if (content.shown < content.plans.size() && content.plans[content.shown].compared.plan) {
        const ParallelPlan& plan = *content.plans[content.shown].compared.plan;
        out += stages(plan);
        out += timeline(plan);
        out += details("Memory", formatMemory(plan));
        out += details("Costs", formatCosts(plan));
        out += details("Shardings", formatShardings(plan));
    }
    for (const ReportPicture& picture : content.pictures)
        out += fmt::format("<figure><img alt=\"{0}\" src=\"data:image/png;base64,{1}\"><figcaption>{0}</figcaption></figure>\n",
                           escape(picture.title), base64(picture.png));
    return out + "</body></html>\n";
}

} // namespace alpa
