// The two lists at the bottom: problems of the file, and what runs in the background.
#pragma once

#include "app/item_models/problems_model.h"
#include "app/session/session.h"

class QAction;
class QLayout;
class QStackedLayout;
class QTableView;
class QVBoxLayout;

namespace alpa::app
{

class ProblemsPanel : public QWidget
{
    Q_OBJECT

public:
    explicit ProblemsPanel(Session* session, QWidget* parent = nullptr);
    ProblemsModel* model() { return model_; }

Q_SIGNALS:
    void sourceRequested(); ///< The text that has no problems.
    void logRequested();

private:
    QLayout* makeButtons(QAction* copy);
    void refresh();
    /// Every field of the chosen problems, one after the other.
    void copyDetails();

    ProblemsModel* model_;
    QTableView* table_;
    QStackedLayout* pages_;
};

class JobsPanel : public QWidget
{
    Q_OBJECT

public:
    explicit JobsPanel(Session* session, QWidget* parent = nullptr);

private:
    void rebuild();
    void showProgress();

    struct Row {
        BackgroundJob* job;
        class QLabel* phase;
        class QProgressBar* bar;
    };
    Session* session_;
    QStackedLayout* pages_;
    QVBoxLayout* column_;
    std::vector<Row> rows_;
};

} // namespace alpa::app
