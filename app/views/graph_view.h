// The graph page: canvas, the tools above it and the legend below it.
#pragma once

#include "app/session/regret_finder.h"
#include "app/session/saved_session.h"
#include "app/session/session.h"
#include "app/views/graph_content.h"
#include "app/views/graph_trail.h"
#include "app/widgets/cards.h"
#include "app/widgets/graph_canvas.h"
#include "app/widgets/graph_legend.h"

class QComboBox;
class QLineEdit;
class QMenu;
class QToolButton;

namespace alpa::app
{

class GraphView : public QWidget
{
    Q_OBJECT

public:
    GraphView(Session* session, RegretFinder* regrets, QWidget* parent = nullptr);
    GraphCanvas* canvas() { return canvas_; }
    void focusFind();
    /// Unfolds what hides the op, selects it and brings it into view.
    void revealOp(OpId op);
    /// Unfolds the layer and what hides it, selects it and brings it into view.
    void revealLayer(int layer);
    /// The next one of what is typed into the find line.
    void findNext(bool isBackward);
    void setColorBy(ColorBy by);
    HeatScale heatScale() const;
    /// What a session file keeps of the page, but for the page's name; what `view` does not know or
    /// name stays as it is.
    void remember(SavedView& view) const;
    void recall(const SavedView& view);
    void setScope(GraphScope scope, Phase phase);
    /// Only what is near the box, until focusAll().
    void focusOn(const QString& key, int steps);
    void focusAll();
    /// Hides the boxes of what is selected, until focusAll().
    void hideSelected();
    const GraphViewOptions& options() const { return options_; }
    /// Measured over predicted time of each stage, less one; for the colour mode of the same name.
    void setStageErrors(StageErrors errors);

protected:
    void showEvent(QShowEvent* event) override;
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    // Entries of the first box: phases by their number, then the other scopes.
    static constexpr int kTrainingEntry = 3;
    static constexpr int kAllEntry = 4;

    void makeTools(QLayout* column);
    void makeShownMenu(QMenu* choices);
    void openScaleMenu(const QPoint& at);
    void refresh();
    void showContent(bool isSameShape);
    void showLevel(std::shared_ptr<const GraphColors> colors, bool isSameShape);
    void refreshLegend(const GraphColors& colors);
    void takeSelection();
    void refreshTrail();
    /// A part of the trail: unfolds down to it and brings it into view; none: everything.
    void goTo(const Selection& selection);
    /// Keys of the boxes down to what is selected; empty if it has none of its own.
    std::vector<QString> pathTo(const Selection& selection) const;
    void takeHover();
    /// Of the decision that stands behind an op, a tensor or what moves before an op.
    DecisionPlace decisionOf(const Selection& selection) const;
    std::set<QString> holdersOf(const Selection& selection) const;
    std::vector<CanvasLink> linksOf(const Selection& selection) const;
    void showMenu(const Selection& selection, const QString& key, const QPoint& at);
    bool isMatch(int index, const QString& wanted) const;

    Session* session_;
    RegretFinder* regrets_;
    QTimer prepare_; ///< Until the plan in view has rested a moment.
    GraphCanvas* canvas_;
    GraphTrail* trail_;
    QComboBox* phase_;
    QComboBox* color_;
    QLineEdit* find_;
    QLabel* found_;
    QLabel* engine_;
    QToolButton* focused_;
    QAction* heatLog_;
    QAction* heatClip_;
    GraphLegend* legend_;
    GraphViewOptions options_;
    ColorBy colorBy_ = ColorBy::kStage;
    StageErrors errors_;
    std::shared_ptr<const GraphFacts> facts_;  ///< What the canvas shows.
    std::shared_ptr<const GraphFacts> before_; ///< The plan it is compared with; may be null.
    std::vector<QString> names_; ///< Of layers, then ops, in lower case: what find looks through.
                                 ///< Empty until needed.
    std::set<QString> hidden_;   ///< Boxes that are not shown, by key.
    QString focusKey_;           ///< Empty: everything is shown.
    int focusSteps_ = 1;
    int lastFound_ = -1;     ///< Among layers, then ops.
    quint64 generation_ = 0; ///< Of the content: what a job made for an older one is dropped.
};

} // namespace alpa::app
