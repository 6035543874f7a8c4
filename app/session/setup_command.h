// One edit of what is asked of the planner, as a step of the undo stack.
#pragma once

#include "app/session/setup.h"

#include <QUndoCommand>

namespace alpa::app
{

class Session;

/// The plans are kept by the session, so undoing finds the old plan at once.
class SetupCommand : public QUndoCommand
{
public:
    /// Merge id of walking through the list of plans: one undo step however far.
    static constexpr int kShowPlanMerge = 1000;

    SetupCommand(Session* session, Setup next, const QString& text, int mergeId);
    int id() const override { return mergeId_; }
    bool mergeWith(const QUndoCommand* other) override;
    void undo() override;
    void redo() override;

private:
    Session* session_;
    Setup before_, after_;
    int mergeId_;
};

} // namespace alpa::app
