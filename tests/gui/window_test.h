// What tests of the whole window share: a window with a profile of its own, shown, and ways to its
// widgets.
#pragma once

#include "app/window/main_window.h"
#include "tests/gui/gui_support.h"

#include <QTemporaryDir>
#include <QTest>
#include <gtest/gtest.h>

#include <memory>

namespace alpa::app
{

class WindowTest : public ::testing::Test
{
protected:
    void showWindow()
    {
        window_ = std::make_unique<MainWindow>(profile_.path());
        session().setReplanLimit(kForever); // whatever else the machine does
        window_->show();
        ASSERT_TRUE(QTest::qWaitForWindowExposed(window_.get()));
    }
    /// The window on the small GPT, planned for four CPU devices.
    void showSample()
    {
        showWindow();
        window_->openFile(samplePath(QStringLiteral("gpt-tiny")), QStringLiteral("cpu-x4"));
        ASSERT_TRUE(settle());
    }
    template <typename Widget>
    Widget* find(const char* name)
    {
        auto* widget = window_->findChild<Widget*>(QString::fromLatin1(name));
        EXPECT_NE(widget, nullptr) << name;
        return widget;
    }
    Session& session() { return *window_->session(); }
    /// Waits for the answer to what is asked: a plan, or why there is none.
    bool settle()
    {
        return waitUntil(
            [this] {
                const bool hasPlan = session().shownPlan() != nullptr && !session().isStale();
                return session().model() != nullptr && !session().isPlanning() &&
                       (session().obstacle() != nullptr || hasPlan);
            },
            120000);
    }
    /// Waits for a plan of what is asked.
    bool hasPlan()
    {
        return waitUntil(
            [this] {
                return session().shownPlan() != nullptr && !session().isStale() &&
                       !session().isPlanning();
            },
            120000);
    }

    QTemporaryDir profile_;
    std::unique_ptr<MainWindow> window_;
};

} // namespace alpa::app
