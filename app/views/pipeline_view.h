// The pipeline page: stages with their layers, submesh and devices, and below them the predicted step.
#pragma once

#include "app/session/session.h"
#include "app/widgets/cards.h"
#include "app/widgets/timeline_chart.h"

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

private:
    void refresh();
    QWidget* makeStage(const GraphFacts& facts, int stage);
    void takeSelection();
    void moveBoundaries(const std::vector<int>& firstLayers);

    Session* session_;
    QStackedLayout* pages_;
    QLabel* summary_;
    StageBoundaries* boundaries_;
    QHBoxLayout* lanes_;
    TimelineChart* timeline_;
    std::vector<QFrame*> stageCards_;
};

} // namespace alpa::app
