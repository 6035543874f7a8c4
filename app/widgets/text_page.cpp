#include "app/widgets/text_page.h"

#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/painted_chart.h"

#include <QApplication>
#include <QClipboard>
#include <QFontDatabase>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>

#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kPadding = 10;
constexpr double kLetter = 12; ///< Units.
/// Constants of a model fill lines of megabytes; more characters than this nobody reads.
constexpr size_t kLongestShown = 1200;

} // namespace

TextPage::TextPage(QWidget* parent)
    : QAbstractScrollArea(parent)
    , font_(QFontDatabase::systemFont(QFontDatabase::FixedFont))
{
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    viewport()->setAutoFillBackground(false);
    viewport()->setCursor(Qt::ArrowCursor);
    viewport()->setMouseTracking(true);
    fitFont();
}

/// As much larger than usual as the window's font is.
void TextPage::fitFont() { font_.setPixelSize(int(std::lround(kLetter * unitOf(font())))); }

void TextPage::setLines(std::shared_ptr<const TextLines> lines)
{
    lines_ = std::move(lines);
    marked_.clear();
    hinted_.clear();
    verticalScrollBar()->setValue(0);
    horizontalScrollBar()->setValue(0);
    fitScrollBars();
    viewport()->update();
}

void TextPage::setMarked(std::vector<int> marked)
{
    marked_ = std::move(marked);
    viewport()->update();
    if (marked_.empty())
        return;
    const int first = firstVisibleLine();
    const int shown = viewport()->height() / rowHeight();
    const auto visible = std::ranges::lower_bound(marked_, first);
    if (visible == marked_.end() || *visible >= first + shown - 1)
        scrollTo(marked_.front());
}

void TextPage::setHinted(std::vector<int> hinted)
{
    if (hinted == hinted_)
        return;
    hinted_ = std::move(hinted);
    viewport()->update();
}

int TextPage::rowHeight() const { return QFontMetrics(font_).height() + 3; }

int TextPage::gutterWidth() const
{
    const qsizetype digits = QString::number(lines_ == nullptr ? 1 : lines_->count()).size();
    return QFontMetrics(font_).horizontalAdvance(u'0') * int(digits) + 2 * kPadding;
}

int TextPage::firstVisibleLine() const { return verticalScrollBar()->value(); }

int TextPage::lineAt(QPoint at) const
{
    const int line = firstVisibleLine() + at.y() / rowHeight();
    return lines_ == nullptr || line >= lines_->count() ? -1 : line;
}

QPoint TextPage::pointOf(int line) const
{
    return {gutterWidth() + kPadding, (line - firstVisibleLine()) * rowHeight() + rowHeight() / 2};
}

void TextPage::scrollTo(int line)
{
    verticalScrollBar()->setValue(line - viewport()->height() / rowHeight() / 3);
}

void TextPage::fitScrollBars()
{
    const int count = lines_ == nullptr ? 0 : lines_->count();
    const int shown = std::max(1, viewport()->height() / rowHeight());
    verticalScrollBar()->setRange(0, std::max(0, count - shown));
    verticalScrollBar()->setPageStep(shown);
    const size_t longest = lines_ == nullptr ? 0 : std::min(lines_->longest(), kLongestShown);
    const int width = QFontMetrics(font_).horizontalAdvance(u'0') * int(longest) + 2 * kPadding;
    const int room = viewport()->width() - gutterWidth();
    horizontalScrollBar()->setRange(0, std::max(0, width - room));
    horizontalScrollBar()->setPageStep(std::max(1, room));
    horizontalScrollBar()->setSingleStep(24);
}

void TextPage::resizeEvent(QResizeEvent*) { fitScrollBars(); }

