#include "app/widgets/table_text.h"

#include <QAbstractItemView>
#include <QTableView>
#include <QTreeView>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

bool isColumnHidden(const QAbstractItemView& view, int column)
{
    if (const auto* table = qobject_cast<const QTableView*>(&view))
        return table->isColumnHidden(column);
    const auto* tree = qobject_cast<const QTreeView*>(&view);
    return tree != nullptr && tree->isColumnHidden(column);
}

void appendRows(TableText& table, const QAbstractItemModel& model, const std::vector<int>& columns,
                const QModelIndex& parent)
{
    for (int row = 0; row < model.rowCount(parent); ++row) {
        QStringList cells;
        for (const int column : columns)
            cells << model.index(row, column, parent).data().toString();
        table.rows.push_back(cells);
        appendRows(table, model, columns, model.index(row, 0, parent));
    }
}

} // namespace

TableText tableText(const QAbstractItemView& view)
{
    const QAbstractItemModel& model = *view.model();
    TableText table{.name = view.accessibleName(), .columns = {}, .rows = {}};
    std::vector<int> columns;
    for (int column = 0; column < model.columnCount(); ++column) {
        const QString name = model.headerData(column, Qt::Horizontal).toString();
        if (name.isEmpty() || isColumnHidden(view, column))
            continue;
        columns.push_back(column);
        table.columns << name;
    }
    appendRows(table, model, columns, {});
    return table;
}

QString separatedText(const TableText& table, QChar separator)
{
    const auto line = [separator](QStringList cells) {
        for (QString& cell : cells) {
            if (separator == u',')
                cell = u'"' + cell.replace(u'"', u"\"\""_s) + u'"';
        }
        return cells.join(separator) + u'\n';
    };
    QString text = line(table.columns);
    for (const QStringList& row : table.rows)
        text += line(row);
    return text;
}

std::vector<TableText> tablesIn(const QWidget& page)
{
    QList<QAbstractItemView*> views;
    for (auto* view : page.findChildren<QAbstractItemView*>()) {
        const bool isTable =
            qobject_cast<QTableView*>(view) != nullptr || qobject_cast<QTreeView*>(view) != nullptr;
        if (isTable && view->isVisibleTo(&page) && view->model() != nullptr &&
            view->model()->rowCount() > 0)
            views << view;
    }
    const auto top = [&page](const QAbstractItemView* view) {
        return view->mapTo(&page, QPoint()).y();
    };
    std::ranges::stable_sort(views, {}, top);
    std::vector<TableText> tables;
    for (const QAbstractItemView* view : views)
        tables.push_back(tableText(*view));
    return tables;
}

} // namespace alpa::app
