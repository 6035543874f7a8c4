// What the core says is said in the window's language: every pattern is translated with what is
// filled into it, and what the core really says is known.
#include "app/session/session.h"
#include "app/settings/core_texts.h"
#include "app/settings/qt_text.h"
#include "app/settings/translations.h"
#include "core/explain/diff_plans.h"
#include "core/explain/explain_decision.h"
#include "core/import/import_model.h"
#include "core/plan/plan_request.h"
#include "tests/gui/gui_support.h"

#include <QApplication>
#include <QTemporaryDir>
#include <QTranslator>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <mutex>
#include <set>

namespace alpa::app
{
namespace
{

class CoreTextsTest : public ::testing::Test
{
protected:
    void SetUp() override
    {
        if (!builtInLanguages().contains(QStringLiteral("de")))
            GTEST_SKIP() << "Qt's lrelease was not found when this was built";
        ASSERT_TRUE(german_.load(QStringLiteral(":/i18n/alpa-explorer_de.qm")));
        QApplication::installTranslator(&german_);
    }
    void TearDown() override { QApplication::removeTranslator(&german_); }
    static void expectGerman(const std::string& text)
    {
        EXPECT_NE(coreText(text).toStdString(), text) << "no pattern fits";
    }
    static PlanRequest request(const char* cluster)
    {
        Session session;
        session.setReplansAtOnce(false);
        session.openModel(samplePath(QStringLiteral("gpt-tiny")));
        EXPECT_TRUE(waitUntil([&] { return session.model() != nullptr; }));
        PlanRequest request;
        request.model = session.model()->graph;
        request.cluster = loadCluster(cluster).value();
        return request;
    }

