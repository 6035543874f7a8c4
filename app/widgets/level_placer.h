// Where the boxes of every level stand: laid out by Graphviz in a helper process, with our own
// layout until it answers.
#pragma once

#include "app/layout/canvas_level.h"
#include "app/layout/dot_client.h"

#include <map>
#include <set>
#include <vector>

namespace alpa::app
{

/// A level with its layout, and the levels of the groups that are unfolded in it.
struct PlacedLevel {
    CanvasLevel content;
    GraphLayout layout;
    std::vector<QSizeF> sizes;
    std::map<int, PlacedLevel> inner; ///< By node.
    bool isComplete = true;           ///< All layouts in it are final.
};

class LevelPlacer : public QObject
{
    Q_OBJECT

public:
    explicit LevelPlacer(QObject* parent = nullptr);

    /// Forgets what was asked of Graphviz; what it has answered stays known.
    void cancelAll();
    /// The outermost level with the groups `unfolded` in it. Asks Graphviz for what it has not
    /// answered yet. `aspect`: width over height of the room for it.
    PlacedLevel place(const CanvasContent& content, const std::set<QString>& unfolded,
                      double aspect);
    bool isWaiting() const { return !pending_.empty(); }
    bool usedFast() const { return usedFast_; } ///< The last time: for some level at least.
    double dotMilliseconds() const { return dotMilliseconds_; } ///< The last answer took.

Q_SIGNALS:
    void answered(); ///< Placing again gives another result.

private:
    struct Layouts {
        std::shared_ptr<const GraphLayout> dot;  ///< Null until answered.
        std::shared_ptr<const GraphLayout> fast; ///< Null until needed.
        bool isDotHopeless = false;
    };
    struct Request {
        const CanvasContent& content;
        const std::set<QString>& unfolded;
        double aspect;
    };

    PlacedLevel placeLevel(const Request& request, const QString& key, int depth);
    PlacedLevel placeDense(CanvasLevel level);
    GraphLayout layoutOf(const LayoutGraph& graph, bool& isComplete);
    void takeAnswer(quint64 key, const std::shared_ptr<const GraphLayout>& layout,
                    double milliseconds);
    void takeFailure(quint64 key);

    std::map<uint64_t, Layouts> layouts_; ///< By layoutKey.
    std::set<quint64> pending_;
    DotClient dot_;
    double dotMilliseconds_ = 0;
    bool usedFast_ = false;
};

} // namespace alpa::app
