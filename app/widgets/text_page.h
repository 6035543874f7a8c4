// Lines of text of any length, painted by themselves: only what is visible costs anything, so a
// file of a million lines scrolls as one of ten.
#pragma once

#include "app/session/text_lines.h"

#include <QAbstractScrollArea>

#include <functional>
#include <memory>
#include <vector>

namespace alpa::app
{

class TextPage : public QAbstractScrollArea
{
    Q_OBJECT

public:
    explicit TextPage(QWidget* parent = nullptr);
    void setLines(std::shared_ptr<const TextLines> lines); ///< May be null.
    /// Lines, counted from 0 and ascending, with a marked background. Brings the first into view
    /// unless one is in it.
    void setMarked(std::vector<int> marked);
    const std::vector<int>& marked() const { return marked_; }
    /// Lines, ascending, that are outlined: the mouse is over what they say, here or elsewhere.
    void setHinted(std::vector<int> hinted);
    const std::vector<int>& hinted() const { return hinted_; }
    /// What a line means in words, for the tip over it; empty: none.
    void setTips(std::function<QString(int line)> tips) { tips_ = std::move(tips); }
    int firstVisibleLine() const;
    int lineAt(QPoint at) const;    ///< -1 below the text.
    QPoint pointOf(int line) const; ///< In the viewport: the middle of the line's row.

Q_SIGNALS:
    void lineClicked(int line, Qt::KeyboardModifiers modifiers);
    void lineHovered(int line); ///< -1 when the mouse leaves.

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    bool viewportEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void fitFont();
    void fitScrollBars();
    int rowHeight() const;
    int gutterWidth() const;
    void scrollTo(int line);

    std::shared_ptr<const TextLines> lines_;
    std::vector<int> marked_, hinted_;
    int hoveredLine_ = -1;
    std::function<QString(int)> tips_;
    QFont font_;
};

} // namespace alpa::app
