// Two plans side by side: their graphs and their timelines move together, and a list says what
// differs and why.
#pragma once

#include "app/session/session.h"

#include <QWidget>

#include <set>

class QComboBox;
class QLabel;
class QPushButton;
class QTabWidget;
class QTreeWidget;

namespace alpa::app
{

class GraphCanvas;
class TimelineChart;

class CompareSide : public QWidget
{
    Q_OBJECT

public:
    explicit CompareSide(Session* session, QWidget* parent = nullptr);
    const QList<QAction*>& differenceActions() const { return differenceActions_; }

    const PlanEntry* left() const;
    const PlanEntry* right() const;
    GraphCanvas* canvas(int side) { return canvases_[static_cast<size_t>(side)]; }

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void takePlans();
    void takeSelection();
    void takeHover();
    std::set<QString> holdersOf(const std::vector<Selection>& selections, size_t side) const;
    void refresh();
    void refreshDiff();
    void follow(int side);
    /// Plans each changed piece of the request alone, in the background.
    void findCauses();
    void stepToDifference(bool isBackward);

    Session* session_;
    std::array<QComboBox*, 2> choices_{};
    std::array<GraphCanvas*, 2> canvases_{};
    std::array<TimelineChart*, 2> timelines_{};
    std::array<QLabel*, 2> captions_{};
    QLabel* verdict_;
    QTreeWidget* differences_;
    QPushButton* causes_;
    QTabWidget* pages_;
    QList<QAction*> differenceActions_;
    std::array<std::shared_ptr<const GraphFacts>, 2> facts_;
    std::vector<int> changedLayers_;
    int atDifference_ = -1;
    bool isFollowing_ = false;
    bool isDirty_ = true; ///< Something has changed while the page was hidden.
};

} // namespace alpa::app
