// alpa-explorer: the window.
#include "app/settings/app_settings.h"
#include "app/settings/qt_text.h"
#include "app/settings/translations.h"
#include "app/window/main_window.h"
#include "app/window/screenshots.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QFileInfo>

#include <cstdio>

using namespace Qt::StringLiterals;

namespace
{

/// Reads the options that set start values; false, with a message, if one makes no sense.
bool readSetup(const QCommandLineParser& parser, alpa::app::Setup& setup)
{
    if (parser.isSet(u"cluster"_s)) {
        setup.cluster = parser.value(u"cluster"_s);
        const auto cluster = alpa::loadCluster(setup.cluster.toStdString());
        if (!cluster.ok()) {
            std::fprintf(stderr, "alpa-explorer: %s\n", cluster.error().message.c_str());
            return false;
        }
    }
    if (!parser.isSet(u"max-tp"_s))
        return true;
    bool isNumber = false;
    const int maxTp = parser.value(u"max-tp"_s).toInt(&isNumber);
    if (!isNumber || maxTp < 1) {
        std::fprintf(stderr, "alpa-explorer: --max-tp: expected a count from 1, got '%s'\n",
                     qPrintable(parser.value(u"max-tp"_s)));
        return false;
    }
    setup.options.constraints.maxTp = maxTp;
    return true;
}

} // namespace

int main(int argc, char** argv)
{
    QApplication::setHighDpiScaleFactorRoundingPolicy(
        Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
    QApplication application(argc, argv);
    QApplication::setApplicationName(u"alpa-explorer"_s);
    QApplication::setApplicationDisplayName(u"Alpa Explorer"_s);
    QCommandLineParser parser;
    parser.setApplicationDescription(
        u"Plan, see, change, run and compare parallel training of a model."_s);
    parser.addHelpOption();
    parser.addPositionalArgument(
        u"model"_s,
        u"Model (StableHLO, HLO text, ONNX) to open and plan, or a session (.apsess)."_s,
        u"[MODEL]"_s);
    parser.addOptions({
        {u"cluster"_s,
         u"Cluster to plan for: h200-x4, p3.16xlarge-x8, cpu-x4, ... or a cluster file."_s,
         u"NAME"_s},
        {u"max-tp"_s, u"Most devices along the tensor axis."_s, u"N"_s},
        {u"plan"_s, u"Plan file to open instead of a model."_s, u"PLAN.json"_s},
        {u"theme"_s, u"light, dark, contrast or auto, for this start only."_s, u"NAME"_s},
        {u"language"_s, u"en, de: language of the window, for this start only."_s, u"CODE"_s},
        {u"font-size"_s, u"80 to 200: percent of the desktop's font size, for this start only."_s,
         u"PERCENT"_s},
        {u"profile"_s, u"Folder for settings instead of the user's own."_s, u"DIR"_s},
        {u"screenshot"_s,
         u"Save a picture of every page in DIR once the model is planned, then quit."_s, u"DIR"_s},
        {u"size"_s, u"Size of the window, for --screenshot."_s, u"WxH"_s},
    });
    parser.process(application);

    // Widgets keep the texts and sizes they are made with, so the look comes first.
    {
        const alpa::app::AppSettings settings(parser.value(u"profile"_s));
        alpa::app::installTranslations(parser.isSet(u"language"_s) ? parser.value(u"language"_s)
                                                                   : settings.language());
        const QString theme = parser.value(u"theme"_s);
        const int percent = parser.isSet(u"font-size"_s) ? parser.value(u"font-size"_s).toInt()
                                                         : settings.fontPercent();
        alpa::app::applyTheme(theme == "dark"_L1       ? alpa::app::ThemeChoice::kDark
                              : theme == "light"_L1    ? alpa::app::ThemeChoice::kLight
                              : theme == "contrast"_L1 ? alpa::app::ThemeChoice::kContrast
                                                       : settings.theme(),
                              percent);
    }
    alpa::app::MainWindow window(parser.value(u"profile"_s));
    alpa::app::Setup setup;
    setup.cluster = window.settings()->cluster();
    if (!readSetup(parser, setup))
        return 2;
    window.setInitialSetup(setup);
    const QStringList size = parser.value(u"size"_s).split(u'x');
    if (size.size() == 2)
        window.resize(size[0].toInt(), size[1].toInt());
    window.show();
    if (parser.isSet(u"plan"_s))
        window.openFile(parser.value(u"plan"_s));
    else if (!parser.positionalArguments().isEmpty())
        window.openFile(parser.positionalArguments().constFirst());
    if (parser.isSet(u"screenshot"_s)) {
        alpa::app::takeScreenshots(window, parser.value(u"screenshot"_s),
                                   [](int) { QApplication::quit(); });
    }
    return QApplication::exec();
}
