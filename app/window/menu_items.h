// Entries of menus: each has a name, by which its keys can be changed and tests find it.
#pragma once

#include <QKeySequence>
#include <QList>
#include <QString>

class QAction;
class QMenu;

namespace alpa::app
{

/// `icon` and `keys` may be empty.
QAction* addItem(QMenu* menu, const QString& icon, const QString& text, const QString& name,
                 const QList<QKeySequence>& keys = {});

} // namespace alpa::app
