#include "app/settings/programs.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QStandardPaths>

namespace alpa::app
{

QString findProgram(const QString& name)
{
    const QFileInfo beside(QCoreApplication::applicationDirPath() + QLatin1Char('/') + name);
    if (beside.isExecutable() && beside.isFile())
        return beside.absoluteFilePath();
    return QStandardPaths::findExecutable(name);
}

} // namespace alpa::app
