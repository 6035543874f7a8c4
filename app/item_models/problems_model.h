// What the importer had to say about the file, with its place.
#pragma once

#include "app/session/model.h"

#include <QAbstractTableModel>

#include <memory>

namespace alpa::app
{

class ProblemsModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { kSeverity, kPlace, kMessage, kColumns };

    explicit ProblemsModel(QObject* parent = nullptr)
        : QAbstractTableModel(parent)
    {
    }
    void setModel(std::shared_ptr<const Model> model);
    /// A problem of another kind than the file's lines (a failed import, a failed plan); shown
    /// first.
    void setGeneralProblem(const QString& message);

    /// All that is known of a row, for the clipboard: "file:line:column: Error: message", then the
    /// line of the file.
    QString details(int row) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    /// Null for a general problem, which comes first.
    const Diagnostic* diagnosticAt(int row) const;
    QString severityText(int row) const;
    const QString& excerptAt(int row) const;
    int generalRows() const { return general_.isEmpty() ? 0 : 1; }

    std::shared_ptr<const Model> model_;
    QString general_;
};

} // namespace alpa::app
