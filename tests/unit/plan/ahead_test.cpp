// Jobs are done one after another on another thread; one that waits gives way to a newer one.
#include "core/plan/ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace alpa
{
namespace
{

TEST(Ahead, DoesJobsOnAnotherThread)
{
    Ahead ahead;
    std::promise<std::thread::id> done;
    ahead.run([&](const JobControl&) { done.set_value(std::this_thread::get_id()); });
    EXPECT_NE(done.get_future().get(), std::this_thread::get_id());
}

TEST(Ahead, LeavesOutWhatHasNotBegunWhenSomethingNewerComes)
{
    Ahead ahead;
    std::promise<void> hasBegun, mayEnd, done;
    std::atomic<bool> isOldDone{false};
    ahead.run([&](const JobControl&) {
        hasBegun.set_value();
        mayEnd.get_future().wait();
    });
    hasBegun.get_future().wait();
    ahead.run([&](const JobControl&) { isOldDone = true; });
    ahead.run([&](const JobControl&) { done.set_value(); });
    mayEnd.set_value();
    done.get_future().wait();
    EXPECT_FALSE(isOldDone);
}

TEST(Ahead, TellsTheJobAtHandToStopAndBeginsNoOther)
{
    std::atomic<bool> isStopped{false};
    std::atomic<bool> isNextBegun{false};
    {
        Ahead ahead;
        std::promise<void> hasBegun;
        ahead.run([&](const JobControl& control) {
            hasBegun.set_value();
            while (!control.isCancelled())
                std::this_thread::yield();
            isStopped = true;
        });
        hasBegun.get_future().wait();
        ahead.run([&](const JobControl&) { isNextBegun = true; });
    }
    EXPECT_TRUE(isStopped);
    EXPECT_FALSE(isNextBegun);
}

} // namespace
} // namespace alpa
