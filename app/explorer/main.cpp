// alpa-explorer: the window.
#include "app/explorer/arguments.h"
#include "app/settings/app_settings.h"
#include "app/settings/translations.h"
#include "app/window/main_window.h"
#include "app/window/screenshots.h"

#include <QApplication>

using namespace Qt::StringLiterals;

namespace
{

/// Before there is a QApplication, which would load the plugin of a display.
std::optional<alpa::app::Arguments> readArguments(int argc, char** argv, int& exitCode)
{
    const QCoreApplication application(argc, argv);
    return alpa::app::readArguments(QCoreApplication::arguments(), exitCode);
}

/// Widgets keep the texts and sizes they are made with, so the look comes before them.
void applyLook(const alpa::app::Arguments& arguments)
{
    const alpa::app::AppSettings settings(arguments.profile);
    alpa::app::installTranslations(arguments.language.value_or(settings.language()));
    alpa::app::applyTheme(arguments.theme.value_or(settings.theme()),
                          arguments.fontPercent.value_or(settings.fontPercent()));
}

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication::setApplicationName(u"alpa-explorer"_s);
    QCoreApplication::setApplicationVersion(QStringLiteral(ALPA_VERSION));
    int exitCode = 0;
    const auto arguments = readArguments(argc, argv, exitCode);
    if (!arguments)
        return exitCode;
    QApplication::setHighDpiScaleFactorRoundingPolicy(
        Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
    const QApplication application(argc, argv);
    QApplication::setApplicationDisplayName(u"Alpa Explorer"_s);
    applyLook(*arguments);
    alpa::app::MainWindow window(arguments->profile);
    alpa::app::Setup setup = arguments->setup;
    if (setup.cluster.isEmpty())
        setup.cluster = window.settings()->cluster();
    window.setInitialSetup(setup);
    if (arguments->size)
        window.resize(*arguments->size);
    window.show();
    if (!arguments->file.isEmpty())
        window.openFile(arguments->file);
    if (!arguments->screenshots.isEmpty())
        alpa::app::takeScreenshots(window, arguments->screenshots,
                                   [](int) { QApplication::quit(); });
    return QApplication::exec();
}
