// Keeping a session: its file, the journal through kills, restoring, and the last session.
#include "app/session/session_keeper.h"
#include "app/settings/qt_text.h"
#include "core/base/files.h"
#include "tests/gui/gui_support.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <gtest/gtest.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace alpa::app
{
namespace
{

SavedSession sampleSession(int maxTp)
{
    SavedSession session;
    session.modelPath = QStringLiteral("/models/größe \"x\".mlir");
    session.modelSha256 = QStringLiteral("00ff");
    session.setup.cluster = QStringLiteral("cpu-x4");
    session.setup.options.globalBatch = 32;
    session.setup.options.constraints.maxTp = maxTp;
    session.setup.options.constraints.cuts = {1, 3};
    session.plans = {{QStringLiteral("Plan 1"), session.setup, 0.25},
                     {QStringLiteral("ZeRO-3"), {}, 0}};
    session.plans[1].setup.options.strategy = PlanStrategy::kZero3;
    session.baseline = 1;
    session.nextPlanNumber = 2;
    return session;
}

TEST(SavedSession, RoundTripsThroughItsText)
{
    const std::string text = sessionToJson(sampleSession(2));
    const Result<SavedSession> read = sessionFromJson(text);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(sessionToJson(*read), text);
    EXPECT_EQ(read->setup, sampleSession(2).setup);
    EXPECT_EQ(read->baseline, 1);
}

TEST(SavedSession, DamageIsAMessageWithItsPlace)
{
    const std::string text = sessionToJson(sampleSession(2), true);
    for (size_t length = 0; length < text.size(); ++length)
        EXPECT_FALSE(sessionFromJson(text.substr(0, length)).ok()) << length << " bytes";
    const auto problemAfter = [&](const std::string& from, const std::string& to) {
        std::string damaged = text;
        damaged.replace(damaged.find(from), from.size(), to);
        const Result<SavedSession> read = sessionFromJson(damaged);
        return read.ok() ? std::string("none") : read.error().message;
    };
    EXPECT_NE(problemAfter("\"version\":1", "\"version\":9").find("version"), std::string::npos);
    EXPECT_NE(problemAfter("\"baseline\":1", "\"baseline\":7").find("baseline"), std::string::npos);
    EXPECT_NE(problemAfter("\"zero3\"", "\"zero4\"").find("plans[1].setup.options.strategy"),
              std::string::npos);
    EXPECT_NE(problemAfter("\"cpu-x4\"", "4").find("setup.cluster"), std::string::npos);
}

/// Opens files that may be damaged; none does harm. Their model is not there, so that nothing is
/// left to do but to read.
class DamagedSessions
{
public:
    Result<SavedSession> open(const std::string& text)
    {
        const QString path = directory_.filePath(QStringLiteral("damaged.apsess"));
        QFile file(path);
        EXPECT_TRUE(file.open(QIODevice::WriteOnly));
        file.write(text.data(), qint64(text.size()));
        file.close();
        const Status status = keeper_.open(path);
        EXPECT_FALSE(status.ok());
        EXPECT_FALSE(status.error().message.empty());
        EXPECT_LT(status.error().message.size(), 2000u) << "a message for people";
        EXPECT_EQ(session_.model(), nullptr);
        return loadSession(path);
    }

private:
    QTemporaryDir directory_;
    Session session_;
    SessionKeeper keeper_{&session_, directory_.filePath(QStringLiteral("profile"))};
};

TEST(SavedSession, EveryByteFlippedIsAMessageOrAnotherSession)
{
    DamagedSessions files;
    const std::string text = sessionToJson(sampleSession(2), true);
    for (size_t at = 0; at < text.size(); ++at) {
        for (const int flip : {1, 0x80}) {
            std::string damaged = text;
            damaged[at] = static_cast<char>(damaged[at] ^ flip);
            // The window's way, which reads twice, for some.
            const Result<SavedSession> read =
                at % 31 == 0 ? files.open(damaged) : sessionFromJson(damaged);
            // What still is a session is one that can be kept.
            if (read.ok()) {
                const Result<SavedSession> again = sessionFromJson(sessionToJson(*read));
                ASSERT_TRUE(again.ok()) << at << ": " << again.error().message;
                ASSERT_EQ(again->setup, read->setup) << at;
            }
        }
    }
}

TEST(SavedSession, HugeAndDeepFilesAreAMessage)
{
    DamagedSessions files;
    const std::string text = sessionToJson(sampleSession(2), true);
    for (const char* const bracket : {"[", "{\"a\":"}) {
        std::string deep = "{\"format\":\"alpa session\",\"setup\":";
        for (int i = 0; i < 10000; ++i)
            deep += bracket;
        EXPECT_FALSE(files.open(deep).ok());
        EXPECT_FALSE(files.open(text.substr(0, text.size() - 1) + "," + deep + "}").ok());
    }
    const Result<SavedSession> huge = files.open(text.substr(0, text.size() - 1) + ",\"x\":\"" +
                                                 std::string(size_t{200} << 20, 'x') + "\"}");
    ASSERT_FALSE(huge.ok());
    EXPECT_NE(huge.error().message.find("limit"), std::string::npos) << huge.error().message;
}

TEST(Journal, DamagedAnywhereGivesTheEditsBefore)
{
    QTemporaryDir directory;
    QByteArray whole;
    {
        Journal journal(directory.path());
        ASSERT_TRUE(journal.begin(sampleSession(1)));
        for (int maxTp = 2; maxTp <= 3; ++maxTp)
            ASSERT_TRUE(
                journal.append({QStringLiteral("Max TP %1").arg(maxTp), sampleSession(maxTp)}));
        QFile file(journal.path());
        ASSERT_TRUE(file.open(QIODevice::ReadOnly));
        whole = file.readAll();
    }
    const QString path = directory.filePath(QStringLiteral("damaged.jsonl"));
    for (qsizetype at = 0; at < whole.size(); at += 7) {
        QByteArray damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
        QFile file(path);
        ASSERT_TRUE(file.open(QIODevice::WriteOnly));
        file.write(damaged);
        file.close();
        const std::vector<JournalStep> steps = readJournal(path);
        ASSERT_GE(qsizetype(steps.size()), whole.left(at).count('\n'))
            << "the edits before byte " << at << " are there";
        for (qsizetype step = 0; step < whole.left(at).count('\n'); ++step)
            ASSERT_EQ(steps[static_cast<size_t>(step)].session.setup.options.constraints.maxTp,
                      int(step) + 1);
    }
}

TEST(Journal, CutAnywhereKeepsTheEditsBeforeTheCut)
{
    QTemporaryDir directory;
    QByteArray whole;
    {
        Journal journal(directory.path());
        ASSERT_TRUE(journal.begin(sampleSession(1)));
        for (int maxTp = 2; maxTp <= 4; ++maxTp)
            ASSERT_TRUE(
                journal.append({QStringLiteral("Max TP %1").arg(maxTp), sampleSession(maxTp)}));
        QFile file(journal.path());
        ASSERT_TRUE(file.open(QIODevice::ReadOnly));
        whole = file.readAll();
    }
    const QString cut = directory.filePath(QStringLiteral("cut.jsonl"));
    for (qsizetype length = 0; length <= whole.size(); length += 7) {
        ASSERT_TRUE(writeFileAtomically(fromQt(cut), whole.left(length).toStdString()).ok());
        const std::vector<JournalStep> steps = readJournal(cut);
        ASSERT_EQ(qsizetype(steps.size()), whole.left(length).count('\n'));
        if (!steps.empty()) {
            EXPECT_EQ(steps.back().session.setup.options.constraints.maxTp, int(steps.size()));
        }
    }
}

TEST(Journal, KilledAfterAnyEditLosesNothing)
{
    for (int edits = 0; edits <= 4; ++edits) {
        QTemporaryDir directory;
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            Journal journal(directory.path());
            journal.begin(sampleSession(0));
            for (int maxTp = 1; maxTp <= edits; ++maxTp)
                journal.append({QStringLiteral("edit"), sampleSession(maxTp)});
            ::kill(::getpid(), SIGKILL);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        const std::vector<AbandonedJournal> found = abandonedJournals(directory.path());
        ASSERT_EQ(found.size(), edits > 0 ? 1u : 0u)
            << "a session without an edit is not worth a question";
        if (edits > 0) {
            EXPECT_EQ(found[0].edits(), edits);
            EXPECT_EQ(found[0].steps.back().session.setup.options.constraints.maxTp, edits);
        }
    }
}

TEST(Journal, OfALivingOwnerIsNotOffered)
{
    QTemporaryDir directory;
    Journal journal(directory.path());
    ASSERT_TRUE(journal.begin(sampleSession(1)));
    ASSERT_TRUE(journal.append({QStringLiteral("Max TP 2"), sampleSession(2)}));
    EXPECT_TRUE(abandonedJournals(directory.path()).empty());
    EXPECT_TRUE(QFile::exists(journal.path()));
}

TEST(Journal, UnwritableDirectoryIsAMessage)
{
    Journal journal(QStringLiteral("/proc/nowhere"));
    EXPECT_FALSE(journal.begin(sampleSession(1)));
    EXPECT_TRUE(journal.problem().contains(QStringLiteral("/proc/nowhere")));
    EXPECT_FALSE(journal.append({QStringLiteral("edit"), sampleSession(1)}));
}

/// A session on a small model with two plans, the first the baseline.
class SessionKeeperTest : public ::testing::Test
{
protected:
    void openAndEdit(Session& session)
    {
        app::Setup setup;
        setup.cluster = QStringLiteral("cpu-x4");
        session.setInitialSetup(setup);
        session.openModel(samplePath(QStringLiteral("mlp-tiny")));
        ASSERT_TRUE(waitUntil([&] { return session.shownPlan() != nullptr; }));
        session.setBaseline(session.shownPlan()->id);
        setup.options.constraints.maxTp = 1;
        setup.options.globalBatch = session.setup().options.globalBatch;
        session.editSetup(setup, QStringLiteral("Max TP 1"));
        ASSERT_TRUE(waitUntil([&] { return !session.isStale(); }));
    }
    static bool isRestored(const Session& session)
    {
        return session.entries().size() == 2 && session.shownPlan() != nullptr &&
               !session.isStale();
    }

    QTemporaryDir directory_;
};

TEST_F(SessionKeeperTest, SavedSessionOpensWithItsPlansBaselineAndNames)
{
    const QString path = directory_.filePath(QStringLiteral("s.apsess"));
    std::string planned;
    {
        Session session;
        SessionKeeper keeper(&session, directory_.path());
        openAndEdit(session);
        EXPECT_TRUE(keeper.isChanged());
        ASSERT_TRUE(keeper.saveTo(path).ok());
        EXPECT_FALSE(keeper.isChanged());
        planned = sessionToJson(session.saved());
    }
    Session session;
    SessionKeeper keeper(&session, directory_.path());
    const Status opened = keeper.open(path);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    ASSERT_TRUE(waitUntil([&] { return isRestored(session); }));
    EXPECT_EQ(keeper.path(), path);
    EXPECT_EQ(session.setup().options.constraints.maxTp, 1);
    EXPECT_EQ(session.shownPlan()->name, QStringLiteral("Plan 2"));
    ASSERT_NE(session.baseline(), nullptr);
    EXPECT_EQ(session.baseline()->name, QStringLiteral("Plan 1"));
}

TEST_F(SessionKeeperTest, CrashedSessionComesBackWithItsUndoStack)
{
    const QString journals = directory_.filePath(QStringLiteral("journal"));
    const QString kept = directory_.filePath(QStringLiteral("kept"));
    {
        Session session;
        SessionKeeper keeper(&session, directory_.path());
        openAndEdit(session);
        // What a kill leaves behind: the journal, without its owner.
        ASSERT_TRUE(QDir().mkpath(kept));
        for (const QString& name :
             QDir(journals).entryList({QStringLiteral("*.jsonl")}, QDir::Files))
            ASSERT_TRUE(QFile::copy(journals + u'/' + name, kept + u'/' + name));
        keeper.close();
        EXPECT_TRUE(QDir(journals).entryList({QStringLiteral("*.jsonl")}, QDir::Files).isEmpty())
            << "closing leaves nothing";
        EXPECT_TRUE(keeper.lastSession());
    }
    ASSERT_TRUE(QDir(journals).removeRecursively());
    ASSERT_TRUE(QDir().rename(kept, journals));

    Session session;
    SessionKeeper keeper(&session, directory_.path());
    const std::vector<AbandonedJournal> found = keeper.abandoned();
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].edits(), 1);
    keeper.restore(found[0]);
    ASSERT_TRUE(waitUntil([&] { return isRestored(session); }));
    EXPECT_EQ(session.setup().options.constraints.maxTp, 1);
    EXPECT_FALSE(QFile::exists(found[0].path)) << "its content is in the new journal";
    ASSERT_TRUE(session.undoStack()->canUndo());
    session.undoStack()->undo();
    EXPECT_FALSE(session.setup().options.constraints.maxTp);
    EXPECT_EQ(session.shownPlan()->name, QStringLiteral("Plan 1"));
}

TEST_F(SessionKeeperTest, MissingModelIsNotFoundAndTouchesNothing)
{
    const QString path = directory_.filePath(QStringLiteral("s.apsess"));
    ASSERT_TRUE(saveSession(sampleSession(1), path).ok());
    Session session;
    SessionKeeper keeper(&session, directory_.path());
    const Status opened = keeper.open(path);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(session.model(), nullptr);
    ASSERT_TRUE(keeper.open(path, samplePath(QStringLiteral("mlp-tiny"))).ok());
    QString warning;
    QObject::connect(&session, &Session::restored, [&](const QString& text) { warning = text; });
    ASSERT_TRUE(waitUntil([&] { return session.model() != nullptr; }));
    EXPECT_FALSE(warning.isEmpty()) << "another file than the session was saved with";
}

} // namespace
} // namespace alpa::app
