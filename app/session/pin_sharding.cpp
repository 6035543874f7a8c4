#include "app/session/pin_sharding.h"

#include "app/settings/qt_text.h"

#include <QCoreApplication>

namespace alpa::app
{

namespace
{

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(PinSharding)
};

} // namespace

bool mayPin(const Graph& graph, const Decision& decision)
{
    if (decision.op.isValid()) {
        const Op& op = graph.op(decision.op);
        return op.phase == Phase::kForward &&
               decision.label == graph.scopePath(op.scope) + ":" + std::string(opKindName(op.kind));
    }
    return decision.value.isValid() && decision.label == valueLabel(graph, decision.value);
}

void pinSharding(Session* session, const std::string& label, ShardingSpec spec, bool forbids)
{
    spec.partial = 0;
    Setup next = session->setup();
    auto& specs = next.options.constraints.specs;
    if (!forbids)
        std::erase_if(
            specs, [&](const SpecConstraint& old) { return old.pattern == label && !old.forbids; });
    specs.push_back({label, spec, forbids});
    const QString text = toQt(formatSpec(spec));
    session->editSetup(next, forbids ? Texts::tr("Forbid %1 for %2").arg(text, toQt(label))
                                     : Texts::tr("Pin %1 to %2").arg(toQt(label), text));
}

} // namespace alpa::app
