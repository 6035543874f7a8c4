// The program page: what one device executes in a step, line by line, linked with the graph both
// ways.
#pragma once

#include "app/session/program_text.h"
#include "app/session/session.h"
#include "app/widgets/text_page.h"

class QComboBox;
class QLabel;
class QStackedLayout;

namespace alpa::app
{

class EmptyState;

class ProgramView : public QWidget
{
    Q_OBJECT

public:
    explicit ProgramView(Session* session, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void refresh();
    void fillDevices();
    void showText();
    void takeSelection();
    void takeHover();
    /// What a line stands for; none for headings and the queue.
    Selection selectionAt(int line) const;
    std::vector<int> linesOf(const Selection& selection) const;
    QString tipOfLine(int line) const;

    Session* session_;
    QStackedLayout* pages_;
    EmptyState* empty_;
    QPushButton* plan_; ///< In the empty page, while there is no plan.
    QComboBox* stage_;
    QComboBox* device_;
    QLabel* summary_;
    TextPage* page_;
    std::shared_ptr<const GraphFacts> facts_; ///< What `program_` belongs to.
    std::shared_ptr<const Program> program_;  ///< Null until lowered.
    ProgramText text_;
};

} // namespace alpa::app
