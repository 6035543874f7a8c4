#include "app/views/start_page.h"

#include "app/session/model.h"
#include "app/settings/icons.h"
#include "app/settings/sample_models.h"
#include "app/widgets/cards.h"

#include <QFileInfo>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kPageWidth = 720;

/// A wide button with a title and a line below it.
QPushButton* makeRow(const QString& title, const QString& detail, const QString& name)
{
    auto* row = new QPushButton;
    row->setObjectName(name);
    row->setAccessibleName(title);
    row->setCursor(Qt::PointingHandCursor);
    row->setFlat(true);
    row->setStyleSheet(u"QPushButton { text-align: left; border: none; border-radius: 5px; }"
                       "QPushButton:hover, QPushButton:focus { background: palette(midlight); }"_s);
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
    offers_->setSpacing(2);
    column->addLayout(offers_);
    column->addWidget(makeSamples());
    recent_->setSpacing(2);
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
    layout->setSpacing(2);
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

void StartPage::refreshRecent()
{
    emptyLayout(recent_);
    const QStringList paths = settings_->recentModels();
    if (paths.isEmpty())
        return;
    recent_->addWidget(makeHeading(tr("Recent")));
    for (const QString& path : paths.mid(0, 5)) {
        auto* row = makeRow(modelNameOf(path), path, u"recent_"_s + modelNameOf(path));
        row->setEnabled(QFileInfo::exists(path));
        connect(row, &QPushButton::clicked, this, [this, path] { Q_EMIT modelChosen(path, {}); });
        recent_->addWidget(row);
    }
}

void StartPage::setDropActive(bool on)
{
    dropCard_->setStyleSheet(on ? u"#dropCard { border: 2px dashed palette(highlight); }"_s
                                : QString());
}

} // namespace alpa::app
