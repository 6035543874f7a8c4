// The whole graph small in the corner of the canvas, with the part that is in view; a click or drag
// moves there.
#pragma once

#include <QPixmap>
#include <QWidget>

namespace alpa::app
{

class GraphCanvas;

class Minimap : public QWidget
{
    Q_OBJECT

public:
    explicit Minimap(GraphCanvas* canvas);
    /// The content has changed; draws it anew.
    void refresh();
    /// The view has moved.
    void follow();
    void moveIntoCorner();
    /// Shown when there is more than fits the view.
    void setWanted(bool isWanted);
    bool isWanted() const { return isWanted_; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;

private:
    QRectF contentArea() const; ///< Where the content is drawn in the widget.
    void moveTo(QPointF at);

    GraphCanvas* canvas_;
    QPixmap picture_;
    bool isWanted_ = true;
};

} // namespace alpa::app
