#include "app/window/screenshots.h"

#include <memory>
#include <vector>

#include "app/views/graph_view.h"

#include <QDir>
#include <QTabWidget>
#include <QTimer>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr int kSettleMs = 400; ///< For the layout helper and fresh widgets.

/// One picture: what to do before it, and its name.
struct Shot {
    QString name;
    std::function<void()> prepare;
};

class Photographer : public QObject
{
public:
    Photographer(MainWindow& window, QString directory, std::function<void(int)> done)
        : QObject(&window), window_(window), directory_(std::move(directory)), done_(std::move(done))
    {
        QDir().mkpath(directory_);
        for (int page = 0; page < window.pages()->count(); ++page) {
            shots_.push_back({window.pages()->tabText(page).toLower(),
                              [this, page] { window_.pages()->setCurrentIndex(page); }});
        }
        shots_.push_back({u"graph-unfolded"_s, [this] {
                              window_.pages()->setCurrentIndex(1);
                              window_.graphView()->revealLayer(1);
                          }});
        shots_.push_back({u"graph-layer"_s, [this] {
                              window_.graphView()->canvas()->centerOnNode(u"layer 1"_s);
                          }});
        connect(&wait_, &QTimer::timeout, this, &Photographer::step);
        wait_.start(kSettleMs);
    }

private:
    void step()
    {
        if (!window_.session()->jobs()->jobs().empty())
            return;
        if (isPrepared_) {
            window_.grab().save(directory_ + u'/' + shots_[next_].name + u".png"_s);
            ++next_;
        }
        isPrepared_ = next_ < shots_.size();
        if (isPrepared_) {
            shots_[next_].prepare();
            return;
        }
        wait_.stop();
        done_(int(shots_.size()));
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
