// In the status line: what runs in the background, how far it is, and a button that cancels it.
#pragma once

#include <QWidget>

class QAction;
class QLabel;
class QProgressBar;

namespace alpa::app
{

class JobList;

class JobBar : public QWidget
{
    Q_OBJECT

public:
    /// `stop` is what the button triggers.
    JobBar(const JobList* jobs, QAction* stop, QWidget* parent = nullptr);

    void refresh();

private:
    const JobList* jobs_;
    QLabel* text_;
    QProgressBar* bar_;
};

} // namespace alpa::app
