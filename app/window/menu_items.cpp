#include "app/window/menu_items.h"

#include "app/settings/icons.h"

#include <QMenu>

namespace alpa::app
{

using namespace Qt::StringLiterals;

QAction* addItem(QMenu* menu, const QString& icon, const QString& text, const QString& name,
                 const QList<QKeySequence>& keys)
{
    auto* action = menu->addAction(text);
    action->setObjectName(name);
    if (!icon.isEmpty())
        action->setIcon(themedIcon(icon));
    action->setShortcuts(keys);
    if (!keys.isEmpty())
        action->setToolTip(u"%1 (%2)"_s.arg(QString(text).remove(u'&').remove(u'…'),
                                            keys.first().toString(QKeySequence::NativeText)));
    return action;
}

} // namespace alpa::app
