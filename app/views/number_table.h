// Small tables of figures on the pages: a name first, numbers after it, as high as their rows.
#pragma once

#include <QStringList>
#include <QTableWidget>

namespace alpa::app
{

/// The first column takes what room there is; without enough of it nothing is cut off, but the
/// table scrolls sideways.
QTableWidget* makeNumberTable(const QStringList& headers, const QString& name);
void setNumberRow(QTableWidget* table, int row, const QStringList& cells);
/// To be called when the rows have changed: as wide as they need, and as high.
void fitFirstColumn(QTableWidget* table);
void fitTableHeight(QTableWidget* table);
/// Width in which no cell is cut off.
int neededWidth(const QTableWidget* table);

} // namespace alpa::app
