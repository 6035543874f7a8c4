// The second language is whole: no string unfinished, every placeholder kept, and the window speaks
// it.
#include "app/settings/translations.h"
#include "app/views/graph_colors.h"
#include "app/window/main_window.h"

#include <QAction>
#include <QApplication>
#include <QFile>
#include <QMenuBar>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTranslator>
#include <QXmlStreamReader>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

/// "%1", "%2", "%n" of a text, sorted.
QStringList placeholders(const QString& text)
{
    static const QRegularExpression pattern(QStringLiteral("%[0-9n]"));
    QStringList found;
    for (auto match = pattern.globalMatch(text); match.hasNext();)
        found << match.next().captured();
    found.sort();
    return found;
}

TEST(Translations, NoStringIsUnfinishedAndPlaceholdersAreKept)
{
    QFile file(QStringLiteral(ALPA_SOURCE_DIR "/resources/translations/alpa-explorer_de.ts"));
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    QXmlStreamReader xml(&file);
    QString source;
    int messages = 0;
    while (!xml.atEnd()) {
        xml.readNext();
        if (!xml.isStartElement())
            continue;
        if (xml.name() == QStringLiteral("source")) {
            source = xml.readElementText();
            ++messages;
        } else if (xml.name() == QStringLiteral("translation")) {
            EXPECT_TRUE(xml.attributes().value(QStringLiteral("type")).isEmpty())
                << "unfinished: " << source.toStdString();
            if (source.contains(QStringLiteral("%n")))
                continue; // its forms follow
            const QString text = xml.readElementText();
            EXPECT_FALSE(text.isEmpty()) << source.toStdString();
            EXPECT_EQ(placeholders(text), placeholders(source)) << source.toStdString();
        } else if (xml.name() == QStringLiteral("numerusform")) {
            EXPECT_EQ(placeholders(xml.readElementText()), placeholders(source))
                << source.toStdString();
        }
    }
    EXPECT_FALSE(xml.hasError()) << xml.errorString().toStdString();
    EXPECT_GT(messages, 900);
}

TEST(Translations, TheWindowSpeaksTheChosenLanguage)
{
    if (!builtInLanguages().contains(QStringLiteral("de")))
        GTEST_SKIP() << "Qt's lrelease was not found when this was built";
    QTranslator german;
    ASSERT_TRUE(german.load(QStringLiteral(":/i18n/alpa-explorer_de.qm")));
    QApplication::installTranslator(&german);
    QTemporaryDir profile;
    {
        const MainWindow window(profile.path());
        EXPECT_EQ(window.menuBar()->actions().first()->text(), QStringLiteral("&Datei"));
        EXPECT_EQ(window.findChild<QAction*>(QStringLiteral("actionRun"))->text().remove(u'&'),
                  QStringLiteral("Auf CPU-Geräten laufen lassen"));
        EXPECT_EQ(colorByName(ColorBy::kStage), QStringLiteral("Stufe")) << "outside of classes";
    }
    QApplication::removeTranslator(&german);
    EXPECT_EQ(languageTitle(QStringLiteral("de")), QStringLiteral("Deutsch"));
}

} // namespace
} // namespace alpa::app
