// Writers of journals and session files killed at every one of their system calls: what was
// reported as kept is there, and nothing is there by halves.
#include "app/session/journal.h"
#include "app/settings/qt_text.h"

#include <QDir>
#include <QTemporaryDir>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

namespace alpa::app
{
namespace
{

constexpr int kEdits = 3;
constexpr int kMostStops = 20000; ///< Far beyond what three edits take.

/// A number that a killed child leaves behind.
class SharedNumber
{
public:
    SharedNumber()
        : number_(static_cast<volatile int*>(mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE,
                                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0)))
    {
    }
    ~SharedNumber() { munmap(const_cast<int*>(number_), sizeof(int)); }
    SharedNumber(const SharedNumber&) = delete;
    SharedNumber& operator=(const SharedNumber&) = delete;

    void set(int value) { *number_ = value; }
    int get() const { return *number_; }

private:
    volatile int* number_;
};

enum class Ending { kKilled, kDone, kUntraceable };

/// Runs `work` in a process of its own and kills that where it enters or leaves its system calls
/// for the `stops`th time.
Ending runUntil(int stops, const std::function<void()>& work)
{
    const pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            _exit(2);
        raise(SIGSTOP);
        work();
        _exit(0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        return Ending::kUntraceable;
    for (int stop = 0; stop < stops; ++stop) {
        ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
        waitpid(child, &status, 0);
        if (!WIFSTOPPED(status))
            return Ending::kDone;
    }
    ::kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return Ending::kKilled;
}

/// Calls `check` after `work` was killed at each of its stops in turn, in a directory of its own.
void killAtEveryCall(const std::function<void(const QString& directory)>& work,
                     const std::function<void(const QString& directory)>& check)
{
    int kills = 0;
    for (int stops = 1; stops < kMostStops; ++stops) {
        SCOPED_TRACE(stops);
        const QTemporaryDir directory;
        const Ending ending = runUntil(stops, [&] { work(directory.path()); });
        if (ending == Ending::kUntraceable)
            GTEST_SKIP() << "processes cannot be traced here";
        ASSERT_NO_FATAL_FAILURE(check(directory.path()));
        if (ending == Ending::kDone)
            break;
        ++kills;
    }
    EXPECT_GT(kills, 20) << "as many calls at least";
    EXPECT_LT(kills, kMostStops - 1);
}

SavedSession limited(int maxTp)
{
    SavedSession session;
    session.modelPath = QStringLiteral("/models/a.mlir");
    session.setup.options.constraints.maxTp = maxTp;
    return session;
}

TEST(KilledJournal, AtAnySystemCallKeepsEveryEditThatWasReported)
{
    SharedNumber kept;
    killAtEveryCall(
        [&](const QString& directory) {
            kept.set(0);
            Journal journal(directory);
            if (!journal.begin(limited(0)))
                return;
            for (int edit = 1; edit <= kEdits; ++edit) {
                if (journal.append({QStringLiteral("edit"), limited(edit)}))
                    kept.set(edit);
            }
            _exit(0); // as a kill would: the journal stays
        },
        [&](const QString& directory) {
            const std::vector<AbandonedJournal> found = abandonedJournals(directory);
            ASSERT_LE(found.size(), 1u);
            const int edits = found.empty() ? 0 : found[0].edits();
            // The edit in the making may be there or not.
            ASSERT_GE(edits, kept.get());
            ASSERT_LE(edits, kept.get() + 1);
            for (int edit = 0; edit < edits + 1 && edits > 0; ++edit)
                ASSERT_EQ(found[0]
                              .steps[static_cast<size_t>(edit)]
                              .session.setup.options.constraints.maxTp,
                          edit);
        });
}

TEST(KilledJournal, PutAsideAtAnySystemCallItIsOfferedInOneOfTwoPlaces)
{
    killAtEveryCall(
        [](const QString& directory) {
            Journal journal(directory);
            if (journal.begin(limited(0)) && journal.append({QStringLiteral("edit"), limited(1)}) &&
                QDir(directory).mkdir(QStringLiteral("kept")))
                discardJournal(journal.path());
            _exit(0);
        },
        [](const QString& directory) {
            // From the first edit on it is either here or there.
            const bool hasEdit = QFileInfo::exists(directory + QStringLiteral("/kept"));
            const size_t offered =
                abandonedJournals(directory).size() + discardedJournals(directory).size();
            ASSERT_LE(offered, 1u);
            if (hasEdit) {
                ASSERT_EQ(offered, 1u);
            }
        });
}

TEST(KilledJournal, SavedOverAnotherAtAnySystemCallASessionIsTheOldOrTheNewOne)
{
    SharedNumber saved;
    killAtEveryCall(
        [&](const QString& directory) {
            saved.set(0);
            for (int version = 1; version <= 2; ++version) {
                if (saveSession(limited(version), directory + QStringLiteral("/s.apsess")).ok())
                    saved.set(version);
            }
        },
        [&](const QString& directory) {
            const Result<SavedSession> session =
                loadSession(directory + QStringLiteral("/s.apsess"));
            if (!session.ok()) {
                ASSERT_EQ(saved.get(), 0) << session.error().message;
                ASSERT_FALSE(QFileInfo::exists(directory + QStringLiteral("/s.apsess")));
                return;
            }
            const std::optional<int> version = session->setup.options.constraints.maxTp;
            ASSERT_TRUE(version == saved.get() || version == saved.get() + 1) << saved.get();
        });
}

} // namespace
} // namespace alpa::app
