// The first page after opening: the plan in numbers, each a way into the page that explains it.
#pragma once

#include "app/session/session.h"
#include "app/widgets/cards.h"
#include "app/widgets/when_shown.h"

#include <QScrollArea>

class QBoxLayout;
class QGridLayout;
class QTableWidget;

namespace alpa::app
{

class Overview : public QWidget
{
    Q_OBJECT

public:
    explicit Overview(Session* session, QWidget* parent = nullptr);

Q_SIGNALS:
    /// By the name of the page's widget, "graphView"; what is selected is to be brought into view.
    void pageRequested(const QString& page);
    void problemsRequested();

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    void makeLinks();
    void openLink(const QString& target);
    void fillStages(const ParallelPlan& plan);
    void fillCosts(const GraphFacts& facts);
    void fillModel();
    void fillWaiting();
    void arrangeTables();

    Session* session_;
    QLabel* title_;
    QLabel* sentence_;
    NumberCard* step_;
    NumberCard* throughput_;
    NumberCard* memory_;
    NumberCard* degrees_;
    NumberCard* bubble_;
    NumberCard* proof_;
    QTableWidget* stages_;
    QTableWidget* costs_;
    QTableWidget* layers_;
    QGridLayout* cards_;
    QBoxLayout* tables_;
    std::vector<NumberCard*> cardList_;
    QWidget* planPart_;
    EmptyState* waiting_;
    WhenShown* refresh_;
};

/// What the step is made of, from the slowest stage: one line each, in seconds of one step.
struct CostTerm {
    QString name;
    Seconds time;
};
std::vector<CostTerm> costTerms(const ParallelPlan& plan);

} // namespace alpa::app
