#include "app/settings/translations.h"

#include <QCoreApplication>
#include <QDir>
#include <QLibraryInfo>
#include <QLocale>
#include <QTranslator>

/// The linker drops resources of a static library that nobody names.
static void initTranslationResources()
{
#ifdef ALPA_HAS_TRANSLATIONS
    Q_INIT_RESOURCE(translations);
#endif
}

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr QStringView kPrefix = u"alpa-explorer_";

} // namespace

QStringList builtInLanguages()
{
    initTranslationResources();
    QStringList languages{u"en"_s};
    for (const QString& file : QDir(u":/i18n"_s).entryList({u"*.qm"_s}, QDir::Files, QDir::Name))
        languages << file.mid(kPrefix.size()).section(u'.', 0, 0);
    return languages;
}

QString languageTitle(const QString& code)
{
    const QString name = QLocale(code).nativeLanguageName();
    // "American English": the region is of no interest.
    return name.isEmpty()    ? code
           : code == "en"_L1 ? u"English"_s
                             : name.left(1).toUpper() + name.mid(1);
}

void installTranslations(const QString& language)
{
    initTranslationResources();
    const QLocale locale = language.isEmpty() ? QLocale::system() : QLocale(language);
    const auto install = [&](const QString& name, const QString& directory) {
        auto* translator = new QTranslator(qApp);
        if (translator->load(locale, name, u"_"_s, directory))
            QCoreApplication::installTranslator(translator);
        else
            delete translator;
    };
    install(u"qtbase"_s, QLibraryInfo::path(QLibraryInfo::TranslationsPath));
    install(u"alpa-explorer"_s, u":/i18n"_s);
}

} // namespace alpa::app
