// Constraints that come from elsewhere: shardings in the model file, plans that others published.
#pragma once

#include "core/base/result.h"
#include "core/plan/plan_request.h"

#include <QObject>

#include <functional>

namespace alpa::app
{

class Session;

class PlanFollower : public QObject
{
    Q_OBJECT

public:
    /// `window` owns the dialogs.
    PlanFollower(Session* session, QWidget* window);

    /// Shardings of the model file as constraints.
    void followAnnotations();
    void askForFile();
    /// Constraints as in a published plan (core/explain/published_plan.h), as one undoable edit.
    void followFile(const QString& path);

Q_SIGNALS:
    void said(const QString& text); ///< How it ended.

private:
    /// What constraints from elsewhere make of the options, and what to say about it.
    struct Followed {
        PlanOptions options;
        QString note;
    };
    /// Reads in the background, then takes the options over as one edit of `author`.
    void follow(const QString& job, const QString& edit, const QString& author,
                const std::function<Result<Followed>()>& read);

    Session* session_;
    QWidget* window_;
};

} // namespace alpa::app