void TextPage::paintEvent(QPaintEvent*)
{
    QPainter painter(viewport());
    const Theme& theme = themeOf(this);
    painter.fillRect(viewport()->rect(), theme.surface);
    if (lines_ == nullptr)
        return;
    painter.setFont(font_);
    const int row = rowHeight();
    const int gutter = gutterWidth();
    const int first = firstVisibleLine();
    const int last = std::min(lines_->count(), first + viewport()->height() / row + 2);
    const int left = gutter + kPadding - horizontalScrollBar()->value();
    for (int line = first; line < last; ++line) {
        const QRect area(0, (line - first) * row, viewport()->width(), row);
        const bool isMarked = std::ranges::binary_search(marked_, line);
        if (isMarked)
            painter.fillRect(area, theme.selection);
        const std::string_view whole = lines_->line(line);
        QString text = toQt(whole.substr(0, kLongestShown));
        if (whole.size() > kLongestShown)
            text += tr(" … %1 more").arg(countText(int64_t(whole.size() - kLongestShown)));
        // Remarks are quieter than what they remark on.
        const qsizetype remark = text.indexOf("  # "_L1);
        const QString code = remark < 0 ? text : text.left(remark);
        painter.setPen(text.startsWith(u'#')                            ? theme.mutedText
                       : text.startsWith(u' ') || text.startsWith(u'%') ? theme.text
                                                                        : theme.accent);
        painter.drawText(QRect(left, area.top(), 1 << 20, row), Qt::AlignVCenter | Qt::AlignLeft,
                         code);
        if (remark >= 0) {
            painter.setPen(theme.mutedText);
            painter.drawText(QRect(left + painter.fontMetrics().horizontalAdvance(code), area.top(),
                                   1 << 20, row),
                             Qt::AlignVCenter | Qt::AlignLeft, text.mid(remark));
        }
        painter.fillRect(QRect(0, area.top(), gutter, row),
                         isMarked ? theme.selection : theme.raised);
        painter.setPen(isMarked ? theme.text : theme.mutedText);
        painter.drawText(QRect(0, area.top(), gutter - kPadding, row),
                         Qt::AlignVCenter | Qt::AlignRight, QString::number(line + 1));
    }
    painter.setPen(theme.accent);
    for (const int line : hinted_) {
        if (line >= first && line < last)
            painter.drawRect(QRect(0, (line - first) * row, viewport()->width() - 1, row - 1));
    }
    painter.setPen(theme.border);
    painter.drawLine(gutter, 0, gutter, viewport()->height());
    if (hasFocus()) {
        painter.setPen(theme.accent);
        painter.drawRect(viewport()->rect().adjusted(0, 0, -1, -1));
    }
}

void TextPage::mousePressEvent(QMouseEvent* event)
{
    const int line = lineAt(event->position().toPoint());
    if (event->button() == Qt::LeftButton && line >= 0)
        Q_EMIT lineClicked(line, event->modifiers());
}

void TextPage::mouseMoveEvent(QMouseEvent* event)
{
    const int line = lineAt(event->position().toPoint());
    if (line != hoveredLine_)
        Q_EMIT lineHovered(hoveredLine_ = line);
}

bool TextPage::viewportEvent(QEvent* event)
{
    if (event->type() == QEvent::ToolTip) {
        const auto* help = static_cast<QHelpEvent*>(event);
        const int line = lineAt(help->pos());
        QToolTip::showText(help->globalPos(), line >= 0 && tips_ ? tips_(line) : QString(),
                           viewport());
        return true;
    }
    if (event->type() == QEvent::Leave && hoveredLine_ >= 0)
        Q_EMIT lineHovered(hoveredLine_ = -1);
    return QAbstractScrollArea::viewportEvent(event);
}

void TextPage::keyPressEvent(QKeyEvent* event)
{
    const int at = marked_.empty() ? firstVisibleLine() : marked_.front();
    if (event->matches(QKeySequence::Copy) && lines_ != nullptr) {
        QString text;
        for (const int line : marked_)
            text += toQt(lines_->line(line)) + u'\n';
        QApplication::clipboard()->setText(text);
    } else if (event->key() == Qt::Key_Up && at > 0) {
        Q_EMIT lineClicked(at - 1, Qt::NoModifier);
    } else if (event->key() == Qt::Key_Down && lines_ != nullptr && at + 1 < lines_->count()) {
        Q_EMIT lineClicked(at + 1, Qt::NoModifier);
    } else if (event->key() == Qt::Key_PageUp) {
        verticalScrollBar()->triggerAction(QAbstractSlider::SliderPageStepSub);
    } else if (event->key() == Qt::Key_PageDown) {
        verticalScrollBar()->triggerAction(QAbstractSlider::SliderPageStepAdd);
    } else if (event->key() == Qt::Key_Home) {
        verticalScrollBar()->setValue(0);
    } else if (event->key() == Qt::Key_End) {
        verticalScrollBar()->setValue(verticalScrollBar()->maximum());
    } else {
        QAbstractScrollArea::keyPressEvent(event);
    }
}

void TextPage::changeEvent(QEvent* event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        fitFont();
        fitScrollBars();
    }
    viewport()->update();
}

} // namespace alpa::app
