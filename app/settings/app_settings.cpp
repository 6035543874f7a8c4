#include "app/settings/app_settings.h"

#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kMaxRecent = 10;
// Raised whenever the set of docks changes: an old layout would hide the new ones.
constexpr int kWindowStateVersion = 2;

QString settingsFile(const QString& directory)
{
    const QString base =
        directory.isEmpty()
            ? QStandardPaths::writableLocation(QStandardPaths::ConfigLocation) + u"/alpa-explorer"_s
            : directory;
    return QDir(base).filePath(u"alpa-explorer.ini"_s);
}

} // namespace

AppSettings::AppSettings(const QString& directory)
    : store_(settingsFile(directory), QSettings::IniFormat)
{
}

QStringList AppSettings::recentModels() const
{
    return store_.value(u"recent/models"_s).toStringList();
}

void AppSettings::addRecentModel(const QString& path)
{
    const QString full = QFileInfo(path).absoluteFilePath();
    QStringList paths = recentModels();
    paths.removeAll(full);
    paths.prepend(full);
    store_.setValue(u"recent/models"_s, QStringList(paths.mid(0, kMaxRecent)));
}

QStringList AppSettings::pinnedModels() const
{
    return store_.value(u"recent/pinned"_s).toStringList();
}

void AppSettings::setPinned(const QString& path, bool on)
{
    QStringList paths = pinnedModels();
    paths.removeAll(path);
    if (on)
        paths << path;
    store_.setValue(u"recent/pinned"_s, paths);
}

void AppSettings::removeRecentModel(const QString& path)
{
    QStringList paths = recentModels();
    paths.removeAll(path);
    store_.setValue(u"recent/models"_s, paths);
}

ThemeChoice AppSettings::theme() const
{
    const QString name = store_.value(u"window/theme"_s).toString();
    if (name == "light"_L1)
        return ThemeChoice::kLight;
    if (name == "contrast"_L1)
        return ThemeChoice::kContrast;
    return name == "dark"_L1 ? ThemeChoice::kDark : ThemeChoice::kAuto;
}

void AppSettings::setTheme(ThemeChoice choice)
{
    const QString name = choice == ThemeChoice::kLight      ? u"light"_s
                         : choice == ThemeChoice::kDark     ? u"dark"_s
                         : choice == ThemeChoice::kContrast ? u"contrast"_s
                                                            : u"auto"_s;
    store_.setValue(u"window/theme"_s, name);
}

int AppSettings::fontPercent() const
{
    return std::clamp(store_.value(u"window/font_percent"_s, 100).toInt(), kLeastFontPercent,
                      kMostFontPercent);
}

void AppSettings::setFontPercent(int percent)
{
    store_.setValue(u"window/font_percent"_s, percent);
}
QString AppSettings::language() const { return store_.value(u"window/language"_s).toString(); }
void AppSettings::setLanguage(const QString& language)
{
    store_.setValue(u"window/language"_s, language);
}
bool AppSettings::hasSeenTour() const
{
    return store_.value(u"window/seen_tour"_s, false).toBool();
}
void AppSettings::setSeenTour() { store_.setValue(u"window/seen_tour"_s, true); }
QString AppSettings::cluster() const
{
    return store_.value(u"plan/cluster"_s, u"h200-x4"_s).toString();
}
void AppSettings::setCluster(const QString& name) { store_.setValue(u"plan/cluster"_s, name); }
bool AppSettings::replansAtOnce() const
{
    return store_.value(u"plan/replan_at_once"_s, true).toBool();
}
void AppSettings::setReplansAtOnce(bool on) { store_.setValue(u"plan/replan_at_once"_s, on); }

QVariantMap AppSettings::dialogState(const QString& dialog) const
{
    return store_.value(u"dialogs/"_s + dialog).toMap();
}

void AppSettings::setDialogState(const QString& dialog, const QVariantMap& state)
{
    store_.setValue(u"dialogs/"_s + dialog, state);
}

std::optional<QStringList> AppSettings::keys(const QString& action) const
{
    const QVariant kept = store_.value(u"keys/"_s + action);
    return kept.isValid() ? std::optional(kept.toStringList()) : std::nullopt;
}

void AppSettings::setKeys(const QString& action, const std::optional<QStringList>& keys)
{
    if (keys) // an empty list would read as if nothing had been chosen
        store_.setValue(u"keys/"_s + action, keys->isEmpty() ? QStringList{QString()} : *keys);
    else
        store_.remove(u"keys/"_s + action);
}

QByteArray AppSettings::windowGeometry() const
{
    return store_.value(u"window/geometry"_s).toByteArray();
}

QByteArray AppSettings::windowState() const
{
    if (store_.value(u"window/state_version"_s).toInt() != kWindowStateVersion)
        return {};
    return store_.value(u"window/state"_s).toByteArray();
}

void AppSettings::setWindow(const QByteArray& geometry, const QByteArray& state)
{
    store_.setValue(u"window/geometry"_s, geometry);
    store_.setValue(u"window/state"_s, state);
    store_.setValue(u"window/state_version"_s, kWindowStateVersion);
}

} // namespace alpa::app
