// What tables show, as text for other programs.
#pragma once

#include <QString>
#include <QStringList>

#include <vector>

class QAbstractItemView;
class QWidget;

namespace alpa::app
{

/// As it stands: columns in view that have a name, rows as they are sorted, those of trees below
/// their parents.
struct TableText {
    QString name; ///< For people.
    QStringList columns;
    std::vector<QStringList> rows; ///< As many cells as columns each.
};

TableText tableText(const QAbstractItemView& view);
/// Lines with the columns' names first; with ',' in quotes, as CSV has them.
QString separatedText(const TableText& table, QChar separator);
/// The tables of a page that are in view and have rows, from top to bottom.
std::vector<TableText> tablesIn(const QWidget& page);

} // namespace alpa::app
