// The language of the window: English in the sources, others from files that Qt's tools make of
// resources/translations.
#pragma once

#include <QString>
#include <QStringList>

namespace alpa::app
{

/// Codes of the languages that are built in, English first: "en", "de".
QStringList builtInLanguages();
/// "Deutsch" of "de": the language's own name.
QString languageTitle(const QString& code);
/// Makes the application speak `language`; empty: the desktop's, if it is built in. To be called
/// before there are widgets: they keep the texts they were made with.
void installTranslations(const QString& language);

} // namespace alpa::app
