// What alpa-explorer is started with, read before there is a window: help, the version and messages
// need no display.
#pragma once

#include "app/session/setup.h"
#include "app/settings/theme.h"

#include <QSize>
#include <QString>
#include <QStringList>

#include <optional>

namespace alpa::app
{

struct Arguments {
    QString file; ///< Model, session or plan to open; empty: none.
    Setup setup;  ///< Without a cluster: the one of the last time.
    std::optional<ThemeChoice> theme;
    std::optional<int> fontPercent;
    std::optional<QString> language;
    QString profile;     ///< Folder for settings; empty: the user's own.
    QString screenshots; ///< Folder for pictures of every page; empty: none are wanted.
    std::optional<QSize> size;
};

/// `given`: the program's name first; Qt's own options (-platform, -style, ...) may stand among
/// them. What asks for a text or is wrong is answered here: then nothing comes back and `exitCode`
/// is 0 or 2.
std::optional<Arguments> readArguments(const QStringList& given, int& exitCode);

} // namespace alpa::app
