// What writing a file leaves beside it, and what it clears away of writers that were killed.
#include "core/base/files.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace alpa
{
namespace
{

namespace fs = std::filesystem;

class WriteFileTest : public ::testing::Test
{
protected:
    WriteFileTest()
    {
        std::string made = (fs::temp_directory_path() / "files_test_XXXXXX").string();
        folder_ = mkdtemp(made.data());
        // A process that has ended and been waited for is nobody's, until its number comes round.
        gone_ = fork();
        if (gone_ == 0)
            _exit(0);
        waitpid(gone_, nullptr, 0);
    }
    ~WriteFileTest() override { fs::remove_all(folder_); }
    std::string leave(const std::string& name, std::chrono::minutes age)
    {
        const fs::path path = folder_ / name;
        std::ofstream(path) << "half";
        fs::last_write_time(path, fs::file_time_type::clock::now() - age);
        return name;
    }
    std::set<std::string> names() const
    {
        std::set<std::string> all;
        for (const auto& entry : fs::directory_iterator(folder_))
            all.insert(entry.path().filename());
        return all;
    }

    fs::path folder_;
    pid_t gone_ = 0;
};

TEST_F(WriteFileTest, LeavesNothingBesideTheFileAndClearsOnlyWhatADeadWriterOfItLeft)
{
    using std::chrono::minutes;
    const std::string gone = std::to_string(gone_);
    leave("a.json." + gone + ".tmp", minutes(61));
    std::set<std::string> kept = {
        leave("a.json." + std::to_string(gone_ + 0) + "0000000.tmp", minutes(61)), // no process
        leave("a.json." + std::to_string(getppid()) + ".tmp", minutes(61)),        // still writes
        leave("a.json.0" + gone + ".tmp", minutes(61)), // of somebody else's making
        leave("a.json." + gone + ".tmp.old", minutes(61)),
        leave("a.json.-1.tmp", minutes(61)),
        leave("a.json.x.tmp", minutes(61)),
        leave("b.json." + gone + ".tmp", minutes(61)), // another file's
        leave("aa.json." + gone + ".tmp", minutes(61)),
    };
    ASSERT_TRUE(writeFileAtomically((folder_ / "a.json").string(), "whole").ok());
    kept.insert("a.json");
    EXPECT_EQ(names(), kept);
    EXPECT_EQ(*readFile((folder_ / "a.json").string()), "whole");

    // Fresh ones may be written to on another machine, where the number is alive.
    kept.insert(leave("a.json." + gone + ".tmp", minutes(5)));
    ASSERT_TRUE(writeFileAtomically((folder_ / "a.json").string(), "again").ok());
    EXPECT_EQ(names(), kept);
}

TEST_F(WriteFileTest, RefusalsNameTheFileAndLeaveNothing)
{
    const std::string path = (folder_ / "none" / "a.json").string();
    const Status status = writeFileAtomically(path, "whole");
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, path + ": cannot be written: No such file or directory");
    EXPECT_TRUE(names().empty());
}

} // namespace
} // namespace alpa
