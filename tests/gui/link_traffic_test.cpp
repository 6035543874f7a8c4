// What links carry in a step, and the table of collectives.
#include "app/item_models/collectives_model.h"
#include "app/session/link_traffic.h"
#include "app/session/session.h"
#include "tests/gui/gui_support.h"

#include <QAbstractItemModelTester>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

TEST(CollectivesModel, IsASoundTableOrderedByTimeInAStep)
{
    Session session;
    app::Setup setup;
    setup.cluster = QStringLiteral("cpu-x4");
    session.setInitialSetup(setup);
    session.openModel(samplePath(QStringLiteral("mlp-tiny")));
    ASSERT_TRUE(waitUntil([&] { return session.shownPlan() != nullptr; }));
    CollectivesModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
    model.setFacts(session.facts());
    const GraphFacts& facts = *session.facts();
    double before = std::numeric_limits<double>::infinity();
    for (int row = 0; row < model.rowCount(); ++row) {
        const Communication& communication =
            facts.communications[static_cast<size_t>(model.communicationAt(row))];
        const double now = communication.time.count * double(timesPerStep(facts, communication));
        EXPECT_LE(now, before);
        before = now;
    }
}

TEST(LinkTraffic, RingsSendWhatTheAlgorithmsSend)
{
    // Of 1200 bytes among 4: an all-gather passes on three quarters, an all-reduce twice that.
    EXPECT_EQ(ringBytes(ReshardKind::kAllGather, 4, Bytes(1200)), Bytes(900));
    EXPECT_EQ(ringBytes(ReshardKind::kReduceScatter, 4, Bytes(1200)), Bytes(900));
    EXPECT_EQ(ringBytes(ReshardKind::kAllReduce, 4, Bytes(1200)), Bytes(1800));
    EXPECT_EQ(ringBytes(ReshardKind::kAllReduce, 1, Bytes(1200)), Bytes());
    EXPECT_EQ(ringBytes(ReshardKind::kSlice, 4, Bytes(1200)), Bytes());
}

} // namespace
} // namespace alpa::app
