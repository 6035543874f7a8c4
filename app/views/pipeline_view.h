// The pipeline page: stages with their layers, submesh and devices, and below them the predicted
// step.
#pragma once

#include "app/session/session.h"
#include "app/widgets/cards.h"
#include "app/widgets/timeline_chart.h"
#include "app/widgets/when_shown.h"

class QComboBox;
class QHBoxLayout;
class QStackedLayout;

namespace alpa::app
{

class StageBoundaries;

class PipelineView : public QWidget
{
    Q_OBJECT

public:
    explicit PipelineView(Session* session, QWidget* parent = nullptr);
    /// Lays the trace of a run of the shown plan over its prediction; reads in the background.
    void openTraceFile(const QString& path);

Q_SIGNALS:
    void measured(
        const std::vector<double>& stageErrors); ///< Empty: of the shown plan nothing is known.

private:
    void takePlan();
    void refresh();
    QWidget* makeStage(const GraphFacts& facts, int stage);
    void takeSelection();
    void moveBoundaries(const std::vector<int>& firstLayers);
    void refreshMeasured();
    void showMeasured();
    void openTrace();
    void loadTrace(const QString& path, int planId);

    Session* session_;
    QStackedLayout* pages_;
    QLabel* summary_;
    StageBoundaries* boundaries_;
    QHBoxLayout* lanes_;
    TimelineChart* timeline_;
    QComboBox* measuredStep_;
    QLabel* measuredNote_;
    std::shared_ptr<const MeasuredTimeline> measured_; ///< Null if nothing was measured.
    int measuredPlan_ = 0;                             ///< Plan that it belongs to.
    QString measuredFile_;
    std::shared_ptr<const GraphFacts> facts_; ///< Whose stages the cards show; null before any.
    std::vector<QFrame*> stageCards_;
    WhenShown* refresh_;
};

} // namespace alpa::app
