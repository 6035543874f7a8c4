#include "app/item_models/alternatives_model.h"

#include "app/settings/core_texts.h"
#include "app/settings/qt_text.h"

#include <QApplication>
#include <QFont>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

using namespace Qt::StringLiterals;

void AlternativesModel::setDecision(std::shared_ptr<const GraphFacts> facts, DecisionPlace place)
{
    beginResetModel();
    facts_ = std::move(facts);
    place_ = place;
    explanation_ = nullptr;
    endResetModel();
}

void AlternativesModel::setExplanation(std::shared_ptr<const DecisionExplanation> explanation)
{
    explanation_ = std::move(explanation);
    if (rowCount() > 0)
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
}

const StrategyTerms* AlternativesModel::termsOf(const Alternative& alternative) const
{
    if (explanation_ == nullptr)
        return nullptr;
    const auto found = std::ranges::find_if(explanation_->strategies, [&](const auto& terms) {
        return terms.strategy == alternative.strategy && terms.result == alternative.result;
    });
    return found == explanation_->strategies.end() ? nullptr : &*found;
}

QString AlternativesModel::addedText(const Alternative& alternative) const
{
    const StrategyTerms* terms = termsOf(alternative);
    const Seconds added = terms == nullptr ? alternative.delta : terms->regret;
    if (!(added < kForever))
        return tr("no plan");
    return (added.count < 0 ? u"−"_s : u"+"_s) + timeText(Seconds(std::abs(added.count)));
}

int AlternativesModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() || decision() == nullptr ? 0 : int(decision()->alternatives.size());
}

int AlternativesModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

QVariant AlternativesModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const Decision& decision = *this->decision();
    const Alternative& alternative = decision.alternatives[static_cast<size_t>(index.row())];
    const bool isChosen = index.row() == decision.chosen;
    if (role == Qt::DisplayRole) {
        if (index.column() == kStrategy)
            return (isChosen ? u"● "_s : u"   "_s) + coreText(alternative.strategy);
        if (index.column() == kResult)
            return toQt(formatSpec(alternative.result));
        if (isChosen)
            return tr("chosen");
        return addedText(alternative);
    }
    if (role == Qt::ToolTipRole)
        return tr("%1, result %2\n%3")
            .arg(coreText(alternative.strategy), toQt(formatSpec(alternative.result)),
                 termsOf(alternative) != nullptr
                     ? tr("Step time added with all else of the stage chosen anew")
                     : tr("Step time added if only this decision changed"));
    if (role == Qt::FontRole && isChosen) {
        QFont font = QApplication::font();
        font.setBold(true);
        return font;
    }
    if (role == Qt::TextAlignmentRole && index.column() == kDelta)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    return {};
}

QVariant AlternativesModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole && section == kDelta)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role != Qt::DisplayRole)
        return {};
    return section == kStrategy ? tr("Strategy")
           : section == kResult ? tr("Sharding")
                                : tr("Step time");
}

} // namespace alpa::app
