#include "app/views/number_table.h"

#include <QHeaderView>
#include <QScrollBar>

#include <algorithm>

namespace alpa::app
{

namespace
{

constexpr int kFrame = 4; ///< Above and below the rows.

class NumberTable : public QTableWidget
{
public:
    using QTableWidget::QTableWidget;

protected:
    void resizeEvent(QResizeEvent* event) override
    {
        QTableWidget::resizeEvent(event);
        fitFirstColumn(this);
        if (maximumHeight() < QWIDGETSIZE_MAX)
            fitTableHeight(this); // the scroll bar needs room below the rows
    }
};

} // namespace

QTableWidget* makeNumberTable(const QStringList& headers, const QString& name)
{
    auto* table = new NumberTable(0, int(headers.size()));
    table->setObjectName(name);
    table->setAccessibleName(headers.front());
    table->setHorizontalHeaderLabels(headers);
    table->verticalHeader()->hide();
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setAlternatingRowColors(true);
    table->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table->horizontalHeader()->setSectionResizeMode(0, QHeaderView::Stretch);
    table->horizontalHeader()->setHighlightSections(false);
    for (int column = 1; column < int(headers.size()); ++column)
        table->horizontalHeaderItem(column)->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
    table->horizontalHeaderItem(0)->setTextAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    return table;
}

void setNumberRow(QTableWidget* table, int row, const QStringList& cells)
{
    if (row >= table->rowCount())
        table->setRowCount(row + 1);
    for (int column = 0; column < int(cells.size()); ++column) {
        auto* item = new QTableWidgetItem(cells[column]);
        if (column > 0)
            item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
        item->setToolTip(cells[column]);
        table->setItem(row, column, item);
    }
}

void fitFirstColumn(QTableWidget* table)
{
    const bool fits = neededWidth(table) <= table->viewport()->width();
    table->horizontalHeader()->setSectionResizeMode(0, fits ? QHeaderView::Stretch
                                                            : QHeaderView::ResizeToContents);
}

void fitTableHeight(QTableWidget* table)
{
    int height = table->horizontalHeader()->sizeHint().height() + kFrame;
    for (int row = 0; row < table->rowCount(); ++row)
        height += table->rowHeight(row);
    if (neededWidth(table) > table->viewport()->width())
        height += table->horizontalScrollBar()->sizeHint().height();
    table->setFixedHeight(height);
}

int neededWidth(const QTableWidget* table)
{
    int width = 0;
    for (int column = 0; column < table->columnCount(); ++column) {
        if (table->isColumnHidden(column))
            continue;
        int widest = table->horizontalHeader()->sectionSizeHint(column);
        for (int row = 0; row < table->rowCount(); ++row) {
            const QModelIndex index = table->model()->index(row, column);
            widest = std::max(widest, table->sizeHintForIndex(index).width());
        }
        width += widest;
    }
    return width;
}

} // namespace alpa::app
