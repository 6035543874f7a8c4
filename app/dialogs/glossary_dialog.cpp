#include "app/dialogs/glossary_dialog.h"

#include <QCoreApplication>
#include <QDialogButtonBox>
#include <QLineEdit>
#include <QTextBrowser>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

struct Word {
    const char* word;
    const char* meaning;
};

constexpr Word kWords[] = {
    {QT_TRANSLATE_NOOP("Glossary", "1F1B"),
     QT_TRANSLATE_NOOP("Glossary",
                       "A schedule: after filling the pipeline, each stage does one forward and "
                       "one backward in turn, so few microbatches are in flight.")},
    {QT_TRANSLATE_NOOP("Glossary", "Activations"),
     QT_TRANSLATE_NOOP("Glossary", "What the forward pass keeps for the backward pass. Memory of "
                                   "one microbatch times the microbatches in flight.")},
    {QT_TRANSLATE_NOOP("Glossary", "All-gather (AG)"),
     QT_TRANSLATE_NOOP(
         "Glossary",
         "Every device of a mesh axis gets the parts of all others: split becomes replicated.")},
    {QT_TRANSLATE_NOOP("Glossary", "All-reduce (AR)"),
     QT_TRANSLATE_NOOP(
         "Glossary",
         "Partial sums of the devices of a mesh axis are added, and every device gets the sum.")},
    {QT_TRANSLATE_NOOP("Glossary", "All-to-all (A2A)"),
     QT_TRANSLATE_NOOP(
         "Glossary", "Devices exchange parts, so that a tensor is split along another dimension.")},
    {QT_TRANSLATE_NOOP("Glossary", "Baseline"),
     QT_TRANSLATE_NOOP("Glossary",
                       "The plan with the star: others are compared with it. Also the plans that "
                       "people make by hand: data parallel, ZeRO, Megatron, pipeline only.")},
    {QT_TRANSLATE_NOOP("Glossary", "Bubble"),
     QT_TRANSLATE_NOOP(
         "Glossary",
         "Time in which devices of a pipeline wait, mostly at the beginning and end of a step.")},
    {QT_TRANSLATE_NOOP("Glossary", "Constraint"),
     QT_TRANSLATE_NOOP("Glossary",
                       "Something that a plan must obey: a limit, a fixed degree, a pinned "
                       "sharding, a stage boundary. Everything else is searched.")},
    {QT_TRANSLATE_NOOP("Glossary", "Decision"),
     QT_TRANSLATE_NOOP("Glossary", "An operation or stored tensor whose sharding the planner "
                                   "chooses; others follow from it.")},
    {QT_TRANSLATE_NOOP("Glossary", "Device mesh"),
     QT_TRANSLATE_NOOP("Glossary", "The devices of a stage, arranged along axes: x is the data "
                                   "axis, y and z are tensor axes.")},
    {QT_TRANSLATE_NOOP("Glossary", "DP, data parallelism"),
     QT_TRANSLATE_NOOP(
         "Glossary",
         "Devices along axis x work on different samples and add up their gradients once a step.")},
    {QT_TRANSLATE_NOOP("Glossary", "Gap"),
     QT_TRANSLATE_NOOP("Glossary", "By how much at most a plan's shardings may cost more than the "
                                   "best ones. Zero: proven optimal.")},
    {QT_TRANSLATE_NOOP("Glossary", "GPipe"),
     QT_TRANSLATE_NOOP("Glossary", "A schedule: all forwards, then all backwards. Simple, but all "
                                   "microbatches are in flight.")},
    {QT_TRANSLATE_NOOP("Glossary", "Hypothetical plan"),
     QT_TRANSLATE_NOOP("Glossary",
                       "A plan for a cluster that does not exist, made by the what-if sliders.")},
    {QT_TRANSLATE_NOOP("Glossary", "Layer"),
     QT_TRANSLATE_NOOP(
         "Glossary",
         "A run of operations that is never divided between stages, such as a transformer block.")},
    {QT_TRANSLATE_NOOP("Glossary", "Microbatch"),
     QT_TRANSLATE_NOOP("Glossary", "A part of the global batch that goes through the pipeline at "
                                   "once. More of them shorten the bubble.")},
    {QT_TRANSLATE_NOOP("Glossary", "Partial (P)"),
     QT_TRANSLATE_NOOP("Glossary", "Each device holds a summand of the tensor; an all-reduce or "
                                   "reduce-scatter adds them up.")},
    {QT_TRANSLATE_NOOP("Glossary", "Pin"),
     QT_TRANSLATE_NOOP("Glossary",
                       "A constraint that a tensor or operation has a certain sharding.")},
    {QT_TRANSLATE_NOOP("Glossary", "PP, pipeline parallelism"),
     QT_TRANSLATE_NOOP("Glossary", "Stages of layers on different devices; microbatches move "
                                   "through them one after the other.")},
    {QT_TRANSLATE_NOOP("Glossary", "Recomputation"),
     QT_TRANSLATE_NOOP("Glossary", "Running forward operations again in the backward pass instead "
                                   "of keeping what they computed: time for memory.")},
    {QT_TRANSLATE_NOOP("Glossary", "Reduce-scatter (RS)"),
     QT_TRANSLATE_NOOP("Glossary",
                       "Partial sums are added, and every device keeps its part of the sum.")},
    {QT_TRANSLATE_NOOP("Glossary", "Regret"),
     QT_TRANSLATE_NOOP("Glossary", "How much longer the step would take if a strategy were forced "
                                   "and all the rest chosen anew.")},
    {QT_TRANSLATE_NOOP("Glossary", "Replicated (R)"),
     QT_TRANSLATE_NOOP("Glossary", "Every device holds the whole tensor.")},
    {QT_TRANSLATE_NOOP("Glossary", "Reshard"),
     QT_TRANSLATE_NOOP("Glossary",
                       "Bringing a tensor from one sharding into another, by collectives.")},
    {QT_TRANSLATE_NOOP("Glossary", "Sharding"),
     QT_TRANSLATE_NOOP("Glossary", "How a tensor is spread over devices. {x, -} means: dimension 0 "
                                   "split over axis x, dimension 1 not split.")},
    {QT_TRANSLATE_NOOP("Glossary", "Stage"),
     QT_TRANSLATE_NOOP("Glossary", "Consecutive layers that run on one submesh.")},
    {QT_TRANSLATE_NOOP("Glossary", "Step"),
     QT_TRANSLATE_NOOP("Glossary", "One pass over the global batch: forward, backward, "
                                   "synchronisation of gradients, update.")},
    {QT_TRANSLATE_NOOP("Glossary", "Strategy"),
     QT_TRANSLATE_NOOP(
         "Glossary",
         "The sharding of one operation: which mesh axis splits which of its dimensions.")},
    {QT_TRANSLATE_NOOP("Glossary", "Submesh"),
     QT_TRANSLATE_NOOP("Glossary",
                       "A rectangle of the cluster: some devices of a host, or whole hosts.")},
    {QT_TRANSLATE_NOOP("Glossary", "TP, tensor parallelism"),
     QT_TRANSLATE_NOOP(
         "Glossary",
         "Devices along axis y share the work of single operations and exchange activations.")},
    {QT_TRANSLATE_NOOP("Glossary", "ZeRO"),
     QT_TRANSLATE_NOOP("Glossary", "Data parallelism in which optimizer state (1), gradients (2) "
                                   "and parameters (3) are split over the data axis.")},
};

} // namespace

