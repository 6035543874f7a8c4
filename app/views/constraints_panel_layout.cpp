// How the form of constraints fits into its dock, and which keys its fields leave to the window.
#include "app/views/constraints_panel.h"

#include <QFormLayout>
#include <QGroupBox>
#include <QKeyEvent>
#include <QScrollArea>

#include <algorithm>

namespace alpa::app
{

void ConstraintsPanel::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    wrapRows();
}

/// Only now fields have their style, and with it their widths.
void ConstraintsPanel::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    wrapRows();
}

void ConstraintsPanel::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        wrapRows();
}

/// Beside its label a field has to fit into the dock; with large letters it stands below it.
void ConstraintsPanel::wrapRows()
{
    const auto forms = findChildren<QFormLayout*>();
    const auto setPolicy = [&](QFormLayout::RowWrapPolicy policy) {
        for (QFormLayout* form : forms)
            form->setRowWrapPolicy(policy);
        // What is in a group sets its width, not how long its title is.
        for (QGroupBox* group : findChildren<QGroupBox*>())
            group->setMinimumWidth(std::max(1, group->layout()->totalMinimumSize().width()));
        return scroll_->widget()->minimumSizeHint().width() <= scroll_->viewport()->width();
    };
    if (!setPolicy(QFormLayout::WrapLongRows))
        setPolicy(QFormLayout::WrapAllRows);
}

bool ConstraintsPanel::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (key->matches(QKeySequence::Undo) || key->matches(QKeySequence::Redo)) {
            event->ignore();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace alpa::app
