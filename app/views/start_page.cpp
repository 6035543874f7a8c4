#include "app/views/start_page.h"

#include "app/session/model.h"
#include "app/settings/icons.h"
#include "app/settings/sample_models.h"
#include "app/widgets/cards.h"

#include <QFileInfo>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kPageWidth = 720;
constexpr int kRowGap = 6;
constexpr int kRecentShown = 5; ///< Besides those that are pinned.

/// A wide button with a title and a line below it.
QPushButton* makeRow(const QString& title, const QString& detail, const QString& name)
{
    auto* row = new QPushButton;
    row->setObjectName(name);
    row->setAccessibleName(title);
    row->setCursor(Qt::PointingHandCursor);
    row->setFlat(true);
    row->setStyleSheet(
        u"QPushButton { text-align: left; border: 1px solid palette(mid); border-radius: 6px;"
        " background: palette(base); }"
        "QPushButton:disabled { background: transparent; }"
        "QPushButton:hover, QPushButton:focus { background: palette(alternate-base);"
        " border-color: palette(highlight); }"_s);
    auto* layout = new QVBoxLayout(row);
    layout->setContentsMargins(10, 7, 10, 7);
    layout->setSpacing(1);
    auto* heading = makeHeading(title);
    auto* below = makeMuted(detail);
    for (QLabel* label : {heading, below}) {
        label->setAttribute(Qt::WA_TransparentForMouseEvents);
        layout->addWidget(label);
    }
    row->setMinimumHeight(52);
    return row;
}

void emptyLayout(QLayout* layout)
{
    while (QLayoutItem* item = layout->takeAt(0)) {
        delete item->widget();
        delete item;
    }
}

} // namespace

StartPage::StartPage(AppSettings* settings, QWidget* parent)
    : QWidget(parent)
    , settings_(settings)
    , offers_(new QVBoxLayout)
    , recent_(new QVBoxLayout)
{
    setObjectName(u"startPage"_s);
    auto* page = new QWidget;
    page->setMaximumWidth(kPageWidth);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(24, 36, 24, 24);
    column->setSpacing(10);
    auto* title = new QLabel(tr("Alpa Explorer"));
    title->setProperty("title", true);
    column->addWidget(title);
    column->addWidget(makeMuted(
        tr("Give it a model: it decides how to train it in parallel on a cluster, shows every "
           "decision, and lets you change the constraints and see the new plan at once.")));

    dropCard_ = makeCard();
    dropCard_->setObjectName(u"dropCard"_s);
    auto* drop = new QVBoxLayout(dropCard_);
    drop->setContentsMargins(20, 20, 20, 20);
    auto* open = new QPushButton(themedIcon(u"open"_s), tr("Open model…"));
    open->setObjectName(u"startOpen"_s);
    open->setDefault(true);
    open->setMinimumHeight(34);
    connect(open, &QPushButton::clicked, this, &StartPage::openRequested);
    auto* tour = new QPushButton(tr("60-second tour"));
    tour->setObjectName(u"startTour"_s);
    tour->setMinimumHeight(34);
    connect(tour, &QPushButton::clicked, this, &StartPage::tourRequested);
    auto* buttons = new QHBoxLayout;
    buttons->addStretch();
    buttons->addWidget(open);
    buttons->addWidget(tour);
    buttons->addStretch();
    drop->addLayout(buttons);
    auto* hint = makeMuted(tr("or drop a model (StableHLO, HLO, ONNX), plan (.json) or session "
                              "(.apsess) on this window"));
    hint->setAlignment(Qt::AlignCenter);
    drop->addWidget(hint);
    column->addSpacing(6);
    column->addWidget(dropCard_);
    column->addSpacing(10);
    offers_->setSpacing(kRowGap);
    column->addLayout(offers_);
    column->addWidget(makeSamples());
    recent_->setSpacing(kRowGap);
    column->addLayout(recent_);
    column->addStretch();

    auto* centered = new QWidget;
    auto* row = new QHBoxLayout(centered);
    row->setContentsMargins(0, 0, 0, 0);
    row->addStretch();
    row->addWidget(page, 100);
    row->addStretch();
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setWidget(centered);
    auto* whole = new QVBoxLayout(this);
    whole->setContentsMargins(0, 0, 0, 0);
    whole->addWidget(scroll);
    refreshRecent();
}

QWidget* StartPage::makeSamples()
{
    auto* card = new QWidget;
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(kRowGap);
    layout->addWidget(makeHeading(tr("Samples")));
    for (const SampleModel& sample : bundledSamples()) {
        auto* row = makeRow(sample.name, sample.description, u"sample_"_s + sample.name);
        connect(row, &QPushButton::clicked, this,
                [this, sample] { Q_EMIT modelChosen(sample.path, sample.cluster); });
        layout->addWidget(row);
    }
    return card;
}

void StartPage::offer(const Offer& offer)
{
    if (offers_->count() == 0)
        offers_->addWidget(makeHeading(tr("Go on")));
    auto* row = makeRow(offer.title, offer.detail, offer.name);
    connect(row, &QPushButton::clicked, this, offer.take);
    if (!offer.discard) {
        offers_->addWidget(row);
        return;
    }
    auto* line = new QWidget;
    auto* layout = new QHBoxLayout(line);
    layout->setContentsMargins(0, 0, 0, 0);
    auto* discard = new QPushButton(tr("Discard"));
    discard->setObjectName(offer.name + u"_discard"_s);
    connect(discard, &QPushButton::clicked, this, offer.discard);
    layout->addWidget(row, 1);
    layout->addWidget(discard);
    offers_->addWidget(line);
}

void StartPage::clearOffers() { emptyLayout(offers_); }

/// Pinned models first, then the newest of the others.
void StartPage::refreshRecent()
{
    emptyLayout(recent_);
    const QStringList pinned = settings_->pinnedModels();
    QStringList others = settings_->recentModels();
    for (const QString& path : pinned)
        others.removeAll(path);
    if (pinned.isEmpty() && others.isEmpty())
        return;
    recent_->addWidget(makeHeading(tr("Recent")));
    for (const QString& path : pinned + others.mid(0, kRecentShown))
        recent_->addWidget(makeRecent(path, pinned.contains(path)));
}

QWidget* StartPage::makeRecent(const QString& path, bool isPinned)
{
    const QString name = modelNameOf(path);
    auto* row = makeRow(name, path, u"recent_"_s + name);
    row->setEnabled(QFileInfo::exists(path));
    connect(row, &QPushButton::clicked, this, [this, path] { Q_EMIT modelChosen(path, {}); });
    auto* pin =
        makeIconButton(isPinned ? u"star-filled"_s : u"star"_s, u"pin_"_s + name,
                       isPinned ? tr("Unpin %1").arg(name) : tr("Keep %1 in this list").arg(name));
    connect(pin, &QToolButton::clicked, this, [this, path, isPinned] {
        settings_->setPinned(path, !isPinned);
        // After the click: the button goes with the list.
        QMetaObject::invokeMethod(this, &StartPage::refreshRecent, Qt::QueuedConnection);
    });
    auto* line = new QWidget;
    auto* layout = new QHBoxLayout(line);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(row, 1);
    layout->addWidget(pin);
    return line;
}

void StartPage::setDropActive(bool on)
{
    dropCard_->setStyleSheet(on ? u"#dropCard { border: 2px dashed palette(highlight); }"_s
                                : QString());
}

} // namespace alpa::app
