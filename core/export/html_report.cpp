#include "core/export/html_report.h"

#include "core/base/text.h"
#include "core/export/export_views.h"
#include "core/export/markup_text.h"
#include "core/plan/plan_figures.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

/// Light and dark by the reader's choice; prints well.
constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #5c6573; --bar: #4c78a8;
  --bar2: #d55e00; --back: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3d444f; --soft: #a3acb9; --bar: #6f9fd8; --bar2: #f28e4b; --back: #1b1e23; }
}
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em;
  background: var(--back); }
h1 { font-size: 1.6em; margin-bottom: .2em; }
h2 { font-size: 1.15em; margin-top: 2em; border-bottom: 1px solid var(--line);
  padding-bottom: .3em; }
p.note { color: var(--soft); margin-top: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; }
.card { border: 1px solid var(--line); border-radius: 6px; padding: .6em .8em; }
.card b { display: block; font-size: 1.25em; }
.card span { color: var(--soft); font-size: .9em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .35em .8em .35em 0; border-bottom: 1px solid var(--line);
  white-space: nowrap; vertical-align: top; }
th { color: var(--soft); font-weight: 500; }
td.n, th.n { text-align: right; }
tr.shown td { font-weight: 600; }
.bar { display: inline-block; height: .8em; background: var(--bar); border-radius: 2px;
  min-width: 1px; }
.bar.m { background: var(--bar2); }
pre { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; padding: .8em;
  font-size: 12px; }
img, svg { max-width: 100%; height: auto; }
figure { margin: 1em 0; }
figcaption { color: var(--soft); }
.drawing { background: #fff; border-radius: 6px; padding: 6px; overflow-x: auto; }
)";

std::string base64(std::string_view bytes)
{
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
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
    return fmt::format("<div class=\"card\"><span>{}</span><b>{}</b><span>{}</span></div>\n",
                       markupText(title), markupText(value), markupText(detail));
}

std::string headCell(const char* title, bool isNumber)
{
    return fmt::format("<th{}>{}</th>", isNumber ? " class=\"n\"" : "", title);
}

/// A cell of safe text, by default a number's.
std::string cell(const std::string& content, bool isNumber = true)
{
    return fmt::format("<td{}>{}</td>", isNumber ? " class=\"n\"" : "", content);
}

/// A plan of the page with its figures.
struct MeasuredPlan {
    const ReportPlan& shown;
    std::optional<PlanFigures> figures; ///< Nothing where there is no plan.
    const ParallelPlan& plan() const { return *shown.compared.plan; }
};

std::string cards(const MeasuredPlan& one)
{
    const ParallelPlan& plan = one.plan();
    const PlanFigures& figures = *one.figures;
    std::string out = "<div class=\"cards\">\n";
    out += card("Predicted step", formatSeconds(plan.stepTime),
                fmt::format("{} samples", plan.globalBatch()));
    if (const auto& measured = one.shown.measured)
        out += card("Measured step", formatSeconds(measured->median),
                    fmt::format("95 %: {} to {}, {} steps", formatSeconds(measured->low),
                                formatSeconds(measured->high), measured->steps));
    out += card("Throughput", formatNumber(plan.samplesPerSecond()) + " /s", "samples");
    out +=
        card("Degrees", fmt::format("DP {} · TP {} · PP {}", figures.dp, figures.tp, figures.pp),
             fmt::format("{} devices of {}", plan.cluster.deviceCount(), plan.cluster.device.name));
    out += card("Peak memory per device", formatMemory(figures.peakMemory),
                "of " + formatMemory(plan.cluster.device.memory));
    out += card("Microbatches", fmt::format("{} × {}", plan.microbatches, plan.microbatchSize),
                text(plan.schedule));
    return out + "</div>\n";
}

/// The cells of a plan behind its name; bars are as long as the step takes beside `longest`.
std::string planCells(const MeasuredPlan& one, Seconds longest)
{
    const ParallelPlan& plan = one.plan();
    const PlanFigures& figures = *one.figures;
    const auto bar = [&](Seconds time, const char* kind) {
        return fmt::format("<span class=\"bar{}\" style=\"width:{:.0f}px\"></span>", kind,
                           160 * (time / longest));
    };
    std::string asked(strategyName(plan.options.strategy));
    if (const std::string constraints = formatConstraints(plan.options.constraints);
        constraints != "none")
        asked += ", " + constraints;
    const auto& measured = one.shown.measured;
    std::string bars = bar(plan.stepTime, "");
    if (measured)
        bars += "<br>" + bar(measured->median, " m");
    return cell(formatSeconds(plan.stepTime)) +
           cell(measured ? formatSeconds(measured->median) : "–") + cell(bars, false) +
           cell(formatNumber(plan.samplesPerSecond()) + " /s") +
           cell(formatMemory(figures.peakMemory)) +
           cell(fmt::format("{} · {} · {}", figures.dp, figures.tp, figures.pp), false) +
           cell(markupText(plan.cluster.name), false) + cell(markupText(asked), false);
}

