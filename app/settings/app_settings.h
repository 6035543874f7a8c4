// What the window remembers between starts: recent models, theme, cluster and layout of its docks.
#pragma once

#include "app/settings/theme.h"

#include <QByteArray>
#include <QSettings>
#include <QString>
#include <QStringList>
#include <QVariantMap>

#include <optional>

namespace alpa::app
{

class AppSettings
{
public:
    /// Kept as an INI file in `directory`, or in the user's configuration directory when it is
    /// empty.
    explicit AppSettings(const QString& directory = {});

    QStringList recentModels() const; ///< Newest first, at most ten.
    void addRecentModel(const QString& path);
    void removeRecentModel(const QString& path);
    QStringList pinnedModels() const; ///< As they were pinned; they stay whatever else is opened.
    void setPinned(const QString& path, bool on);
    ThemeChoice theme() const;
    void setTheme(ThemeChoice choice);
    int fontPercent() const; ///< Of the desktop's font size.
    void setFontPercent(int percent);
    QString language() const; ///< "de"; empty: the desktop's.
    void setLanguage(const QString& language);
    bool hasSeenTour() const;
    void setSeenTour();
    QString cluster() const; ///< "h200-x4" until the user chooses another.
    void setCluster(const QString& name);
    bool replansAtOnce() const;
    void setReplansAtOnce(bool on);
    /// What a dialog was left with, by its name; empty the first time.
    QVariantMap dialogState(const QString& dialog) const;
    void setDialogState(const QString& dialog, const QVariantMap& state);
    /// Keys that were chosen for an action, in portable text; unset: its usual ones.
    std::optional<QStringList> keys(const QString& action) const;
    void setKeys(const QString& action, const std::optional<QStringList>& keys);
    QByteArray windowGeometry() const;
    QByteArray windowState() const; ///< Empty when kept by a version with other docks.
    void setWindow(const QByteArray& geometry, const QByteArray& state);

private:
    QSettings store_;
};

} // namespace alpa::app
