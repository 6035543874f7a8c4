// The source page: the text that was imported, with the lines of what is selected; a click selects
// what a line made.
#pragma once

#include "app/session/session.h"
#include "app/widgets/text_page.h"

class QLabel;
class QStackedLayout;

namespace alpa::app
{

class EmptyState;

class SourceView : public QWidget
{
    Q_OBJECT

public:
    explicit SourceView(Session* session, QWidget* parent = nullptr);

Q_SIGNALS:
    void openRequested();

private:
    void refresh();
    void takeSelection();
    void takeHover();
    /// The op that a line made; none of other lines.
    Selection selectionAt(int line) const;
    std::vector<int> linesOf(const Selection& selection) const;

    Session* session_;
    QStackedLayout* pages_;
    EmptyState* empty_;
    QLabel* place_;
    TextPage* text_;
    std::shared_ptr<const GraphFacts> facts_;
    std::vector<std::pair<int, OpId>> opOfLine_; ///< Forward ops, by line (from 0).
};

} // namespace alpa::app