/// Plans beside each other, a bar per step time.
std::string comparison(const std::vector<MeasuredPlan>& plans, size_t shown)
{
    Seconds longest;
    for (const MeasuredPlan& one : plans) {
        if (!one.figures)
            continue;
        longest = std::max(longest, one.plan().stepTime);
        if (one.shown.measured)
            longest = std::max(longest, one.shown.measured->median);
    }
    std::string out = "<h2>Plans</h2>\n<div class=\"wide\"><table><tr>" + headCell("Plan", false) +
                      headCell("Predicted", true) + headCell("Measured", true) +
                      headCell("", false) + headCell("Samples", true) + headCell("Memory", true) +
                      headCell("DP·TP·PP", false) + headCell("Cluster", false) +
                      headCell("Asked for", false) + "</tr>\n";
    for (size_t i = 0; i < plans.size(); ++i) {
        const ComparedPlan& compared = plans[i].shown.compared;
        out += i == shown ? "<tr class=\"shown\">" : "<tr>";
        out += cell(markupText(compared.name), false);
        out += plans[i].figures
                   ? planCells(plans[i], longest)
                   : "<td colspan=\"8\">no plan: " + markupText(compared.problem) + "</td>";
        out += "</tr>\n";
    }
    return out + "</table></div>\n";
}

std::string stages(const ParallelPlan& plan)
{
    std::string out = "<h2>Stages</h2>\n<div class=\"wide\"><table><tr>" +
                      headCell("Stage", false) + headCell("Layers", false) +
                      headCell("Mesh", false) + headCell("Forward", true) +
                      headCell("Backward", true) + headCell("Once a step", true) +
                      headCell("Parameters", true) + headCell("Activations", true) +
                      headCell("Memory", true) + headCell("Proof", false) + "</tr>\n";
    for (size_t s = 0; s < plan.stages.size(); ++s) {
        const PlanStage& stage = plan.stages[s];
        std::string axes;
        for (const MeshAxis& axis : stage.mesh.axes)
            axes += fmt::format("{}{} = {}", axes.empty() ? "" : ", ", axis.name, axis.size);
        const StageMemory& memory = stage.memory;
        out += "<tr>" + cell(std::to_string(s), false) +
               cell(fmt::format("{}–{}", stage.firstLayer, stage.endLayer - 1), false) +
               cell(axes, false) + cell(formatSeconds(stage.cost.forward())) +
               cell(formatSeconds(stage.cost.backward())) +
               cell(formatSeconds(stage.cost.perStep())) + cell(formatMemory(memory.parameters)) +
               cell(fmt::format("{} × {}", formatMemory(memory.activations), memory.inFlight)) +
               cell(formatMemory(memory.total())) +
               cell(formatProof(stage.certificate.isOptimal, stage.certificate.gap()), false) +
               "</tr>\n";
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
    return "<h2>Predicted step</h2>\n<div class=\"drawing\">" +
           (start == std::string::npos ? *drawing : drawing->substr(start)) + "</div>\n";
}

std::string details(const char* title, const std::string& content)
{
    return fmt::format("<h2>{0}</h2>\n<details><summary>show</summary><pre>{1}</pre></details>\n",
                       title, markupText(content));
}

/// What only the shown plan has on the page.
std::string inFull(const ParallelPlan& plan)
{
    return stages(plan) + timeline(plan) + details("Memory", formatMemory(plan)) +
           details("Costs", formatCosts(plan)) + details("Shardings", formatShardings(plan));
}

} // namespace

std::string htmlReport(const ReportContent& content)
{
    std::string out =
        fmt::format("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<title>{0}</title><style>{1}</style></head><body>\n<h1>{0}</h1>\n",
                    markupText(content.title), kStyle);
    if (!content.note.empty())
        out += "<p class=\"note\">" + markupText(content.note) + "</p>\n";
    std::vector<MeasuredPlan> plans;
    for (const ReportPlan& one : content.plans) {
        const auto& plan = one.compared.plan;
        plans.push_back({one, plan ? std::optional(measurePlan(*plan)) : std::nullopt});
    }
    const bool isShown = content.shown < plans.size() && plans[content.shown].figures;
    if (isShown)
        out += cards(plans[content.shown]);
    if (!plans.empty())
        out += comparison(plans, content.shown);
    if (isShown)
        out += inFull(plans[content.shown].plan());
    for (const ReportPicture& picture : content.pictures)
        out +=
            fmt::format("<figure><img alt=\"{0}\" "
                        "src=\"data:image/png;base64,{1}\"><figcaption>{0}</figcaption></figure>\n",
                        markupText(picture.title), base64(picture.png));
    return out + "</body></html>\n";
}

} // namespace alpa
