// The runs page: start a run of the shown plan on this machine's CPU devices, watch loss and step
// time, stop it, and see measured beside predicted.
#pragma once

#include "app/session/session.h"
#include "app/widgets/cards.h"
#include "app/widgets/series_chart.h"

class QDoubleSpinBox;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QTableWidget;

namespace alpa::app
{

class RunsView : public QWidget
{
    Q_OBJECT

public:
    explicit RunsView(Session* session, QWidget* parent = nullptr);
    /// Runs the shown plan on CPU devices of this machine.
    void startRun();

Q_SIGNALS:
    void dialogRequested(); ///< Which plans, where and how often is to be asked.

private:
    void refresh();
    void refreshRun(const RunRecord& run);
    void refreshLog(const RunRecord& run);
    QString utilisationText(const RunRecord& run, const RunStep& last) const;
    const RunRecord* chosenRun() const;
    void showMenu(const QPoint& at);
    void refreshPlan();
    void refreshList();
    QString stateText(const RunRecord& run) const;
    static QString restText(const RunRecord& run);

    Session* session_;
    QLabel* guidance_;
    QLabel* devices_;
    QSpinBox* steps_;
    QDoubleSpinBox* learningRate_;
    QPushButton* start_;
    QPushButton* ask_;
    QPushButton* stop_;
    QLabel* state_;
    NumberCard* loss_;
    NumberCard* throughput_;
    NumberCard* measured_;
    NumberCard* predicted_;
    NumberCard* memory_;
    LineChart* lossChart_;
    LineChart* timeChart_;
    QTableWidget* list_;
    QPlainTextEdit* log_;
    QWidget* results_;  ///< Numbers, charts, list and log: once there is a run.
    EmptyState* empty_; ///< Until then.
    QPushButton* run_;  ///< In it, if there is a plan.
    QPushButton* plan_; ///< In it, if there is none.
    qsizetype loggedLines_ = 0;
    int loggedRun_ = 0;
    int chosenRun_ = 0; ///< Id of a run that was clicked; 0: the newest that has begun.
};

} // namespace alpa::app
