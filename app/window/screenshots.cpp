#include "app/window/screenshots.h"

#include "app/views/graph_view.h"
#include "app/window/exporter.h"

#include <QDir>
#include <QImage>
#include <QTabWidget>
#include <QTimer>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kSettleMs = 400; ///< For the layout helper and fresh widgets.

/// With a palette of the colours that are on most pixels, which is a third of the bytes; what is
/// rarer, at the edges of letters, takes the nearest of them.
QImage withPalette(const QImage& picture)
{
    constexpr qsizetype kColors = 256;
    constexpr qsizetype kSurfaces = 48;
    std::map<QRgb, int> counts;
    for (int y = 0; y < picture.height(); ++y) {
        for (int x = 0; x < picture.width(); ++x)
            ++counts[picture.pixel(x, y)];
    }
    std::vector<std::pair<int, QRgb>> order;
    for (const auto& [color, count] : counts)
        order.emplace_back(-count, color);
    std::ranges::sort(order);
    const auto distance = [](QRgb a, QRgb b) {
        const int red = qRed(a) - qRed(b), green = qGreen(a) - qGreen(b),
                  blue = qBlue(a) - qBlue(b);
        return red * red + green * green + blue * blue;
    };
    // Surfaces first, then colours far apart: the many greys around letters would crowd out a thin
    // red line.
    QList<QRgb> table;
    for (size_t i = 0; i < order.size() && table.size() < kSurfaces; ++i)
        table << order[i].second;
    for (const int apart : {3 * 32 * 32, 3 * 12 * 12, 1}) {
        for (size_t i = 0; i < order.size() && table.size() < kColors; ++i) {
            const QRgb color = order[i].second;
            if (std::ranges::none_of(table,
                                     [&](QRgb known) { return distance(known, color) < apart; }))
                table << color;
        }
    }
    std::map<QRgb, int> indexOf;
    for (const auto& [color, count] : counts) {
        const auto nearest = std::ranges::min_element(
            table, {}, [&, color = color](QRgb other) { return distance(color, other); });
        indexOf[color] = int(nearest - table.begin());
    }
    QImage small(picture.size(), QImage::Format_Indexed8);
    small.setColorTable(table);
    for (int y = 0; y < picture.height(); ++y) {
        for (int x = 0; x < picture.width(); ++x)
            small.setPixel(x, y, static_cast<uint>(indexOf[picture.pixel(x, y)]));
    }
    return small;
}

/// One picture: what to do before it, and its name.
struct Shot {
    QString name;
    std::function<void()> prepare;
};

class Photographer : public QObject
{
public:
    Photographer(MainWindow& window, QString directory, std::function<void(int)> done)
        : QObject(&window)
        , window_(window)
        , directory_(std::move(directory))
        , done_(std::move(done))
    {
        QDir().mkpath(directory_);
        // Comparisons are of something: the baselines stand beside the plan in every picture.
        shots_.push_back({QString(), [this] { window_.session()->planBaselines(); }});
        for (int page = 0; page < window.pages()->count(); ++page) {
            shots_.push_back({pageName(window.pages()->widget(page)),
                              [this, page] { window_.pages()->setCurrentIndex(page); }});
        }
        shots_.push_back({u"graph-unfolded"_s, [this] {
                              window_.pages()->setCurrentIndex(1);
                              window_.graphView()->revealLayer(1);
                          }});
        shots_.push_back({u"graph-layer"_s, [this] { window_.graphView()->canvas()->showAll(); }});
        const auto tab = [this](const QString& name, int number) {
            if (auto* tabs = window_.findChild<QTabWidget*>(name))
                tabs->setCurrentIndex(number);
        };
        const auto compare = [this, tab](int number) {
            window_.pages()->setCurrentWidget(window_.findChild<QWidget*>(u"compareView"_s));
            tab(u"compareTabs"_s, number);
        };
        shots_.push_back({u"compare-trade-offs"_s, [compare] { compare(1); }});
        shots_.push_back({u"compare-differences"_s, [compare] { compare(3); }});
        shots_.push_back({u"compare-graphs"_s, [compare, tab] {
                              compare(3);
                              tab(u"compareSidePages"_s, 1);
                          }});
        shots_.push_back({u"what-if"_s, [this, compare] {
                              compare(0);
                              Setup next = window_.session()->setup();
                              next.whatIf.bandwidth = 0.25;
                              next.options.constraints.maxTp = 2;
                              window_.session()->editSetup(next, u"gallery"_s);
                              window_.session()->planNow();
                          }});
        connect(&wait_, &QTimer::timeout, this, &Photographer::step);
        wait_.start(kSettleMs);
    }

private:
    /// In the background: choosing the colours takes as long as several frames.
    void write(const QImage& picture, const QString& path)
    {
        window_.session()->jobs()->start(
            u"picture"_s, [picture, path](const JobControl&) { withPalette(picture).save(path); },
            [] {});
    }

    void step()
    {
        const Session& session = *window_.session();
        if (!window_.session()->jobs()->jobs().empty() || session.isPlanningBehind() ||
            session.isPlanning() || !window_.graphView()->canvas()->isLaidOut())
            return;
        if (isPrepared_) {
            if (!shots_[next_].name.isEmpty())
                write(window_.grab().toImage(), directory_ + u'/' + shots_[next_].name + u".png"_s);
            ++next_;
        }
        if (std::exchange(isPrepared_, false))
            return; // the picture is being written
        if (next_ < shots_.size()) {
            isPrepared_ = true;
            shots_[next_].prepare();
            return;
        }
        wait_.stop();
        done_(int(shots_.size()) - 1);
    }

    MainWindow& window_;
    QString directory_;
    std::function<void(int)> done_;
    std::vector<Shot> shots_;
    size_t next_ = 0;
    bool isPrepared_ = false;
    QTimer wait_;
};

} // namespace

void takeScreenshots(MainWindow& window, const QString& directory, std::function<void(int)> done)
{
    new Photographer(window, directory, std::move(done)); // owned by the window
}

} // namespace alpa::app
