// A session as a file: the model by path and content, what is asked, and the requests of the plans
// made so far. Plans themselves are not kept: the planner is a function, so a request stands for
// its plan and the file stays small.
#pragma once

#include "app/session/model.h"
#include "app/session/setup.h"
#include "core/base/result.h"

#include <QString>

#include <string>
#include <vector>

namespace alpa::app
{

struct SavedPlan {
    QString name; ///< "Plan 3"
    Setup setup;
    double stepSeconds = 0; ///< As predicted when it was saved; 0 if there was no plan. Tells
                            ///< whether a newer planner differs.
};

/// How the window looked at it, by names that are the same in every language; empty ones are unset.
struct SavedView {
    QString page;       ///< "graph"
    QString graphShows; ///< "training step"
    QString graphColor; ///< "time"
    bool isHeatLogarithmic = false;
    bool isHeatClipped = false;
    friend bool operator==(const SavedView&, const SavedView&) = default;
};

struct SavedSession {
    QString modelPath;   ///< Absolute.
    QString modelSha256; ///< Of the file's bytes, in hex; empty if unknown.
    ImportChoices choices;
    Setup setup;
    std::vector<SavedPlan> plans; ///< Oldest first.
    int baseline = -1;            ///< Index in plans; -1 for none.
    int nextPlanNumber = 1;
    SavedView view;
};

/// What the window tells apart by the name of a file.
inline constexpr const char* kSessionSuffix = ".apsess";

/// JSON with a version, indented; `isCompact` on one line, as the journal wants it.
std::string sessionToJson(const SavedSession& session, bool isCompact = false);
/// Fails with kInvalidInput naming the place and the expectation.
Result<SavedSession> sessionFromJson(const std::string& text);
Result<SavedSession> loadSession(const QString& path);
Status saveSession(const SavedSession& session, const QString& path);

} // namespace alpa::app
