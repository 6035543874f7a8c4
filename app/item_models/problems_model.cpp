#include "app/item_models/problems_model.h"

#include "app/settings/core_texts.h"
#include "app/settings/icons.h"
#include "app/settings/qt_text.h"

namespace alpa::app
{

using namespace Qt::StringLiterals;

void ProblemsModel::setModel(std::shared_ptr<const Model> model)
{
    beginResetModel();
    model_ = std::move(model);
    general_.clear();
    endResetModel();
}

void ProblemsModel::setGeneralProblem(const QString& message)
{
    beginResetModel();
    general_ = message;
    endResetModel();
}

int ProblemsModel::rowCount(const QModelIndex& parent) const
{
    if (parent.isValid())
        return 0;
    return generalRows() + (model_ == nullptr ? 0 : int(model_->diagnostics.size()));
}

int ProblemsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

const Diagnostic* ProblemsModel::diagnosticAt(int row) const
{
    const int at = row - generalRows();
    return at < 0 ? nullptr : &model_->diagnostics[static_cast<size_t>(at)];
}

const QString& ProblemsModel::excerptAt(int row) const
{
    return model_->excerpts[static_cast<size_t>(row - generalRows())];
}

QString ProblemsModel::severityText(int row) const
{
    const Diagnostic* diagnostic = diagnosticAt(row);
    const Severity severity = diagnostic == nullptr ? Severity::kError : diagnostic->severity;
    return severity == Severity::kError     ? tr("Error")
           : severity == Severity::kWarning ? tr("Warning")
                                            : tr("Note");
}

QString ProblemsModel::details(int row) const
{
    const Diagnostic* diagnostic = diagnosticAt(row);
    if (diagnostic == nullptr)
        return u"%1: %2"_s.arg(severityText(row), general_);
    QString place = model_->path;
    if (diagnostic->line > 0)
        place += u":%1:%2"_s.arg(diagnostic->line).arg(diagnostic->column);
    QString text = u"%1: %2: %3"_s.arg(place, severityText(row), coreText(diagnostic->message));
    if (!excerptAt(row).isEmpty())
        text += u'\n' + excerptAt(row);
    return text;
}

QVariant ProblemsModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const Diagnostic* diagnostic = diagnosticAt(index.row());
    const Severity severity = diagnostic == nullptr ? Severity::kError : diagnostic->severity;
    if (role == Qt::DecorationRole && index.column() == kSeverity) {
        return themedIcon(severity == Severity::kError     ? u"error"_s
                          : severity == Severity::kWarning ? u"warning"_s
                                                           : u"note"_s);
    }
    if (role == Qt::DisplayRole && index.column() == kSeverity)
        return severityText(index.row());
    if (role == Qt::DisplayRole && index.column() == kMessage)
        return diagnostic == nullptr ? general_ : coreText(diagnostic->message);
    if (role == Qt::DisplayRole && index.column() == kPlace && diagnostic != nullptr &&
        diagnostic->line > 0)
        return tr("line %1, column %2").arg(diagnostic->line).arg(diagnostic->column);
    if (role == Qt::ToolTipRole) {
        if (diagnostic == nullptr)
            return general_;
        const QString& excerpt = excerptAt(index.row());
        return coreText(diagnostic->message) + (excerpt.isEmpty() ? QString() : u"\n"_s + excerpt);
    }
    return {};
}

QVariant ProblemsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    return section == kSeverity ? tr("Kind") : section == kPlace ? tr("Place") : tr("Problem");
}

} // namespace alpa::app
