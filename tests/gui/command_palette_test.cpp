// The command palette: what letters find, and the keys that take it.
#include "app/dialogs/command_palette.h"

#include <QLineEdit>
#include <QListWidget>
#include <QPointer>
#include <QTest>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

TEST(PaletteScore, RunsBeatScatteredLettersAndWordStartsBeatMiddles)
{
    const auto score = [](const char* typed, const char* text) {
        return paletteScore(QString::fromLatin1(typed), QString::fromLatin1(text));
    };
    EXPECT_LT(score("xyz", "plan all baselines"), 0);
    EXPECT_LT(score("nalp", "plan"), 0) << "letters in order";
    EXPECT_GT(score("base", "plan all baselines"), score("base", "database"));
    EXPECT_GT(score("base", "database"), score("pab", "plan all baselines"));
    EXPECT_GT(score("pab", "plan all baselines"), score("pab", "step database"));
    EXPECT_GE(score("", "anything"), 0);
}

class CommandPaletteTest : public ::testing::Test
{
protected:
    void SetUp() override
    {
        std::vector<PaletteEntry> entries;
        for (const auto& [text, sigil] :
             {std::pair("Plan: Plan", QChar()), std::pair("View: Graph", QChar()),
              std::pair("GPT/block_3/fc:dot", QChar(u'@')), std::pair("GPT/block_3", QChar(u'#'))})
            entries.push_back(
                {QString::fromLatin1(text), {}, sigil, [this, text = std::string(text)] {
                     taken_ = text;
                 }});
        palette_ = new CommandPalette(std::move(entries));
        palette_->show();
        line_ = palette_->findChild<QLineEdit*>(QStringLiteral("paletteLine"));
        list_ = palette_->findChild<QListWidget*>(QStringLiteral("paletteList"));
    }
    ~CommandPaletteTest() override { delete palette_; }

    QPointer<CommandPalette> palette_;
    QLineEdit* line_ = nullptr;
    QListWidget* list_ = nullptr;
    std::string taken_;
};

TEST_F(CommandPaletteTest, EnterTakesTheBestAndCloses)
{
    EXPECT_EQ(list_->count(), 3) << "operations only after @";
    QTest::keyClicks(line_, QStringLiteral("gra"));
    ASSERT_EQ(list_->count(), 1);
    QTest::keyClick(line_, Qt::Key_Return);
    EXPECT_EQ(taken_, "View: Graph");
    EXPECT_TRUE(palette_.isNull() || !palette_->isVisible());
}

TEST_F(CommandPaletteTest, SigilLeavesOneKind)
{
    QTest::keyClicks(line_, QStringLiteral("@b3"));
    ASSERT_EQ(list_->count(), 1);
    QTest::keyClick(line_, Qt::Key_Return);
    EXPECT_EQ(taken_, "GPT/block_3/fc:dot");
}

TEST_F(CommandPaletteTest, NothingFoundTakesNothing)
{
    QTest::keyClicks(line_, QStringLiteral("qqq"));
    QTest::keyClick(line_, Qt::Key_Return);
    EXPECT_EQ(taken_, "");
    QTest::keyClick(line_, Qt::Key_Backspace);
    EXPECT_TRUE(palette_->isVisible());
}

TEST_F(CommandPaletteTest, ArrowsWrapAround)
{
    QTest::keyClick(line_, Qt::Key_Up);
    EXPECT_EQ(list_->currentRow(), list_->count() - 1);
    QTest::keyClick(line_, Qt::Key_Down);
    EXPECT_EQ(list_->currentRow(), 0);
}

} // namespace
} // namespace alpa::app
