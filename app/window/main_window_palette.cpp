// What the command palette offers: the actions of the menus, and the operations, layers and plans
// of the session.
#include "app/dialogs/command_palette.h"
#include "app/settings/qt_text.h"
#include "app/views/graph_view.h"
#include "app/window/main_window.h"

#include <QAction>
#include <QMenu>
#include <QMenuBar>
#include <QTabWidget>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

void listActions(std::vector<PaletteEntry>& entries, const QMenu* menu, const QString& path)
{
    for (QAction* action : menu->actions()) {
        const QString text = QString(action->text()).remove(u'&').remove(u'…');
        if (action->menu() != nullptr)
            listActions(entries, action->menu(), path + text + u": "_s);
        else if (!action->isSeparator() && action->isEnabled() && !text.isEmpty()) {
            const bool isSetting =
                action->isCheckable() || action->objectName().startsWith("actionFont"_L1);
            entries.push_back({path + text, action->shortcut().toString(QKeySequence::NativeText),
                               isSetting ? QChar(u',') : QChar(), [action] { action->trigger(); }});
        }
    }
}

} // namespace

void MainWindow::openPalette()
{
    std::vector<PaletteEntry> entries;
    for (const QAction* menu : menuBar()->actions())
        listActions(entries, menu->menu(), QString(menu->text()).remove(u'&') + u": "_s);
    for (const auto& entry : session_.entries()) {
        if (entry->plan() != nullptr)
            entries.push_back({entry->name, tr("plan, %1").arg(timeText(entry->plan()->stepTime)),
                               u'%', [this, id = entry->id] { session_.showPlan(id); }});
    }
    if (const std::shared_ptr<const GraphFacts> facts = session_.facts()) {
        const auto select = [this](const Selection& selection) {
            pages_->setCurrentWidget(graph_);
            session_.selection()->select(selection);
        };
        for (size_t layer = 0; layer < facts->layers.size(); ++layer)
            entries.push_back({toQt(facts->layers[layer].name), tr("layer"), u'#',
                               [select, layer] { select(Selection::layer(int(layer))); }});
        for (size_t op = 0; op < facts->graph->ops.size(); ++op) {
            const OpId id(static_cast<uint32_t>(op));
            entries.push_back(
                {toQt(facts->opLabel(id)),
                 tr("operation, %1").arg(toQt(phaseName(facts->graph->ops[op].phase))), u'@',
                 [this, id] {
                     pages_->setCurrentWidget(graph_);
                     graph_->revealOp(id);
                 }});
        }
    }
    auto* palette = new CommandPalette(std::move(entries), this);
    palette->resize(std::min(720, width() - 80), std::min(440, height() - 120));
    palette->move(mapToGlobal(QPoint((width() - palette->width()) / 2, 64)));
    palette->show();
}

} // namespace alpa::app
