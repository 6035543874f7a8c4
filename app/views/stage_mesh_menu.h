// Which devices a stage gets, as entries of menus: of a stage, every submesh it may have; of a
// submesh, every stage it may go to.
#pragma once

#include "app/session/session.h"
#include "core/inter_op/submesh.h"

class QMenu;

namespace alpa::app
{

/// Nothing without a plan. Every entry is an undoable edit.
void fillStageMeshMenu(QMenu* menu, Session* session, int stage);
void fillSubmeshMenu(QMenu* menu, Session* session, SubmeshChoice submesh);
/// Opens the menu of a submesh at a point of the screen.
void openSubmeshMenu(Session* session, SubmeshChoice submesh, const QPoint& at);

/// The smallest submesh that a stage may have and that holds the rectangle from one device of the
/// cluster to another.
SubmeshChoice submeshBetween(const Cluster& cluster, int device, int other);

} // namespace alpa::app
