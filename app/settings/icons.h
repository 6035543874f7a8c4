// Icons drawn in the colours of the theme in use, whatever theme that is when they are painted.
#pragma once

#include <QIcon>
#include <QString>

namespace alpa::app
{

/// The icon settings/icons/`name`.svg, its black strokes in the text colour of the application's
/// palette.
QIcon themedIcon(const QString& name);

} // namespace alpa::app
