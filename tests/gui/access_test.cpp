// For everyone: names for screen readers, every theme and font size, the tour, the glossary, keys
// for everything.
#include "app/dialogs/glossary_dialog.h"
#include "app/dialogs/keys_dialog.h"
#include "app/dialogs/run_dialog.h"
#include "app/dialogs/tour.h"
#include "app/settings/key_bindings.h"
#include "app/settings/theme.h"
#include "app/window/exporter.h"
#include "app/window/main_window.h"
#include "tests/gui/gui_support.h"

#include <QAbstractScrollArea>
#include <QAbstractSpinBox>
#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSpinBox>
#include <QStyleOptionSpinBox>
#include <QTabBar>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTextBrowser>
#include <QTranslator>
#include <QTreeWidget>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace alpa::app
{
namespace
{

class AccessTest : public ::testing::Test
{
protected:
    void SetUp() override
    {
        window_ = std::make_unique<MainWindow>(profile_.path());
        window_->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
    }
    void TearDown() override { applyTheme(ThemeChoice::kLight); }
    void open()
    {
        window_->openFile(samplePath(QStringLiteral("mlp-tiny")), QStringLiteral("cpu-x4"));
        ASSERT_TRUE(waitUntil([this] { return window_->session()->shownPlan() != nullptr; }));
    }
    /// Widgets that take the focus and have no name that a screen reader could say.
    static QStringList nameless(QWidget* root)
    {
        QStringList found;
        for (QWidget* widget : root->findChildren<QWidget*>()) {
            const QString kind = QString::fromLatin1(widget->metaObject()->className());
            // Qt's own parts are named by what they are part of.
            const auto* label = qobject_cast<QLabel*>(widget);
            const auto* area = qobject_cast<QAbstractScrollArea*>(widget->parentWidget());
            if (widget->focusPolicy() == Qt::NoFocus ||
                (label != nullptr && label->text().isEmpty()) ||
                (area != nullptr && area->viewport() == widget) ||
                kind == QStringLiteral("QComboBoxListView") ||
                widget->objectName().startsWith(QStringLiteral("qt_")) ||
                qobject_cast<QScrollArea*>(widget) != nullptr ||
                qobject_cast<QTabBar*>(widget) != nullptr ||
                qobject_cast<QTabWidget*>(widget) != nullptr ||
                (qobject_cast<QLineEdit*>(widget) != nullptr &&
                 qobject_cast<QAbstractSpinBox*>(widget->parentWidget()) != nullptr))
                continue;
            QAccessibleInterface* interface = QAccessible::queryAccessibleInterface(widget);
            if (interface == nullptr || interface->text(QAccessible::Name).isEmpty())
                found << kind + u' ' + widget->objectName() + QStringLiteral(" in ") +
                             (widget->parentWidget() != nullptr
                                  ? widget->parentWidget()->objectName()
                                  : QString());
        }
        return found;
    }

    QTemporaryDir profile_;
    std::unique_ptr<MainWindow> window_;
};

TEST_F(AccessTest, EveryWidgetThatTakesTheFocusHasAName)
{
    EXPECT_TRUE(nameless(window_.get()).isEmpty())
        << nameless(window_.get()).join(u'\n').toStdString();
    open();
    EXPECT_TRUE(nameless(window_.get()).isEmpty())
        << nameless(window_.get()).join(u'\n').toStdString();
    RunDialog run(window_->session(), window_->settings());
    for (const QLabel* label : run.findChildren<QLabel*>())
        EXPECT_TRUE(!label->text().contains(u'&') || label->buddy() != nullptr)
            << label->text().toStdString()
            << ": its letter leads nowhere and is shown with its mark";
    EXPECT_TRUE(nameless(&run).isEmpty()) << nameless(&run).join(u'\n').toStdString();
    GlossaryDialog words;
    EXPECT_TRUE(nameless(&words).isEmpty()) << nameless(&words).join(u'\n').toStdString();
}

double luminance(const QColor& color)
{
    const auto linear = [](double c) {
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) +
           0.0722 * linear(color.blueF());
}

/// WCAG 2.1.
double contrast(const QColor& a, const QColor& b)
{
    const double first = luminance(a), second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

TEST(ThemeContrast, TextsAndLinesStandOutAsFarAsTheGuidelinesAsk)
{
    for (const Theme* theme : {&lightTheme(), &darkTheme(), &contrastTheme()}) {
        const double least = theme == &contrastTheme() ? 7.0 : 4.5;
        for (const QColor& text : {theme->text, theme->mutedText, theme->error, theme->accent}) {
            EXPECT_GE(contrast(text, theme->window), least)
                << text.name().toStdString() << " on " << theme->window.name().toStdString();
            EXPECT_GE(contrast(text, theme->surface), least)
                << text.name().toStdString() << " on " << theme->surface.name().toStdString();
        }
        EXPECT_GE(contrast(theme->text, theme->selection), least);
        EXPECT_GE(contrast(theme->text, theme->staleBar), least);
        for (size_t axis = 0; axis < theme->axis.size(); ++axis)
            EXPECT_GE(contrast(theme->axis[axis], theme->axisText[axis]), 4.5);
    }
    EXPECT_GE(contrast(contrastTheme().border, contrastTheme().window), 4.5);
}

// What is not text is seen too (WCAG 2.1, 1.4.11: 3 to 1).
TEST(ThemeContrast, BoxesAndArrowsOfFieldsAreSeenInEveryTheme)
{
    for (const ThemeChoice choice :
         {ThemeChoice::kLight, ThemeChoice::kDark, ThemeChoice::kContrast}) {
        applyTheme(choice);
        QCheckBox box;
        box.resize(40, 30);
        const Theme& theme = themeOf(&box);
        const QImage empty = box.grab().toImage();
        double strongest = 1;
        for (int y = 0; y < empty.height(); ++y) {
            for (int x = 0; x < empty.width(); ++x)
                strongest = std::max(strongest, contrast(empty.pixelColor(x, y), theme.window));
        }
        EXPECT_GE(strongest, 3.0) << "the box itself, theme " << int(choice);
        box.setChecked(true);
        EXPECT_NE(box.grab().toImage(), empty) << "and its tick";
        QSpinBox number;
        number.resize(80, 26);
        QStyleOptionSpinBox option;
        option.initFrom(&number);
        option.rect = number.rect();
        option.subControls = QStyle::SC_All;
        EXPECT_GE(number.style()
                      ->subControlRect(QStyle::CC_SpinBox, &option, QStyle::SC_SpinBoxUp, &number)
                      .width(),
                  10)
            << "the arrows, theme " << int(choice);
    }
    applyTheme(ThemeChoice::kLight);
}

// Beside two docks of their first size a page has this width in a window of 1280 pixels.
constexpr int kPageWidth = 660;
constexpr int kDockWidth = 275;

/// What is wider than its place, by name.
QStringList widePlaces(MainWindow& window)
{
    QStringList found;
    for (int page = 0; page < window.pages()->count(); ++page) {
        if (window.pages()->widget(page)->minimumSizeHint().width() > kPageWidth)
            found << pageName(window.pages()->widget(page));
    }
    for (const char* panel : {"constraintsPanel", "inspector"}) {
        const auto* scroll =
            window.findChild<QWidget*>(QString::fromLatin1(panel))->findChild<QScrollArea*>();
        const int width = scroll->widget()->minimumSizeHint().width();
        if (width + scroll->verticalScrollBar()->sizeHint().width() > kDockWidth)
            found << QStringLiteral("%1 needs %2").arg(QString::fromLatin1(panel)).arg(width);
    }
    return found;
}

TEST_F(AccessTest, PagesAndPanelsFitBesideEachOtherInBothLanguages)
{
    for (const char* language : {"en", "de"}) {
        QTranslator translator;
        if (translator.load(
                QStringLiteral(":/i18n/alpa-explorer_%1.qm").arg(QString::fromLatin1(language))))
            QApplication::installTranslator(&translator);
        window_.reset();
        SetUp();
        open();
        app::Setup next = window_->session()->setup();
        next.whatIf.bandwidth = 0.25;
        next.options.constraints.maxTp = 1;
        window_->session()->editSetup(next, QStringLiteral("what if"));
        ASSERT_TRUE(waitUntil([this] { return !window_->session()->isStale(); }));
        window_->session()->selection()->select(Selection::layer(0));
        for (int page = 0; page < window_->pages()->count(); ++page)
            window_->pages()->setCurrentIndex(page);
        EXPECT_TRUE(widePlaces(*window_).isEmpty())
            << language << ": " << widePlaces(*window_).join(QStringLiteral(", ")).toStdString();
        QApplication::removeTranslator(&translator);
    }
}

TEST_F(AccessTest, ThemesAndFontSizesApplyAtOnceAndFit)
{
    open();
    const double usual = QApplication::font().pointSizeF();
    window_->findChild<QAction*>(QStringLiteral("actionFontLarger"))->trigger();
    EXPECT_GT(QApplication::font().pointSizeF(), usual);
    window_->findChild<QAction*>(QStringLiteral("actionFontReset"))->trigger();
    for (const ThemeChoice choice :
         {ThemeChoice::kLight, ThemeChoice::kDark, ThemeChoice::kContrast}) {
        for (const int percent : {80, 100, 200}) {
            applyTheme(choice, percent);
            QCoreApplication::processEvents();
            EXPECT_EQ(&themeOf(window_.get()), choice == ThemeChoice::kLight  ? &lightTheme()
                                               : choice == ThemeChoice::kDark ? &darkTheme()
                                                                              : &contrastTheme());
            EXPECT_FALSE(window_->grab().isNull());
        }
    }
}

TEST_F(AccessTest, TourGoesThroughEveryPageAndEnds)
{
    QTest::mouseClick(window_->findChild<QPushButton*>(QStringLiteral("startTour")),
                      Qt::LeftButton);
    auto* tour = window_->findChild<Tour*>();
    ASSERT_NE(tour, nullptr);
    ASSERT_TRUE(waitUntil([this] { return window_->session()->shownPlan() != nullptr; }, 120000))
        << "on a sample of its own";
    std::set<int> pages;
    for (int stop = 0; stop < tour->stopCount(); ++stop) {
        EXPECT_EQ(tour->stop(), stop);
        pages.insert(window_->pages()->currentIndex());
        EXPECT_FALSE(tour->findChild<QLabel*>(QStringLiteral("tourText"))->text().isEmpty());
        QTest::mouseClick(tour->findChild<QPushButton*>(QStringLiteral("tourNext")),
                          Qt::LeftButton);
    }
    EXPECT_EQ(pages.size(), 6u);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    EXPECT_EQ(window_->findChild<Tour*>(), nullptr);
    EXPECT_TRUE(window_->settings()->hasSeenTour());
}

TEST(Glossary, EveryWordIsExplainedOnceAndFound)
{
    std::set<QString> words;
    for (const GlossaryEntry& entry : glossary()) {
        EXPECT_TRUE(words.insert(entry.word).second) << entry.word.toStdString();
        EXPECT_GT(entry.meaning.size(), 20);
    }
    GlossaryDialog dialog;
    dialog.findChild<QLineEdit*>(QStringLiteral("glossaryLine"))->setText(QStringLiteral("bubble"));
    EXPECT_TRUE(
        dialog.findChild<QTextBrowser*>()->toPlainText().contains(QStringLiteral("Bubble")));
    EXPECT_FALSE(dialog.findChild<QTextBrowser*>()->toPlainText().contains(QStringLiteral("ZeRO")));
}

TEST_F(AccessTest, KeysAreUniqueAndTheSheetNamesThem)
{
    std::map<QString, const QAction*> owners;
    std::set<QString> shared;
    for (const QAction* action : window_->findChildren<QAction*>()) {
        for (const QKeySequence& key : action->shortcuts()) {
            const auto [other, isNew] = owners.emplace(key.toString(), action);
            if (!isNew)
                shared.insert(key.toString() + u' ' +
                              std::min(action->objectName(), other->second->objectName()) + u' ' +
                              std::max(action->objectName(), other->second->objectName()));
        }
    }
    // The one pair: timelines beside each other have no D of their own (see
    // TimelinesSideBySideShareOneScaleAndDGoesToDifferences), and elsewhere there is no difference.
    EXPECT_EQ(shared, std::set{QStringLiteral("D actionNextDifference actionTimelineLater")});
    KeysDialog sheet(window_->settings(), window_.get());
    const auto* tree = sheet.findChild<QTreeWidget*>();
    QString all;
    for (QTreeWidgetItemIterator row(const_cast<QTreeWidget*>(tree)); *row != nullptr; ++row)
        all += (*row)->text(0) + u'=' + (*row)->text(1) + u' ';
    for (const auto& [key, action] : owners)
        EXPECT_TRUE(all.contains(key)) << key.toStdString() << " (" << action->text().toStdString()
                                       << ") is not in the sheet of keys";
    for (const char* row : {"Next difference (where plans stand side by side)=D ",
                            "In the timeline: Later=D, Right "})
        EXPECT_TRUE(all.contains(QString::fromLatin1(row))) << row << "says where D is whose";
}

} // namespace
} // namespace alpa::app
