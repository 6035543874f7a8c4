#include "app/dialogs/keys_dialog.h"

#include "app/widgets/cards.h"

#include <QDialogButtonBox>
#include <QGridLayout>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

struct Key {
    const char* keys;
    const char* what;
};

constexpr Key kKeys[] = {
    {"Ctrl+O", QT_TRANSLATE_NOOP("KeysDialog", "Open a model, plan or session")},
    {"Ctrl+S", QT_TRANSLATE_NOOP("KeysDialog", "Save the session")},
    {"Ctrl+Shift+S", QT_TRANSLATE_NOOP("KeysDialog", "Save the shown plan")},
    {"Ctrl+K, Ctrl+Shift+P", QT_TRANSLATE_NOOP("KeysDialog", "Any command, layer (#), operation (@) or plan (%) by a few letters")},
    {"Ctrl+E", QT_TRANSLATE_NOOP("KeysDialog", "Export the page as PNG, SVG or PDF")},
    {"Ctrl+Z, Ctrl+Shift+Z", QT_TRANSLATE_NOOP("KeysDialog", "Undo, redo an edit of the constraints")},
    {"F5", QT_TRANSLATE_NOOP("KeysDialog", "Plan")},
    {"Esc, Shift+F5", QT_TRANSLATE_NOOP("KeysDialog", "Stop planning")},
    {"F6, Shift+F6", QT_TRANSLATE_NOOP("KeysDialog", "Run on this machine's CPU devices, stop the run")},
    {"Ctrl+F", QT_TRANSLATE_NOOP("KeysDialog", "Find a layer or operation")},
    {"Ctrl+1 … Ctrl+6", QT_TRANSLATE_NOOP("KeysDialog", "Overview, Graph, Pipeline, Memory, Compare, Runs")},
    {"Double-click, Enter", QT_TRANSLATE_NOOP("KeysDialog", "Graph: unfold or fold a layer")},
    {"Arrows", QT_TRANSLATE_NOOP("KeysDialog", "Graph: to the neighbour")},
    {"F, +, −, 0", QT_TRANSLATE_NOOP("KeysDialog", "Graph: show all, zoom in, zoom out, 100 %")},
    {"W, S, A, D", QT_TRANSLATE_NOOP("KeysDialog", "Timeline: zoom in and out, move")},
    {"F11", QT_TRANSLATE_NOOP("KeysDialog", "Only the page, or everything")},
    {"?", QT_TRANSLATE_NOOP("KeysDialog", "This sheet")},
};

} // namespace

KeysDialog::KeysDialog(QWidget* parent) : QDialog(parent)
{
    setObjectName(u"keysDialog"_s);
    setWindowTitle(tr("Keys"));
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(6);
    int row = 0;
    for (const Key& key : kKeys) {
        grid->addWidget(makeHeading(QString::fromUtf8(key.keys)), row, 0);
        grid->addWidget(new QLabel(tr(key.what)), row, 1);
        ++row;
    }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(20, 18, 20, 14);
    column->setSpacing(14);
    column->addLayout(grid);
    column->addWidget(buttons);
}

} // namespace alpa::app
