// Constraints by context menu: what can be asked of the planner about an operation, tensor, layer,
// stage or mesh axis.
#pragma once

#include "app/session/session.h"

#include <functional>

class QAction;
class QMenu;

namespace alpa::app
{

/// Adds the constraints that fit what is selected; nothing without a plan. Every one is an undoable
/// edit.
void fillConstraintMenu(QMenu* menu, Session* session, const Selection& selection);
/// The same of mesh axis `axis` (0 is x, the data axis; 1 and 2 are tensor axes).
void fillAxisMenu(QMenu* menu, Session* session, int axis);
void openAxisMenu(Session* session, int axis, const QPoint& at);
/// One entry that changes the constraints; its text is also the name of the undo step.
QAction* addConstraintEdit(QMenu* menu, Session* session, const QString& text,
                           const std::function<void(PlanConstraints&)>& change);
/// Opens the menu of `selection` at a point of the screen, if there is anything in it.
void openConstraintMenu(Session* session, const Selection& selection, const QPoint& at);

} // namespace alpa::app
