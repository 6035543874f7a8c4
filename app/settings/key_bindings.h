// Keys of actions: the usual ones, until a person chooses others. By the action's objectName.
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QList>
#include <QString>

namespace alpa::app
{

class AppSettings;

/// Gives each named action the keys that were chosen for it, and remembers its usual ones.
void applyKeys(const QList<QAction*>& actions, const AppSettings& settings);
QList<QKeySequence> usualKeys(const QAction& action);
/// Takes effect at once and is kept. Empty `keys`: none.
void chooseKeys(QAction& action, const QList<QKeySequence>& keys, AppSettings& settings);
/// The one of `actions` other than `but` that has the key and does not share it; null if it is
/// free.
QAction* ownerOfKey(const QList<QAction*>& actions, const QKeySequence& key, const QAction* but);
/// Lets `action`, which has its keys in one view alone, use those of `other`, a command of a thing
/// in that view, and come first there. `where`: that view, in words.
void shareKeys(QAction& action, const QString& other, const QString& where);
bool mayShareKeys(const QAction& a, const QAction& b);
/// Where it has keys that another command has elsewhere, in words; empty: it shares none.
QString placeOfSharedKeys(const QAction& action);
/// "Ctrl+K, Ctrl+Shift+P".
QString keysText(const QAction& action);
/// Its text without the marks of menus.
QString plainText(const QAction& action);

} // namespace alpa::app
