#include "app/dialogs/keys_dialog.h"

#include "app/widgets/cards.h"

#include <QAction>
#include <QDialogButtonBox>
#include <QGridLayout>
#include <QMenu>
#include <QMenuBar>
#include <QScrollArea>
#include <QVBoxLayout>

#include <functional>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

struct Key {
    const char* keys;
    const char* what;
};

/// What no action of a menu stands for.
constexpr Key kKeys[] = {
    {QT_TRANSLATE_NOOP("KeysDialog", "Double-click, Enter"),
     QT_TRANSLATE_NOOP("KeysDialog", "Graph: unfold or fold a layer")},
    {QT_TRANSLATE_NOOP("KeysDialog", "Arrows"),
     QT_TRANSLATE_NOOP("KeysDialog",
                       "Graph: to the neighbour. Stage boundaries: choose and move, Enter plans")},
    {"F, +, −, 0", QT_TRANSLATE_NOOP("KeysDialog", "Graph: show all, zoom in, zoom out, 100 %")},
    {"W, S, A, D", QT_TRANSLATE_NOOP("KeysDialog", "Timeline: zoom in and out, move")},
    {"D, Shift+D",
     QT_TRANSLATE_NOOP("KeysDialog", "Compare side by side: next and previous difference")},
    {"B", QT_TRANSLATE_NOOP("KeysDialog", "Compare: make the chosen plan the baseline")},
    {QT_TRANSLATE_NOOP("KeysDialog", "Del"),
     QT_TRANSLATE_NOOP("KeysDialog", "Constraints: remove the chosen ones")},
    {"?", QT_TRANSLATE_NOOP("KeysDialog", "This sheet")},
};

QString keysOf(const QAction& action)
{
    QStringList keys;
    for (const QKeySequence& key : action.shortcuts())
        keys << key.toString(QKeySequence::NativeText);
    return keys.join(u", "_s);
}

/// What has a key in `menu` and the menus in it.
void addMenu(const QMenu* menu, const std::function<void(const QString&, const QString&)>& add)
{
    if (menu == nullptr)
        return;
    for (const QAction* action : menu->actions()) {
        addMenu(action->menu(), add);
        if (!action->shortcuts().isEmpty())
            add(keysOf(*action), QString(action->text()).remove(u'&').remove(u'…'));
    }
}

} // namespace

KeysDialog::KeysDialog(QWidget* parent)
    : QDialog(parent)
{
    setObjectName(u"keysDialog"_s);
    setWindowTitle(tr("Keys"));
    auto* content = new QWidget;
    auto* grid = new QGridLayout(content);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(5);
    int row = 0;
    const auto add = [&](const QString& keys, const QString& what) {
        grid->addWidget(makeHeading(keys), row, 0);
        grid->addWidget(new QLabel(what), row, 1);
        ++row;
    };
    const auto* menus = parent == nullptr ? nullptr : parent->findChild<QMenuBar*>();
    for (const QAction* menu : menus == nullptr ? QList<QAction*>() : menus->actions())
        addMenu(menu->menu(), add);
    for (const Key& key : kKeys)
        add(tr(key.keys), tr(key.what));
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(content);
    scroll->setMinimumSize(620, 480);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(20, 18, 20, 14);
    column->setSpacing(14);
    column->addWidget(scroll, 1);
    column->addWidget(buttons);
}

} // namespace alpa::app
