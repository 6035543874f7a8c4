// Where a canvas looked before and the way back there, and where it will look.
#pragma once

#include <QPointF>
#include <QString>

#include <optional>
#include <vector>

namespace alpa::app
{

struct CanvasView {
    double scale = 1;
    QPointF middle; ///< Of the scene.
    bool isFitted = false;
    friend bool operator==(const CanvasView&, const CanvasView&) = default;
};

/// Where a canvas looks once its next layout is there.
struct NextView {
    bool fits = true;    ///< At all of it.
    QString anchorKey;   ///< Box to keep in its place on screen.
    QString centeredKey; ///< Box to bring to the middle once all layouts are there.
};

class ViewHistory
{
public:
    /// To be called before the canvas looks elsewhere than `now`.
    void remember(const CanvasView& now);
    /// Where to look instead of `now`; nothing at either end.
    std::optional<CanvasView> back(const CanvasView& now) { return move(before_, after_, now); }
    std::optional<CanvasView> forward(const CanvasView& now) { return move(after_, before_, now); }

private:
    using Views = std::vector<CanvasView>; ///< The nearest last.
    static std::optional<CanvasView> move(Views& from, Views& to, const CanvasView& now);

    Views before_, after_;
};

} // namespace alpa::app
