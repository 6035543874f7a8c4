// The document: planning in the background, undo that restores the constraint and the plan,
// clashing constraints.
#include "app/session/session.h"
#include "app/views/relax_constraint.h"
#include "tests/gui/gui_support.h"

#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

/// A session that has planned a small model for four CPU devices.
class SessionTest : public ::testing::Test
{
protected:
    void SetUp() override
    {
        app::Setup setup;
        setup.cluster = QStringLiteral("cpu-x4");
        session_.setReplanLimit(kForever); // whatever else the machine does
        session_.setInitialSetup(setup);
        session_.openModel(samplePath(QStringLiteral("mlp-tiny")));
        ASSERT_TRUE(waitUntil([this] { return session_.shownPlan() != nullptr; }));
    }

    app::Setup withMaxTp(int maxTp) const
    {
        app::Setup next = session_.setup();
        next.options.constraints.maxTp = maxTp;
        return next;
    }
    bool settle()
    {
        return waitUntil([this] { return !session_.isStale() && !session_.isPlanning(); });
    }

    Session session_;
};

TEST_F(SessionTest, ConstraintReplansAndUndoRestoresBothAtOnce)
{
    const int first = session_.shownPlan()->id;
    session_.editSetup(withMaxTp(1), QStringLiteral("Max TP 1"));
    EXPECT_TRUE(session_.isStale()) << "the old plan stays visible until there is a new one";
    ASSERT_TRUE(settle());
    const int second = session_.shownPlan()->id;
    EXPECT_NE(first, second);
    EXPECT_LE(session_.shownPlan()->plan()->tensorParallel(), 1);

    session_.undoStack()->undo();
    EXPECT_EQ(session_.shownPlan()->id, first) << "at once, without planning";
    EXPECT_FALSE(session_.setup().options.constraints.maxTp);
    EXPECT_FALSE(session_.isPlanning());
    session_.undoStack()->redo();
    EXPECT_EQ(session_.shownPlan()->id, second);
    EXPECT_EQ(session_.setup().options.constraints.maxTp, 1);
}

TEST_F(SessionTest, EditsOfOneFieldInARowAreOneStep)
{
    session_.setReplansAtOnce(false);
    session_.editSetup(withMaxTp(1), QStringLiteral("Max TP 1"), 5);
    session_.editSetup(withMaxTp(2), QStringLiteral("Max TP 2"), 5);
    session_.editSetup(withMaxTp(4), QStringLiteral("Max TP 4"), 5);
    EXPECT_EQ(session_.undoStack()->count(), 1);
    session_.undoStack()->undo();
    EXPECT_FALSE(session_.setup().options.constraints.maxTp);
}

TEST_F(SessionTest, NewEditCancelsThePlanningOfTheOldOne)
{
    session_.editSetup(withMaxTp(1), QStringLiteral("Max TP 1"));
    session_.planNow();
    session_.editSetup(withMaxTp(2), QStringLiteral("Max TP 2"));
    ASSERT_TRUE(settle());
    EXPECT_EQ(session_.shownPlan()->setup.options.constraints.maxTp, 2);
    EXPECT_TRUE(waitUntil([this] { return session_.jobs()->jobs().empty(); }));
    EXPECT_EQ(session_.shownPlan()->setup.options.constraints.maxTp, 2);
}

TEST_F(SessionTest, TooLittleMemoryNamesTheConstraintAndRelaxingItPlans)
{
    app::Setup next = session_.setup();
    next.options.constraints.memoryPerDevice = Bytes(1024);
    session_.editSetup(next, QStringLiteral("Memory 1 KiB"));
    ASSERT_TRUE(waitUntil([this] { return session_.obstacle() != nullptr; }));
    const PlanEntry* obstacle = session_.obstacle();
    ASSERT_TRUE(obstacle->noPlan) << obstacle->error.toStdString();
    EXPECT_FALSE(obstacle->problem().isEmpty());
    ASSERT_FALSE(obstacle->noPlan->clashing.empty());
    // The planner's first figure may be a bound only; each answer names a larger one until a plan
    // fits.
    for (int round = 0; round < 4 && session_.obstacle() != nullptr; ++round) {
        const NoPlan& why = *session_.obstacle()->noPlan;
        const auto relaxed = relaxConstraint(session_.setup(), why.clashing.front(), why);
        ASSERT_TRUE(relaxed) << why.clashing.front();
        session_.editSetup(*relaxed, QStringLiteral("Relax"));
        ASSERT_TRUE(
            waitUntil([this] { return session_.obstacle() != nullptr || !session_.isStale(); }));
    }
    EXPECT_EQ(session_.obstacle(), nullptr);
    EXPECT_FALSE(session_.isStale());
    session_.undoStack()->undo();
    EXPECT_NE(session_.obstacle(), nullptr) << "the answer that there is none is kept, too";
}

TEST_F(SessionTest, BaselinesArePlannedBesideTheShownPlan)
{
    const int shown = session_.shownPlan()->id;
    session_.planBaselines();
    ASSERT_TRUE(waitUntil([this] { return !session_.isPlanningBehind(); }, 120000));
    int baselines = 0;
    for (const auto& entry : session_.entries())
        baselines += entry->isBaseline() ? 1 : 0;
    EXPECT_EQ(baselines, 5);
    EXPECT_EQ(session_.shownPlan()->id, shown);
    for (const auto& entry : session_.entries()) {
        if (entry->plan() != nullptr) {
            EXPECT_GE(entry->plan()->stepTime.count,
                      session_.shownPlan()->plan()->stepTime.count * 0.999999)
                << entry->name.toStdString() << " is faster than the automatic plan";
        }
    }
}

TEST(Session, BrokenFileIsAMessageAndNoCrash)
{
    Session session;
    QString message;
    QObject::connect(&session, &Session::importFailed, &session,
                     [&](const QString& text) { message = text; });
    session.openModel(QStringLiteral("/nowhere/at/all.mlir"));
    ASSERT_TRUE(waitUntil([&] { return !message.isEmpty(); }, 20000));
    EXPECT_TRUE(message.contains(QStringLiteral("all.mlir"))) << message.toStdString();
    EXPECT_EQ(session.model(), nullptr);
}

TEST(Session, EndsWhilePlanning)
{
    Session session;
    app::Setup setup;
    setup.cluster = QStringLiteral("h200-x4");
    session.setInitialSetup(setup);
    session.openModel(samplePath(QStringLiteral("gpt-125m")));
    waitUntil([&] { return session.isPlanning(); }, 20000);
} // the destructor cancels and joins

TEST(RelaxConstraint, TakesBackTheOneThatIsNamed)
{
    app::Setup setup;
    setup.options.constraints.maxTp = 1;
    setup.options.constraints.maxPp = 2;
    setup.options.constraints.memoryPerDevice = gibibytes(16);
    NoPlan why;
    why.smallestMemory = gibibytes(23.04);
    const auto withoutTp = relaxConstraint(setup, "max TP 1", why);
    ASSERT_TRUE(withoutTp);
    EXPECT_FALSE(withoutTp->options.constraints.maxTp);
    EXPECT_EQ(withoutTp->options.constraints.maxPp, 2);
    const auto moreMemory = relaxConstraint(setup, "memory 16 GiB", why);
    ASSERT_TRUE(moreMemory);
    EXPECT_EQ(moreMemory->options.constraints.memoryPerDevice, gibibytes(23.1));
    EXPECT_FALSE(relaxConstraint(setup, "max DP 4", why));
}

} // namespace
} // namespace alpa::app