std::vector<GlossaryEntry> glossary()
{
    std::vector<GlossaryEntry> entries;
    for (const Word& word : kWords)
        entries.push_back({QCoreApplication::translate("Glossary", word.word),
                           QCoreApplication::translate("Glossary", word.meaning)});
    std::ranges::sort(entries, [](const GlossaryEntry& a, const GlossaryEntry& b) {
        return a.word.localeAwareCompare(b.word) < 0;
    });
    return entries;
}

GlossaryDialog::GlossaryDialog(QWidget* parent)
    : QDialog(parent)
    , line_(new QLineEdit)
    , text_(new QTextBrowser)
{
    setObjectName(u"glossaryDialog"_s);
    setWindowTitle(tr("Glossary"));
    resize(620, 560);
    line_->setObjectName(u"glossaryLine"_s);
    line_->setAccessibleName(tr("Word to look for"));
    line_->setPlaceholderText(tr("Word to look for"));
    line_->setClearButtonEnabled(true);
    text_->setObjectName(u"glossaryText"_s);
    text_->setAccessibleName(tr("Words and what they mean"));
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(line_, &QLineEdit::textChanged, this, &GlossaryDialog::filter);
    auto* column = new QVBoxLayout(this);
    column->addWidget(line_);
    column->addWidget(text_, 1);
    column->addWidget(buttons);
    filter({});
}

void GlossaryDialog::filter(const QString& typed)
{
    QString html;
    for (const GlossaryEntry& entry : glossary()) {
        if (entry.word.contains(typed, Qt::CaseInsensitive) ||
            entry.meaning.contains(typed, Qt::CaseInsensitive))
            html += u"<p><b>%1</b><br>%2</p>"_s.arg(entry.word.toHtmlEscaped(),
                                                    entry.meaning.toHtmlEscaped());
    }
    text_->setHtml(html.isEmpty() ? tr("Nothing is called that.") : html);
}

} // namespace alpa::app
