// Languages that nobody has translated the window into yet: longer words, and right to left.
#include "app/dialogs/why_dialog.h"
#include "app/settings/translations.h"
#include "app/views/number_table.h"
#include "app/widgets/stage_boundaries.h"
#include "app/window/exporter.h"
#include "tests/gui/interface_test.h"

#include <QAbstractButton>
#include <QApplication>
#include <QCheckBox>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpression>
#include <QTabBar>
#include <QTableWidget>
#include <QToolButton>
#include <QTranslator>
#include <QTreeView>
#include <gtest/gtest.h>

#include <cmath>

namespace alpa::app
{
namespace
{

constexpr double kGrowth = 0.4; ///< German and Finnish need so much more room than English.

/// Every word of the interface grows by 40 %; marks, placeholders and tags stay.
class LongWords : public QTranslator
{
public:
    QString translate(const char*, const char* source, const char*, int) const override
    {
        static const QRegularExpression pattern(
            QStringLiteral("<[^>]*>|&\\w+;|%L?[0-9]+|%n|\\p{L}+"));
        const QString text = QString::fromUtf8(source);
        QString grown;
        qsizetype done = 0;
        for (auto match = pattern.globalMatch(text); match.hasNext();) {
            const QRegularExpressionMatch part = match.next();
            grown += text.mid(done, part.capturedEnd() - done);
            done = part.capturedEnd();
            if (part.captured().front().isLetter())
                grown += QString(int(std::ceil(kGrowth * double(part.capturedLength()))), u'ö');
        }
        return grown + text.mid(done);
    }
    bool isEmpty() const override { return false; }
};

/// "name: text" of each visible label and button below `root` that has less room than its text.
QStringList cutTexts(const QWidget* root)
{
    QStringList found;
    const auto add = [&found](const QWidget* widget, const QString& text) {
        found << QStringLiteral("%1 in %2: %3 (%4x%5)")
                     .arg(QString::fromLatin1(widget->metaObject()->className()),
                          widget->parentWidget()->objectName(), text)
                     .arg(widget->width())
                     .arg(widget->height());
    };
    for (const QLabel* label : root->findChildren<QLabel*>()) {
        if (!label->isVisible() || label->text().isEmpty())
            continue;
        const bool isCut = label->wordWrap()
                               ? label->height() < label->heightForWidth(label->width())
                               : label->width() < label->sizeHint().width();
        if (isCut)
            add(label, label->text());
    }
    for (const QAbstractButton* button : root->findChildren<QAbstractButton*>()) {
        if (button->isVisible() && !button->text().isEmpty() &&
            (qobject_cast<const QPushButton*>(button) != nullptr ||
             qobject_cast<const QCheckBox*>(button) != nullptr ||
             qobject_cast<const QToolButton*>(button) != nullptr) &&
            button->width() < button->sizeHint().width())
            add(button, button->text());
    }
    return found;
}

TEST(CutTexts, AreFound)
{
    QWidget page;
    page.setObjectName(QStringLiteral("page"));
    auto* line = new QLabel(QStringLiteral("a line of text"), &page);
    auto* wrapped = new QLabel(QStringLiteral("several words that take three lines"), &page);
    auto* button = new QPushButton(QStringLiteral("a button"), &page);
    wrapped->setWordWrap(true);
    for (QWidget* widget : {static_cast<QWidget*>(line), static_cast<QWidget*>(wrapped),
                            static_cast<QWidget*>(button)})
        widget->resize(widget->sizeHint());
    wrapped->setGeometry(0, 0, 120, wrapped->heightForWidth(120));
    page.show();
    EXPECT_TRUE(cutTexts(&page).isEmpty()) << cutTexts(&page).join(u'\n').toStdString();
    line->resize(line->width() - 1, line->height());
    wrapped->resize(120, wrapped->height() - 1);
    button->resize(button->width() - 1, button->height());
    EXPECT_EQ(cutTexts(&page).size(), 3) << cutTexts(&page).join(u'\n').toStdString();
}

class LongTextsTest : public InterfaceTest
{
protected:
    void SetUp() override { applyTheme(ThemeChoice::kLight); }
    void TearDown() override
    {
        window_.reset();
        QApplication::setLayoutDirection(Qt::LeftToRight);
        InterfaceTest::TearDown();
    }
    /// What is cut off on any page and in the docks beside it, in a window of 1280 pixels.
    QStringList cutOnPages()
    {
        QStringList found;
        window_->resize(1280, 800);
        session().selection()->select(Selection::op(decidedOp()));
        for (int page = 0; page < window_->pages()->count(); ++page) {
            window_->pages()->setCurrentIndex(page);
            const bool isGraph = window_->pages()->currentWidget() == window_->graphView();
            EXPECT_TRUE(waitUntil(
                [&] { return !isGraph || window_->graphView()->canvas()->isLaidOut(); }, 20000));
            QTest::qWait(50); // what is deferred until a page is shown
            EXPECT_EQ(window_->width(), 1280) << "no text makes the window wider";
            for (const QString& text : cutTexts(window_.get()))
                found << pageName(window_->pages()->widget(page)) + QStringLiteral(": ") + text;
        }
        return found;
    }
};

TEST_F(LongTextsTest, NothingIsCutOffWhereWordsAreLonger)
{
    LongWords longer;
    QApplication::installTranslator(&longer);
    showSample();
    EXPECT_TRUE(find<QAction>("actionRun")->text().contains(QStringLiteral("öö")));
    const QStringList cut = cutOnPages();
    EXPECT_TRUE(cut.isEmpty()) << cut.join(u'\n').toStdString();
    trigger("actionWhy");
    auto* why = find<WhyDialog>("whyDialog");
    ASSERT_TRUE(waitUntil([&] { return find<QTableWidget>("whyStrategies")->rowCount() > 1; }));
    // No strategy's name is cut off, however narrow the dialog is made: then its table scrolls.
    const auto* strategies = find<QTableWidget>("whyStrategies");
    for (const int width : {why->width(), why->minimumSizeHint().width()}) {
        why->resize(width, why->height());
        QTest::qWait(50);
        int widest = strategies->horizontalHeader()->sectionSizeHint(0);
        for (int row = 0; row < strategies->rowCount(); ++row)
            widest = std::max(
                widest, strategies->sizeHintForIndex(strategies->model()->index(row, 0)).width());
        EXPECT_GE(strategies->columnWidth(0), widest) << "in " << width;
    }
    EXPECT_TRUE(cutTexts(why).isEmpty()) << cutTexts(why).join(u'\n').toStdString();
    window_.reset();
    QApplication::removeTranslator(&longer);
}

TEST_F(LongTextsTest, RightToLeftTheWindowIsMirroredAndWorks)
{
    QApplication::setLayoutDirection(Qt::RightToLeft);
    showSample();
    const QStringList cut = cutOnPages();
    EXPECT_TRUE(cut.isEmpty()) << cut.join(u'\n').toStdString();
    const QTabBar* tabs = window_->pages()->tabBar();
    EXPECT_GT(tabs->tabRect(0).x(), tabs->tabRect(1).x()) << "the first page is to the right";
    // A click still hits what is drawn there.
    auto* outline = find<QTreeView>("outlineTree");
    session().selection()->clear();
    const QModelIndex row = outline->model()->index(0, 0);
    const QRect cell = outline->visualRect(row);
    EXPECT_GT(cell.center().x(), outline->viewport()->width() / 2) << "names are to the right";
    QTest::mouseClick(outline->viewport(), Qt::LeftButton, Qt::NoModifier, cell.center());
    EXPECT_EQ(session().selection()->current().kind, Selection::Kind::kScope);
    auto* lanes = find<StageBoundaries>("stageBoundaries");
    window_->pages()->setCurrentWidget(find<QWidget>("pipelineView"));
    QTest::mouseClick(lanes, Qt::LeftButton, Qt::NoModifier, lanes->rect().center());
    EXPECT_EQ(session().selection()->current().kind, Selection::Kind::kStage);
}

// With as many columns as it ever has.
TEST_F(LongTextsTest, TabsAndTheMemoryTableNeedNoScrollingBesideTwoDocks)
{
    for (const QString& language : builtInLanguages()) {
        QTranslator words;
        if (words.load(QStringLiteral(":/i18n/alpa-explorer_%1.qm").arg(language)))
            QApplication::installTranslator(&words);
        window_.reset();
        showSample();
        app::Setup next = session().setup();
        next.options.constraints.schedule = ScheduleKind::kZeroBubble;
        next.options.constraints.fixedPp = 2;
        session().editSetup(next, QStringLiteral("Zero bubbles"));
        ASSERT_TRUE(hasPlan());
        window_->resize(1280, 800);
        window_->pages()->setCurrentWidget(find<QWidget>("memoryView"));
        QTest::qWait(50);
        const QTabBar* tabs = window_->pages()->tabBar();
        EXPECT_LE(tabs->tabRect(tabs->count() - 1).right(), window_->pages()->width())
            << language.toStdString();
        const auto* table = find<QTableWidget>("memoryTable");
        ASSERT_EQ(table->horizontalHeader()->hiddenSectionCount(), 0);
        EXPECT_LE(neededWidth(table), table->viewport()->width()) << language.toStdString();
        window_.reset();
        QApplication::removeTranslator(&words);
    }
}

} // namespace
} // namespace alpa::app
