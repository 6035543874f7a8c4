#include "app/explorer/arguments.h"

#include "app/settings/translations.h"

#include <QCommandLineParser>

#include <cstdio>
#include <limits>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kWrongInput = 2;
constexpr int kLeastFontPercent = 80, kMostFontPercent = 200;

void addOwnOptions(QCommandLineParser& parser)
{
    parser.setApplicationDescription(
        u"Plan, see, change, run and compare parallel training of a model."_s);
    parser.addHelpOption();
    parser.addVersionOption();
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
}

/// What QApplication takes for itself and takes out of the arguments: known, so that it is not
/// called wrong before there is a QApplication.
void addOptionsOfQt(QCommandLineParser& parser)
{
    const auto add = [&parser](const QStringList& names, const QString& value) {
        QCommandLineOption option(names, {}, value);
        option.setFlags(QCommandLineOption::HiddenFromHelp);
        parser.addOption(option);
    };
    for (const char* name : {"platform", "platformpluginpath", "platformtheme", "plugin",
                             "geometry", "qwindowgeometry", "icon", "qwindowicon", "title",
                             "qwindowtitle", "display", "session", "style", "stylesheet"})
        add({QString::fromLatin1(name)}, u"VALUE"_s);
    add({u"reverse"_s}, {});
}

/// The options' values; a message if one makes no sense.
class Values
{
public:
    explicit Values(const QCommandLineParser& parser)
        : parser_(parser)
    {
    }

    std::optional<QString> text(const QString& option) const
    {
        return parser_.isSet(option) ? std::optional(parser_.value(option)) : std::nullopt;
    }
    std::optional<int> number(const QString& option, int least, int most, const QString& expected)
    {
        const std::optional<QString> given = text(option);
        bool isNumber = true;
        const int value = given ? given->toInt(&isNumber) : least;
        if (!isNumber || value < least || value > most)
            refuse(option, expected);
        return given ? std::optional(value) : std::nullopt;
    }
    std::optional<ThemeChoice> theme()
    {
        const QString name = parser_.value(u"theme"_s);
        if (name == "light"_L1)
            return ThemeChoice::kLight;
        if (name == "dark"_L1)
            return ThemeChoice::kDark;
        if (name == "contrast"_L1)
            return ThemeChoice::kContrast;
        if (name == "auto"_L1)
            return ThemeChoice::kAuto;
        if (parser_.isSet(u"theme"_s))
            refuse(u"theme"_s, u"light, dark, contrast or auto"_s);
        return std::nullopt;
    }
    std::optional<QSize> size()
    {
        if (!parser_.isSet(u"size"_s))
            return std::nullopt;
        const QStringList sides = parser_.value(u"size"_s).split(u'x');
        const QSize size =
            sides.size() == 2 ? QSize(sides[0].toInt(), sides[1].toInt()) : QSize(0, 0);
        if (size.isEmpty())
            refuse(u"size"_s, u"width and height, as 1280x800"_s);
        return size;
    }
    void refuse(const QString& option, const QString& expected)
    {
        problem_ = u"--%1: expected %2, got '%3'"_s.arg(option, expected, parser_.value(option));
    }
    void refuse(const QString& problem) { problem_ = problem; }
    const QString& problem() const { return problem_; } ///< Empty: all make sense.

private:
    const QCommandLineParser& parser_;
    QString problem_;
};

Arguments argumentsOf(const QCommandLineParser& parser, Values& values)
{
    Arguments read;
    const QStringList models = parser.positionalArguments();
    if (models.size() + (parser.isSet(u"plan"_s) ? 1 : 0) > 1)
        values.refuse(u"expected one model, session or plan to open"_s);
    read.file = models.isEmpty() ? parser.value(u"plan"_s) : models.constFirst();
    read.setup.cluster = parser.value(u"cluster"_s);
    if (parser.isSet(u"cluster"_s)) {
        if (const auto cluster = loadCluster(read.setup.cluster.toStdString()); !cluster.ok())
            values.refuse(QString::fromStdString(cluster.error().message));
    }
    read.setup.options.constraints.maxTp =
        values.number(u"max-tp"_s, 1, std::numeric_limits<int>::max(), u"a count from 1"_s);
    read.theme = values.theme();
    read.fontPercent = values.number(u"font-size"_s, kLeastFontPercent, kMostFontPercent,
                                     u"percent from 80 to 200"_s);
    read.language = values.text(u"language"_s);
    if (read.language && !builtInLanguages().contains(*read.language))
        values.refuse(u"language"_s, builtInLanguages().join(u" or "_s));
    read.profile = parser.value(u"profile"_s);
    read.screenshots = parser.value(u"screenshot"_s);
    read.size = values.size();
    return read;
}

} // namespace

std::optional<Arguments> readArguments(const QStringList& given, int& exitCode)
{
    QCommandLineParser parser;
    parser.setSingleDashWordOptionMode(QCommandLineParser::ParseAsLongOptions); // as Qt's own are
    addOwnOptions(parser);
    addOptionsOfQt(parser);
    const bool isKnown = parser.parse(given);
    exitCode = 0;
    if (parser.isSet(u"help"_s) || parser.isSet(u"help-all"_s)) {
        std::fputs(qPrintable(parser.helpText()), stdout);
        return std::nullopt;
    }
    if (parser.isSet(u"version"_s)) {
        std::printf("alpa-explorer %s\n", qPrintable(QCoreApplication::applicationVersion()));
        return std::nullopt;
    }
    Values values(parser);
    Arguments read;
    if (isKnown)
        read = argumentsOf(parser, values);
    else
        values.refuse(parser.errorText());
    if (values.problem().isEmpty())
        return read;
    exitCode = kWrongInput;
    std::fprintf(stderr, "alpa-explorer: %s\nTry: alpa-explorer --help\n",
                 qPrintable(values.problem()));
    return std::nullopt;
}

} // namespace alpa::app
