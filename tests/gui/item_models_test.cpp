// Item models keep the promises that Qt's views rely on, through every change.
#include "app/item_models/alternatives_model.h"
#include "app/item_models/outline_model.h"
#include "app/item_models/plans_model.h"
#include "app/item_models/problems_model.h"
#include "app/item_models/specs_model.h"
#include "tests/gui/gui_support.h"

#include <QAbstractItemModelTester>
#include <gtest/gtest.h>

namespace alpa::app
{
namespace
{

constexpr auto kFatal = QAbstractItemModelTester::FailureReportingMode::Fatal;

Graph twoLayerGraph()
{
    Graph graph;
    const ValueId x = graph.addInput("x", {DType::kF32, {8, 16}}, InputRole::kBatch);
    ValueId value = x;
    for (int layer = 0; layer < 2; ++layer) {
        const std::string scope = "net/dense_" + std::to_string(layer);
        const ValueId weight = graph.addInput("dense_" + std::to_string(layer) + ".kernel",
                                              {DType::kF32, {16, 16}}, InputRole::kParameter);
        Op dot;
        dot.kind = OpKind::kDot;
        dot.scope = graph.scope(scope);
        dot.operands = {value, weight};
        dot.attributes = DotAttributes{{}, {}, {1}, {0}};
        value = graph.op(graph.addOp(dot, {{DType::kF32, {8, 16}}})).results[0];
        Op tanh;
        tanh.kind = OpKind::kTanh;
        tanh.scope = graph.scope(scope);
        tanh.operands = {value};
        value = graph.op(graph.addOp(tanh, {{DType::kF32, {8, 16}}})).results[0];
    }
    return graph;
}

TEST(OutlineModel, ShowsScopesWithCountsAndParameters)
{
    OutlineModel model;
    const QAbstractItemModelTester tester(&model, kFatal);
    EXPECT_EQ(model.rowCount({}), 0);
    model.setModel(makeModel(QStringLiteral("net.mlir"), twoLayerGraph(), {}, {}));
    const QModelIndex root = model.index(0, 0, {});
    EXPECT_EQ(root.data().toString(), QStringLiteral("net"));
    EXPECT_EQ(model.index(0, OutlineModel::kOps, {}).data().toString(), QStringLiteral("4"));
    EXPECT_EQ(model.index(0, OutlineModel::kParameters, {}).data().toString(),
              QStringLiteral("512"));
    const QModelIndex net = model.index(0, 0, root);
    EXPECT_EQ(net.data().toString(), QStringLiteral("net"));
    ASSERT_EQ(model.rowCount(net), 2);
    const QModelIndex dense = model.index(1, 0, net);
    EXPECT_EQ(dense.data().toString(), QStringLiteral("dense_1"));
    ASSERT_EQ(model.rowCount(dense), 1) << "its parameter";
    EXPECT_EQ(model.index(0, 0, dense).data().toString(), QStringLiteral("dense_1.kernel"));
    model.setModel(nullptr);
    EXPECT_EQ(model.rowCount({}), 0);
}

TEST(ProblemsModel, ShowsPlaceAndKeepsGeneralProblemsOnTop)
{
    ProblemsModel model;
    const QAbstractItemModelTester tester(&model, kFatal);
    model.setModel(makeModel(
        QStringLiteral("a.mlir"), Graph(),
        {{Severity::kError, "unknown type 'f23'", 2, 5}, {Severity::kWarning, "no place", 0, 0}},
        "first line\n  second line\n"));
    ASSERT_EQ(model.rowCount(), 2);
    EXPECT_EQ(model.index(0, ProblemsModel::kPlace).data().toString(),
              QStringLiteral("line 2, column 5"));
    EXPECT_TRUE(model.index(0, ProblemsModel::kMessage)
                    .data(Qt::ToolTipRole)
                    .toString()
                    .contains(QStringLiteral("second line")));
    EXPECT_TRUE(model.index(1, ProblemsModel::kPlace).data().toString().isEmpty());
    model.setGeneralProblem(QStringLiteral("cannot plan"));
    ASSERT_EQ(model.rowCount(), 3);
    EXPECT_EQ(model.index(0, ProblemsModel::kMessage).data().toString(),
              QStringLiteral("cannot plan"));
}

TEST(SpecsModel, EditsAreProposedAndNonsenseIsRejected)
{
    SpecsModel model;
    const QAbstractItemModelTester tester(&model, kFatal);
    SpecConstraint pin;
    pin.pattern = "a.kernel";
    pin.spec = *parseSpec("{-, y}");
    model.setSpecs({pin});
    std::vector<SpecConstraint> proposed;
    QString rejected;
    QObject::connect(&model, &SpecsModel::edited, &model,
                     [&](const std::vector<SpecConstraint>& specs) { proposed = specs; });
    QObject::connect(&model, &SpecsModel::rejected, &model,
                     [&](const QString& message) { rejected = message; });
    EXPECT_TRUE(
        model.setData(model.index(0, SpecsModel::kSpec), QStringLiteral("{x, -}"), Qt::EditRole));
    ASSERT_EQ(proposed.size(), 1u);
    EXPECT_EQ(formatSpec(proposed[0].spec), "{x, -}");
    EXPECT_EQ(formatSpec(model.specs()[0].spec), "{-, y}")
        << "the session decides, the model shows";
    EXPECT_FALSE(
        model.setData(model.index(0, SpecsModel::kSpec), QStringLiteral("{q"), Qt::EditRole));
    EXPECT_FALSE(rejected.isEmpty());
    EXPECT_FALSE(
        model.setData(model.index(0, SpecsModel::kPattern), QStringLiteral("  "), Qt::EditRole));
}

TEST(PlansModel, FollowsTheSession)
{
    Session session;
    PlansModel model(&session);
    const QAbstractItemModelTester tester(&model, kFatal);
    EXPECT_EQ(model.rowCount(), 0);
    app::Setup setup;
    setup.cluster = QStringLiteral("cpu-x2");
    session.setInitialSetup(setup);
    session.openModel(samplePath(QStringLiteral("mlp-tiny")));
    ASSERT_TRUE(waitUntil([&] { return session.shownPlan() != nullptr; }));
    ASSERT_EQ(model.rowCount(), 1);
    EXPECT_EQ(model.index(0, PlansModel::kName).data().toString(), QStringLiteral("Plan 1"));
    EXPECT_FALSE(model.index(0, PlansModel::kStep).data().toString().isEmpty());
    const int id = model.index(0, PlansModel::kName).data(PlansModel::kPlanIdRole).toInt();
    EXPECT_EQ(model.rowOf(id), 0);
    session.setBaseline(id);
    ASSERT_NE(session.baseline(), nullptr);
    session.setBaseline(id);
    EXPECT_EQ(session.baseline(), nullptr) << "a second click takes the star away";
}

/// Interleaved stages share devices, whose memory is that of all of them.
TEST(PlansModel, PeakMemoryIsThatOfADevice)
{
    ParallelPlan plan;
    plan.schedule = ScheduleKind::kInterleaved1f1b;
    plan.stages.resize(4);
    for (size_t s = 0; s < plan.stages.size(); ++s)
        plan.stages[s].memory.parameters = Bytes(int64_t{1} << s);
    plan.chunks = 2;
    EXPECT_EQ(peakMemory(plan), Bytes(2 + 8));
    plan.schedule = ScheduleKind::k1f1b;
    plan.chunks = 1;
    EXPECT_EQ(peakMemory(plan), Bytes(8));
}

TEST(AlternativesModel, MarksTheChosenOne)
{
    Session session;
    app::Setup setup;
    setup.cluster = QStringLiteral("cpu-x4");
    session.setInitialSetup(setup);
    session.openModel(samplePath(QStringLiteral("gpt-tiny")));
    ASSERT_TRUE(waitUntil([&] { return session.shownPlan() != nullptr; }, 120000));
    AlternativesModel model;
    const QAbstractItemModelTester tester(&model, kFatal);
    const auto facts = session.facts();
    int shown = 0;
    for (const DecisionPlace& place : facts->decisionOfOp) {
        if (!place.isValid())
            continue;
        model.setDecision(facts, place);
        const Decision& decision = *facts->decision(place);
        ASSERT_EQ(model.rowCount(), int(decision.alternatives.size()));
        if (model.rowCount() == 0)
            continue;
        ASSERT_LT(decision.chosen, model.rowCount());
        EXPECT_EQ(model.index(decision.chosen, AlternativesModel::kDelta).data().toString(),
                  QStringLiteral("chosen"));
        ++shown;
    }
    EXPECT_GT(shown, 0);
}

} // namespace
} // namespace alpa::app
