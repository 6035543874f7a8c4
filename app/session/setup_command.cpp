#include "app/session/setup_command.h"

#include "app/session/session.h"

namespace alpa::app
{

SetupCommand::SetupCommand(Session* session, Setup next, const QString& text, int mergeId)
    : QUndoCommand(text)
    , session_(session)
    , before_(session->setup())
    , after_(std::move(next))
    , mergeId_(mergeId)
{
}

bool SetupCommand::mergeWith(const QUndoCommand* other)
{
    // A value that has been planned stays a step of its own.
    if (mergeId_ != kShowPlanMerge && session_->answerTo(after_) != nullptr)
        return false;
    after_ = static_cast<const SetupCommand*>(other)->after_;
    setObsolete(after_ == before_);
    setText(other->text());
    return true;
}

void SetupCommand::undo() { session_->applySetup(before_); }
void SetupCommand::redo() { session_->applySetup(after_); }

} // namespace alpa::app
