// The window with a planned sample, for what section 5 of the interface's specification promises.
#pragma once

#include "app/settings/theme.h"
#include "app/views/graph_view.h"
#include "tests/gui/window_test.h"

#include <QAction>
#include <QTabWidget>

namespace alpa::app
{

class InterfaceTest : public WindowTest
{
protected:
    void SetUp() override
    {
        applyTheme(ThemeChoice::kLight); // As the program does before it opens a window.
        showSample();
    }
    void TearDown() override { applyTheme(ThemeChoice::kLight); }
    GraphCanvas* showGraph()
    {
        window_->pages()->setCurrentWidget(window_->graphView());
        GraphCanvas* canvas = window_->graphView()->canvas();
        EXPECT_TRUE(waitUntil([&] { return canvas->isLaidOut(); }, 20000));
        return canvas;
    }
    void trigger(const char* action) { find<QAction>(action)->trigger(); }
    /// The first op whose sharding was decided among at least two.
    OpId decidedOp()
    {
        const auto facts = session().facts();
        for (size_t op = 0; op < facts->graph->ops.size(); ++op) {
            const Decision* decision = facts->decision(facts->decisionOfOp[op]);
            if (decision != nullptr && decision->alternatives.size() > 1)
                return OpId(op);
        }
        ADD_FAILURE() << "nothing was decided";
        return {};
    }
};

} // namespace alpa::app
