// One edit of what is asked of the planner, as a step of the undo stack.
#pragma once

#include "app/session/setup.h"

#include <QUndoCommand>

#include <map>
#include <optional>
#include <string>
#include <vector>

class QUndoStack;

namespace alpa::app
{

class Session;

/// The plans are kept by the session, so undoing finds the old plan at once.
class SetupCommand : public QUndoCommand
{
public:
    /// Merge id of walking through the list of plans: one undo step however far.
    static constexpr int kShowPlanMerge = 1000;

    /// `author`: who asks, if it is not the person at the window.
    SetupCommand(Session* session, Setup next, const QString& text, int mergeId,
                 const QString& author);
    const QString& author() const { return author_; }
    /// The planner's texts of the constraints that this edit brought, on or off.
    const std::vector<std::string>& added() const;
    int id() const override { return mergeId_; }
    bool mergeWith(const QUndoCommand* other) override;
    void undo() override;
    void redo() override;

private:
    Session* session_;
    Setup before_, after_;
    int mergeId_;
    QString author_;
    mutable std::optional<std::vector<std::string>> added_; ///< Once somebody has asked.
};

/// By the planner's text of each constraint that an edit of the stack brought: who asked for it,
/// empty for the person at the window. O(edits) texts.
std::map<std::string, QString> constraintAuthors(const QUndoStack& stack);

} // namespace alpa::app
