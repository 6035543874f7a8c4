// Menus of how the window looks: theme, size of fonts, language.
#pragma once

#include "app/settings/theme.h"

#include <QObject>

class QMenu;

namespace alpa::app
{

class AppSettings;

class AppearanceMenus : public QObject
{
    Q_OBJECT

public:
    /// Adds them to `view`, which owns this.
    AppearanceMenus(AppSettings* settings, QMenu* view);

Q_SIGNALS:
    void said(const QString& text); ///< What has changed.

private:
    void addThemes(QMenu* view);
    void addFonts(QMenu* view);
    void addLanguages(QMenu* view);
    void setTheme(ThemeChoice choice);
    void setFontPercent(int percent);

    AppSettings* settings_;
};

} // namespace alpa::app
