#include "app/dialogs/command_palette.h"

#include "app/widgets/cards.h"

#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr QStringView kSigils = u"@#%,";

bool isWordStart(QStringView text, qsizetype at)
{
    return at == 0 || !text[at - 1].isLetterOrNumber() ||
           (text[at].isDigit() && !text[at - 1].isDigit());
}

} // namespace

int paletteScore(QStringView typed, QStringView text)
{
    // A run of letters as typed beats the same letters scattered.
    if (const qsizetype whole = text.indexOf(typed); whole >= 0)
        return 1000 + (isWordStart(text, whole) ? 500 : 0) - int(std::min<qsizetype>(whole, 400));
    int score = 0;
    qsizetype next = 0;
    for (qsizetype at = 0; at < text.size() && next < typed.size(); ++at) {
        if (text[at] != typed[next])
            continue;
        score += isWordStart(text, at) ? 10 : 1;
        ++next;
    }
    return next == typed.size() ? score : -1;
}

CommandPalette::CommandPalette(std::vector<PaletteEntry> entries, QWidget* parent)
    : QDialog(parent, Qt::Popup)
    , entries_(std::move(entries))
    , line_(new QLineEdit)
    , list_(new QListWidget)
{
    setObjectName(u"commandPalette"_s);
    setAccessibleName(tr("Commands"));
    setAttribute(Qt::WA_DeleteOnClose);
    for (const PaletteEntry& entry : entries_)
        lowered_.push_back(entry.text.toLower());
    line_->setObjectName(u"paletteLine"_s);
    line_->setAccessibleName(tr("Command to look for"));
    line_->setPlaceholderText(
        tr("What to do or where to go: @ operations, # layers, % plans, “,” settings"));
    line_->setClearButtonEnabled(true);
    list_->setObjectName(u"paletteList"_s);
    list_->setAccessibleName(tr("Commands found"));
    list_->setUniformItemSizes(true);
    list_->setFocusPolicy(Qt::NoFocus);
    auto* frame = new QFrame;
    frame->setFrameShape(QFrame::StyledPanel);
    auto* around = new QVBoxLayout(this);
    around->setContentsMargins(0, 0, 0, 0);
    around->addWidget(frame);
    auto* column = new QVBoxLayout(frame);
    column->setContentsMargins(8, 8, 8, 8);
    column->addWidget(line_);
    column->addWidget(list_);
    connect(line_, &QLineEdit::textChanged, this, &CommandPalette::filter);
    connect(list_, &QListWidget::itemClicked, this, &CommandPalette::takeCurrent);
    line_->installEventFilter(this);
    filter({});
    line_->setFocus();
}

void CommandPalette::filter(const QString& typed)
{
    const bool hasSigil = !typed.isEmpty() && kSigils.contains(typed.front());
    const QChar sigil = hasSigil ? typed.front() : QChar();
    const QString letters = typed.mid(hasSigil ? 1 : 0).trimmed().toLower();
    struct Found {
        int score;
        size_t entry;
    };
    std::vector<Found> found;
    for (size_t i = 0; i < entries_.size(); ++i) {
        // Without a sigil, ten thousands of operations would bury the commands.
        if (hasSigil ? entries_[i].sigil != sigil : entries_[i].sigil == u'@')
            continue;
        const int score = letters.isEmpty() ? 0 : paletteScore(letters, lowered_[i]);
        if (score >= 0)
            found.push_back({score, i});
    }
    const auto middle = found.begin() + std::min<std::ptrdiff_t>(kShown, std::ssize(found));
    std::partial_sort(found.begin(), middle, found.end(), [](const Found& a, const Found& b) {
        return a.score != b.score ? a.score > b.score : a.entry < b.entry;
    });
    list_->clear();
    for (auto at = found.begin(); at != middle; ++at) {
        const PaletteEntry& entry = entries_[at->entry];
        auto* item = new QListWidgetItem(
            entry.detail.isEmpty() ? entry.text : entry.text + u"   ·   "_s + entry.detail);
        item->setData(Qt::UserRole, qulonglong(at->entry));
        list_->addItem(item);
    }
    if (list_->count() == 0) {
        auto* nothing = new QListWidgetItem(tr("Nothing is called that"));
        nothing->setFlags(Qt::NoItemFlags);
        list_->addItem(nothing);
    }
    list_->setCurrentRow(0);
}

void CommandPalette::takeCurrent()
{
    const QListWidgetItem* item = list_->currentItem();
    if (item == nullptr || !item->data(Qt::UserRole).isValid())
        return;
    const auto take = entries_[item->data(Qt::UserRole).toULongLong()].take;
    close();
    take();
}

bool CommandPalette::eventFilter(QObject* watched, QEvent* event)
{
    if (watched != line_ || event->type() != QEvent::KeyPress)
        return QDialog::eventFilter(watched, event);
    const auto* key = static_cast<QKeyEvent*>(event);
    const int rows = list_->count();
    const int row = list_->currentRow();
    switch (key->key()) {
    case Qt::Key_Down:
        list_->setCurrentRow((row + 1) % rows);
        return true;
    case Qt::Key_Up:
        list_->setCurrentRow((row + rows - 1) % rows);
        return true;
    case Qt::Key_PageDown:
        list_->setCurrentRow(std::min(rows - 1, row + 10));
        return true;
    case Qt::Key_PageUp:
        list_->setCurrentRow(std::max(0, row - 10));
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        takeCurrent();
        return true;
    default:
        return QDialog::eventFilter(watched, event);
    }
}

} // namespace alpa::app
