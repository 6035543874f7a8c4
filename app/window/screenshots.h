// Pictures of every page of a window, for looking at and for documents.
#pragma once

#include "app/window/main_window.h"

#include <QString>

#include <functional>

namespace alpa::app
{

/// Waits until the window's model is planned, then saves overview.png, graph.png and so on, and
/// graph-unfolded.png, in `directory`. Calls `done` at the end with the number of pictures written.
void takeScreenshots(MainWindow& window, const QString& directory, std::function<void(int)> done);

} // namespace alpa::app