    QTranslator german_;
};

// A pattern that is the beginning of a longer one does not swallow what follows.
TEST_F(CoreTextsTest, TheVerdictOfTwoPlansIsGermanToItsEnd)
{
    EXPECT_EQ(
        coreSentence("the second step is 188.3 us shorter (1.83 %), mainly in forward compute "
                     "(4.17 ms -> 3.803 ms)"),
        QStringLiteral("Der zweite Schritt ist 188.3 µs kürzer (1.83 %), vor allem bei: "
                       "Rechnen vorwärts (4.17 ms → 3.803 ms)."));
    EXPECT_EQ(coreSentence("the second step is 1 ms longer (2 %)"),
              QStringLiteral("Der zweite Schritt ist 1 ms länger (2 %)."));
}

TEST_F(CoreTextsTest, EveryPatternIsTranslatedWithWhatIsInIt)
{
    for (const char* pattern : corePatterns()) {
        QString said = QString::fromLatin1(pattern);
        QString wanted = QCoreApplication::translate("Core", pattern);
        for (int hole = 1; hole <= 4; ++hole) {
            said.replace(QStringLiteral("%%1").arg(hole), QStringLiteral("q%1").arg(hole));
            wanted.replace(QStringLiteral("%%1").arg(hole), QStringLiteral("q%1").arg(hole));
        }
        EXPECT_EQ(coreText(fromQt(said)), wanted) << "an earlier pattern takes it: " << pattern;
    }
    EXPECT_EQ(coreText("max TP 2; a word of its own"),
              QStringLiteral("höchstens TP 2; a word of its own"));
    EXPECT_EQ(coreText("{-, y} would add 28.14 us to the step"),
              QStringLiteral("{-, y} verlängerte den Schritt um 28.14 µs"));
    EXPECT_EQ(
        coreText("x: sum over 256, y: dim 2 of 64, moved at once would be as good"),
        QStringLiteral("x: Summe über 256, y: Dim. 2 von 64, sofort verschoben wäre ebenso gut"));
    EXPECT_EQ(coreText("x: dim 0 of 8, y: replicated"),
              QStringLiteral("x: Dim. 0 von 8, y: repliziert"));
    EXPECT_EQ(coreText("nothing that anybody knows, %1"),
              QStringLiteral("nothing that anybody knows, %1"));
}

TEST_F(CoreTextsTest, ConstraintsAreKnown)
{
    PlanConstraints all;
    all.maxTp = all.maxDp = all.maxPp = all.microbatches = all.chunks = all.recomputedLayers = 3;
    all.memoryPerDevice = gibibytes(16);
    all.schedule = ScheduleKind::kGpipe;
    all.forbiddenSchedules = {ScheduleKind::k1f1b};
    all.recomputation = all.selectiveRecomputation = true;
    all.forbiddenRecomputations = {RecomputationKind::kSelective};
    all.parameterStorage = StorageRule::kSplit;
    all.stateStorage = StorageRule::kReplicated;
    all.usesAllDevices = true;
    all.cuts = {3};
    all.forbiddenCuts = {5};
    all.specs = {{.pattern = "fc", .spec = {}, .forbids = true}};
    all.stageMeshes = {{.layer = 0, .hosts = 1, .devicesPerHost = 4, .axes = {}}};
    for (const std::string& text : listConstraints(all))
        expectGerman(text);
}

TEST_F(CoreTextsTest, WhyThereIsNoPlanAndWhatPlanningIsAtAreKnown)
{
    std::mutex mutex;
    std::set<std::string> phases;
    JobControl control;
    control.progress = [&](std::string_view phase, double) {
        const std::scoped_lock lock(mutex);
        phases.insert(std::string(phase));
    };
    PlanRequest little = request("cpu-x4");
    little.options.constraints.memoryPerDevice = Bytes(400000);
    PlanRequest idle = little;
    PlanConstraints& none = idle.options.constraints = {};
    none.maxTp = none.maxDp = none.maxPp = 1;
    none.usesAllDevices = true;
    PlanRequest late = little;
    late.options.constraints = {};
    late.options.constraints.cuts = {40};
    PlanRequest odd = little;
    odd.options.constraints = {};
    odd.options.constraints.microbatches = 3;
    int clashes = 0;
    for (const PlanRequest& one : {little, idle, late, odd}) {
        const auto outcome = makePlan(one, control);
        if (!outcome.ok()) {
            ++clashes;
            expectGerman(outcome.error().message);
            continue;
        }
        const auto* why = std::get_if<NoPlan>(&*outcome);
        if (why == nullptr)
            continue;
        ++clashes;
        expectGerman(why->reason);
        for (const std::string& constraint : why->clashing)
            expectGerman(constraint);
    }
    EXPECT_EQ(clashes, 4);
    ASSERT_TRUE(makePlan(request("cpu-x4"), control).ok());
    EXPECT_GE(phases.size(), 2u);
    for (const std::string& phase : phases)
        expectGerman(phase);
}

// Of files that are none, or damaged in ways that files come to be.
TEST_F(CoreTextsTest, WhatIsWrongWithAFileIsKnown)
{
    const QTemporaryDir folder;
    const auto messages = [&](const std::string& content) {
        const std::string path = fromQt(folder.filePath(QStringLiteral("model.mlir")));
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
        const auto result = importModel(path, {});
        std::vector<std::string> all;
        if (!result.ok())
            all.push_back(result.error().message);
        for (size_t i = 0; result.ok() && i < result->diagnostics.size(); ++i)
            all.push_back(result->diagnostics[i].message);
        EXPECT_FALSE(all.empty()) << content;
        return all;
    };
    expectGerman(importModel("/nowhere/model.mlir", {}).error().message);
    expectGerman(importModel(fromQt(folder.path()), {}).error().message);
    const std::string start = "module @m {\n  func.func public @main(%a: tensor<2xf32>) -> "
                              "tensor<2xf32> {\n";
    const std::string end = "    return %a : tensor<2xf32>\n  }\n}\n";
    for (const std::string& content :
         {std::string(), std::string("   \n"), std::string("ML\xEFR\x01"), std::string("\x01\x02"),
          std::string("hello"), start, start + "    return %b : tensor<2xf32>\n  }\n}\n",
          start + "    %b = call @f(%a) : (tensor<2xf32>) -> tensor<2xf32>\n" + end,
          start + "    %b = \"my.op\"(%a) : (tensor<2xf32>) -> tensor<2xf32>\n" + end,
          std::string("module @m {\n  func.func public @main(%a: tensor<?xf32>) -> tensor<?xf32> "
                      "{\n    return %a : tensor<?xf32>\n  }\n}\n"),
          std::string("HloModule m\n\nENTRY e {\n  a = f32[2] parameter(0)\n")}) {
        for (const std::string& message : messages(content))
            expectGerman(message);
    }
}

TEST_F(CoreTextsTest, VerdictsAreKnown)
{
    const auto planOf = [](const PlanRequest& one) {
        return std::get<std::shared_ptr<const ParallelPlan>>(*makePlan(one, {}));
    };
    PlanRequest asked = request("cpu-x4");
    asked.options.constraints.maxPp = 1;
    const auto plan = planOf(asked);
    const auto explained =
        explainDecisions(*plan, {.pattern = "*", .strategy = {}, .limit = 12}, {});
    ASSERT_TRUE(explained.ok());
    ASSERT_FALSE(explained->empty());
    for (const DecisionExplanation& one : *explained)
        expectGerman(one.verdict);
    asked.options.constraints.maxTp = 1;
    const PlanDiff diff = diffPlans(*plan, *planOf(asked));
    expectGerman(diff.verdict);
    EXPECT_TRUE(coreSentence(diff.verdict).startsWith(QStringLiteral("Der zweite Schritt")))
        << coreSentence(diff.verdict).toStdString();
    const auto isWord = [](const std::string& text) {
        return std::ranges::any_of(text, [](unsigned char c) { return std::islower(c) != 0; });
    };
    for (const PlanChange& change : diff.plan) {
        if (isWord(change.subject))
            expectGerman(change.subject);
        if (change.subject.starts_with("stage"))
            expectGerman(change.after);
    }
    expectGerman(diffPlans(*plan, *plan).verdict);
    for (const TermChange& term : diff.terms)
        expectGerman(term.name);
}

} // namespace
} // namespace alpa::app
