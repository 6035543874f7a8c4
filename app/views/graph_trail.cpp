#include "app/views/graph_trail.h"

#include "app/session/selection_place.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_rows.h"

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr size_t kMostSteps = 6; ///< Of deeper scopes those in the middle are left out.

/// The scope `node` and those around it, outermost first, without the root, which is the model.
void addScopes(std::vector<TrailStep>& trail, int node, const ScopeTree& scopes)
{
    const auto begin = static_cast<std::ptrdiff_t>(trail.size());
    for (; node > 0; node = scopes.nodes[static_cast<size_t>(node)].parent)
        trail.push_back(
            {toQt(scopes.nodes[static_cast<size_t>(node)].name), Selection::scope(node)});
    std::ranges::reverse(trail.begin() + begin, trail.end());
}

} // namespace

std::vector<TrailStep> trailTo(const Selection& selection, const GraphFacts& facts,
                               const Model& model)
{
    using Kind = Selection::Kind;
    std::vector<TrailStep> trail{{model.name, {}}};
    const SelectionPlace place = placeOf(selection, facts, model.scopes);
    if (selection.kind == Kind::kStage && place.stage) {
        trail.push_back({GraphTrail::tr("stage %1").arg(*place.stage), selection});
        return trail;
    }
    if (selection.isNone() || selection.kind == Kind::kDevice)
        return trail;
    // A scope is no part of one layer: it may reach over several.
    if (selection.kind == Kind::kScope) {
        addScopes(trail, selection.index, model.scopes);
        return trail;
    }
    addScopes(trail, scopeNodeOf(place, facts, model.scopes).value_or(0), model.scopes);
    if (place.layer)
        trail.push_back(
            {GraphTrail::tr("layer %1").arg(*place.layer), Selection::layer(*place.layer)});
    if (place.op)
        trail.push_back({opTitle(facts, *place.op), Selection::op(*place.op)});
    return trail;
}

GraphTrail::GraphTrail(QWidget* parent)
    : QLabel(parent)
{
    setObjectName(u"graphTrail"_s);
    setAccessibleName(tr("Place in the model"));
    setToolTip(tr("A click on a part goes there"));
    setTextFormat(Qt::RichText);
    setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    setContentsMargins(14, 0, 12, 5);
    // However long a name is, the page keeps its width.
    setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    connect(this, &QLabel::linkActivated, this, [this](const QString& step) {
        const auto at = static_cast<size_t>(step.toInt());
        if (at < steps_.size()) {
            const Selection selection = steps_[at].selection; // `chosen` may change the steps
            Q_EMIT chosen(selection);
        }
    });
}

void GraphTrail::setSteps(std::vector<TrailStep> steps, bool isLastDrawn)
{
    steps_ = std::move(steps);
    QStringList parts;
    for (size_t i = 0; i < steps_.size(); ++i) {
        const size_t left = steps_.size() - i;
        if (steps_.size() > kMostSteps && i > 0 && left >= kMostSteps) {
            if (i == 1)
                parts << u"…"_s;
            continue;
        }
        const QString text = steps_[i].text.toHtmlEscaped();
        const bool isHere = left == 1 && isLastDrawn;
        parts << (isHere ? u"<b>%1</b>"_s.arg(text) : u"<a href=\"%1\">%2</a>"_s.arg(i).arg(text));
    }
    const QString text = parts.join(u" › "_s);
    if (text != this->text()) // a link that has the focus keeps it
        setText(text);
}

} // namespace alpa::app
