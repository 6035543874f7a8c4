#include "app/session/setup_command.h"

#include "app/session/session.h"

#include <set>

namespace alpa::app
{

namespace
{

std::set<std::string> constraintTexts(const Setup& setup)
{
    std::set<std::string> texts;
    for (const PlanConstraints* constraints : {&setup.options.constraints, &setup.parked}) {
        for (std::string& text : listConstraints(*constraints))
            texts.insert(std::move(text));
    }
    return texts;
}

} // namespace

SetupCommand::SetupCommand(Session* session, Setup next, const QString& text, int mergeId,
                           const QString& author)
    : QUndoCommand(text)
    , session_(session)
    , before_(session->setup())
    , after_(std::move(next))
    , mergeId_(mergeId)
    , author_(author)
{
}

const std::vector<std::string>& SetupCommand::added() const
{
    if (!added_) {
        const std::set<std::string> before = constraintTexts(before_);
        added_.emplace();
        for (const std::string& text : constraintTexts(after_)) {
            if (!before.contains(text))
                added_->push_back(text);
        }
    }
    return *added_;
}

std::map<std::string, QString> constraintAuthors(const QUndoStack& stack)
{
    std::map<std::string, QString> authors;
    for (int at = 0; at < stack.index(); ++at) {
        const auto* edit = dynamic_cast<const SetupCommand*>(stack.command(at));
        if (edit == nullptr)
            continue;
        // Going back to a plan brings back what somebody has asked for before.
        const bool isReturn = edit->id() == SetupCommand::kShowPlanMerge;
        for (const std::string& text : edit->added()) {
            if (!isReturn || !authors.contains(text))
                authors[text] = edit->author();
        }
    }
    return authors;
}

bool SetupCommand::mergeWith(const QUndoCommand* other)
{
    // A value that has been planned stays a step of its own.
    if (mergeId_ != kShowPlanMerge && session_->answerTo(after_) != nullptr)
        return false;
    after_ = static_cast<const SetupCommand*>(other)->after_;
    added_.reset();
    setObsolete(after_ == before_);
    setText(other->text());
    return true;
}

void SetupCommand::undo() { session_->applySetup(before_); }
void SetupCommand::redo() { session_->applySetup(after_); }

} // namespace alpa::app
