#include "app/settings/key_bindings.h"

#include "app/settings/app_settings.h"

#include <QVariant>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr const char* kUsualKeys = "usualKeys";       ///< Properties of an action.
constexpr const char* kSharesWith = "sharesKeysWith"; ///< The other's objectName.
constexpr const char* kSharesIn = "sharesKeysIn";

QStringList written(const QList<QKeySequence>& keys, QKeySequence::SequenceFormat format)
{
    QStringList texts;
    for (const QKeySequence& key : keys)
        texts << key.toString(format);
    return texts;
}

/// A tip ends with the first key in parentheses.
void setKeys(QAction& action, const QList<QKeySequence>& keys)
{
    QString tip = action.toolTip();
    const QString before = u" (%1)"_s.arg(action.shortcut().toString(QKeySequence::NativeText));
    if (!action.shortcut().isEmpty() && tip.endsWith(before))
        tip.chop(before.size());
    action.setShortcuts(keys);
    if (!keys.isEmpty())
        tip += u" (%1)"_s.arg(keys.first().toString(QKeySequence::NativeText));
    action.setToolTip(tip);
}

} // namespace

void applyKeys(const QList<QAction*>& actions, const AppSettings& settings)
{
    for (QAction* action : actions) {
        if (action->objectName().isEmpty())
            continue;
        action->setProperty(kUsualKeys, written(action->shortcuts(), QKeySequence::PortableText));
        const std::optional<QStringList> chosen = settings.keys(action->objectName());
        if (!chosen)
            continue;
        QList<QKeySequence> keys;
        for (const QString& key : *chosen) {
            if (!key.isEmpty())
                keys << QKeySequence(key, QKeySequence::PortableText);
        }
        setKeys(*action, keys);
    }
}

QList<QKeySequence> usualKeys(const QAction& action)
{
    QList<QKeySequence> keys;
    for (const QString& key : action.property(kUsualKeys).toStringList())
        keys << QKeySequence(key, QKeySequence::PortableText);
    return keys;
}

void chooseKeys(QAction& action, const QList<QKeySequence>& keys, AppSettings& settings)
{
    setKeys(action, keys);
    settings.setKeys(action.objectName(),
                     keys == usualKeys(action)
                         ? std::nullopt
                         : std::optional(written(keys, QKeySequence::PortableText)));
}

QAction* ownerOfKey(const QList<QAction*>& actions, const QKeySequence& key, const QAction* but)
{
    for (QAction* action : actions) {
        if (action != but && action->shortcuts().contains(key) &&
            (but == nullptr || !mayShareKeys(*action, *but)))
            return action;
    }
    return nullptr;
}

void shareKeys(QAction& action, const QString& other, const QString& where)
{
    action.setProperty(kSharesWith, other);
    action.setProperty(kSharesIn, where);
}

bool mayShareKeys(const QAction& a, const QAction& b)
{
    return a.property(kSharesWith) == b.objectName() || b.property(kSharesWith) == a.objectName();
}

QString placeOfSharedKeys(const QAction& action) { return action.property(kSharesIn).toString(); }

QString keysText(const QAction& action)
{
    return written(action.shortcuts(), QKeySequence::NativeText).join(u", "_s);
}

QString plainText(const QAction& action)
{
    return QString(action.text()).remove(u'&').remove(u'…');
}

} // namespace alpa::app
