// Where the graph is: the model, the scopes, the layer and the operation of what is selected, each
// a way back up.
#pragma once

#include "app/session/graph_facts.h"
#include "app/session/model.h"
#include "app/session/selection_model.h"

#include <QLabel>

#include <vector>

namespace alpa::app
{

/// One part of the way from the model to what is selected.
struct TrailStep {
    QString text;
    Selection selection; ///< None: the whole model.
};

/// The model first, what is selected last; the model alone if nothing is selected.
std::vector<TrailStep> trailTo(const Selection& selection, const GraphFacts& facts,
                               const Model& model);

class GraphTrail : public QLabel
{
    Q_OBJECT

public:
    explicit GraphTrail(QWidget* parent = nullptr);
    /// `isLastDrawn`: what is selected has a box of its own in view; else it is a link as well.
    void setSteps(std::vector<TrailStep> steps, bool isLastDrawn);
    const std::vector<TrailStep>& steps() const { return steps_; }

Q_SIGNALS:
    void chosen(const alpa::app::Selection& selection);

private:
    std::vector<TrailStep> steps_;
};

} // namespace alpa::app
