// The graph page: canvas, the tools above it and the legend below it.
#pragma once

#include "app/session/session.h"
#include "app/views/graph_content.h"
#include "app/widgets/cards.h"
#include "app/widgets/graph_canvas.h"

class QComboBox;
class QLineEdit;

namespace alpa::app
{

/// Explains letters, patterns and glyphs of the strips; one line.
class ShardingLegend : public QWidget
{
    Q_OBJECT

public:
    explicit ShardingLegend(QWidget* parent = nullptr);
    /// `mesh` gives the sizes of the axes; null: no plan. `marksChanges`: explains their mark.
    void setMesh(const DeviceMesh* mesh, bool marksChanges);
    QSize sizeHint() const override { return {700, 28}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::vector<std::pair<int, QString>> axes_; ///< Axis and what stands beside it.
    bool marksChanges_ = false;
};

class GraphView : public QWidget
{
    Q_OBJECT

public:
    explicit GraphView(Session* session, QWidget* parent = nullptr);
    GraphCanvas* canvas() { return canvas_; }
    void focusFind();
    /// Unfolds what hides the op, selects it and brings it into view.
    void revealOp(OpId op);

private:
    void refresh();
    void takeSelection();
    void findNext(bool isBackward);

    Session* session_;
    GraphCanvas* canvas_;
    QComboBox* phase_;
    QComboBox* heat_;
    QLineEdit* find_;
    QLabel* found_;
    QLabel* engine_;
    ShardingLegend* legend_;
    GraphViewOptions options_;
    std::shared_ptr<const GraphFacts> facts_;  ///< What the canvas shows.
    std::shared_ptr<const GraphFacts> before_; ///< The plan it is compared with; may be null.
    int lastFound_ = -1; ///< Among layers, then ops.
};

} // namespace alpa::app
