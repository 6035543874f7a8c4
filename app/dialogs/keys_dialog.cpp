#include "app/dialogs/keys_dialog.h"

#include "app/settings/app_settings.h"
#include "app/settings/key_bindings.h"
#include "app/widgets/cards.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QKeySequenceEdit>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

struct Key {
    const char* keys;
    const char* what;
};

/// What no command of a menu stands for, because it belongs to one view.
constexpr Key kKeys[] = {
    {QT_TRANSLATE_NOOP("KeysDialog", "Double-click, Enter"),
     QT_TRANSLATE_NOOP("KeysDialog", "Graph: unfold or fold a layer")},
    {QT_TRANSLATE_NOOP("KeysDialog", "Arrows"),
     QT_TRANSLATE_NOOP("KeysDialog",
                       "Graph: to the neighbour. Stage boundaries: choose and move, Enter plans")},
    {"+, −, 0", QT_TRANSLATE_NOOP("KeysDialog", "Graph: zoom in, zoom out, 100 %")},
    {QT_TRANSLATE_NOOP("KeysDialog", "Wheel, drag"),
     QT_TRANSLATE_NOOP("KeysDialog", "Graph: zoom at the mouse, move")},
    {QT_TRANSLATE_NOOP("KeysDialog", "Ctrl+click, Shift+drag"),
     QT_TRANSLATE_NOOP("KeysDialog", "Graph: select several; the inspector sums them")},
    {QT_TRANSLATE_NOOP("KeysDialog", "Click, Enter, Esc"),
     QT_TRANSLATE_NOOP("KeysDialog", "Legend of the graph: dim everything else, show all again")},
    {"+, −", QT_TRANSLATE_NOOP("KeysDialog", "Timeline: zoom in and out")},
    {QT_TRANSLATE_NOOP("KeysDialog", "Letters of axes"),
     QT_TRANSLATE_NOOP("KeysDialog", "Sharding strip: split the dimension over that axis")},
    {QT_TRANSLATE_NOOP("KeysDialog", "Del"),
     QT_TRANSLATE_NOOP("KeysDialog", "Constraints: remove the chosen ones")},
    {"Ctrl+C", QT_TRANSLATE_NOOP("KeysDialog", "Problems: copy all that is known of the chosen")},
    {QT_TRANSLATE_NOOP("KeysDialog", "Enter, Space"),
     QT_TRANSLATE_NOOP("KeysDialog", "Overview: open the page that a number or a row leads to")},
    {"?", QT_TRANSLATE_NOOP("KeysDialog", "This sheet")},
};

/// What it does, and where, if that is not everywhere: `menu` is the one in a menu that it lies in,
/// or empty.
QString commandText(const QAction& action, const QString& menu)
{
    const QString text =
        menu.isEmpty() ? plainText(action)
                       : KeysDialog::tr("%1: %2", "menu: command").arg(menu, plainText(action));
    const QString place = placeOfSharedKeys(action);
    return place.isEmpty() ? text : KeysDialog::tr("%1 (%2)", "command (where)").arg(text, place);
}

constexpr QSize kFirstSize{680, 640};
enum Column { kCommand, kKeyColumn, kColumns };
constexpr int kActionRole = Qt::UserRole; ///< Place in actions_; unset in rows of kKeys.

} // namespace

KeysDialog::KeysDialog(AppSettings* settings, QWidget* window)
    : QDialog(window)
    , settings_(settings)
    , tree_(new QTreeWidget)
    , about_(makeMuted({}))
    , edit_(new QKeySequenceEdit)
    , set_(new QPushButton(tr("Change")))
    , usual_(new QPushButton(tr("Usual keys")))
{
    setObjectName(u"keysDialog"_s);
    setWindowTitle(tr("Keys"));
    resize(kFirstSize);
    auto* find = new QLineEdit;
    find->setObjectName(u"keysFilter"_s);
    find->setPlaceholderText(tr("Find a command or a key"));
    find->setAccessibleName(find->placeholderText());
    tree_->setObjectName(u"keysTree"_s);
    tree_->setAccessibleName(tr("Commands and their keys"));
    tree_->setColumnCount(kColumns);
    tree_->setHeaderLabels({tr("Command"), tr("Keys")});
    tree_->header()->setStretchLastSection(false);
    tree_->header()->setSectionResizeMode(kCommand, QHeaderView::Stretch);
    tree_->header()->setSectionResizeMode(kKeyColumn, QHeaderView::ResizeToContents);
    tree_->setUniformRowHeights(true);
    edit_->setObjectName(u"keysEdit"_s);
    edit_->setAccessibleName(tr("New keys of the command"));
    if (auto* line = edit_->findChild<QLineEdit*>())
        line->setAccessibleName(edit_->accessibleName());
    set_->setObjectName(u"keysSet"_s);
    usual_->setObjectName(u"keysUsual"_s);
    about_->setObjectName(u"keysAbout"_s);
    auto* row = new QHBoxLayout;
    row->addWidget(edit_, 1);
    row->addWidget(set_);
    row->addWidget(usual_);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(20, 18, 20, 14);
    column->setSpacing(10);
    column->addWidget(find);
    column->addWidget(tree_, 1);
    column->addWidget(about_);
    column->addLayout(row);
    column->addWidget(buttons);
    fill(window);
    connect(find, &QLineEdit::textChanged, this, &KeysDialog::filter);
    connect(tree_, &QTreeWidget::currentItemChanged, this, &KeysDialog::takeCurrent);
    connect(tree_, &QTreeWidget::itemDoubleClicked, edit_, [this] { edit_->setFocus(); });
    connect(set_, &QPushButton::clicked, this, [this] {
        const QKeySequence keys = edit_->keySequence();
        change(keys.isEmpty() ? QList<QKeySequence>() : QList{keys});
    });
    connect(usual_, &QPushButton::clicked, this, [this] {
        const QVariant at = tree_->currentItem()->data(kCommand, kActionRole);
        change(usualKeys(*actions_[at.toInt()]));
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    takeCurrent();
}

void KeysDialog::fill(QWidget* window)
{
    const auto* menus = window == nullptr ? nullptr : window->findChild<QMenuBar*>();
    for (const QAction* menu : menus == nullptr ? QList<QAction*>() : menus->actions()) {
        auto* group = new QTreeWidgetItem(tree_, {plainText(*menu)});
        addMenu(menu->menu(), {}, group);
    }
    auto* views = new QTreeWidgetItem(tree_, {tr("In one view")});
    for (const Key& key : kKeys)
        new QTreeWidgetItem(views, {tr(key.what), tr(key.keys)});
    for (int i = 0; i < tree_->topLevelItemCount(); ++i) {
        QTreeWidgetItem* group = tree_->topLevelItem(i);
        QFont bold = tree_->font();
        bold.setBold(true);
        group->setFont(kCommand, bold);
        group->setFlags(Qt::ItemIsEnabled);
        group->setExpanded(true);
    }
}

/// Commands of `menu` and of the menus in it. Those without a key stand there too: they can be
/// given one.
void KeysDialog::addMenu(const QMenu* menu, const QString& title, QTreeWidgetItem* group)
{
    if (menu == nullptr)
        return;
    for (QAction* action : menu->actions()) {
        addMenu(action->menu(), plainText(*action), group);
        if (action->menu() != nullptr || action->isSeparator() || action->objectName().isEmpty())
            continue;
        auto* row = new QTreeWidgetItem(group, {commandText(*action, title), keysText(*action)});
        row->setData(kCommand, kActionRole, int(actions_.size()));
        actions_ << action;
    }
}

void KeysDialog::filter(const QString& typed)
{
    for (int i = 0; i < tree_->topLevelItemCount(); ++i) {
        QTreeWidgetItem* group = tree_->topLevelItem(i);
        bool isAnyShown = false;
        for (int k = 0; k < group->childCount(); ++k) {
            QTreeWidgetItem* row = group->child(k);
            const bool isShown = row->text(kCommand).contains(typed, Qt::CaseInsensitive) ||
                                 row->text(kKeyColumn).contains(typed, Qt::CaseInsensitive);
            row->setHidden(!isShown);
            isAnyShown = isAnyShown || isShown;
        }
        group->setHidden(!isAnyShown);
    }
}

void KeysDialog::takeCurrent()
{
    const QTreeWidgetItem* row = tree_->currentItem();
    const QVariant at = row == nullptr ? QVariant() : row->data(kCommand, kActionRole);
    for (QWidget* part :
         {static_cast<QWidget*>(edit_), static_cast<QWidget*>(set_), static_cast<QWidget*>(usual_)})
        part->setEnabled(at.isValid());
    if (!at.isValid()) {
        about_->setText(tr("Choose a command to give it other keys."));
        edit_->clear();
        return;
    }
    const QAction& action = *actions_[at.toInt()];
    about_->setText(
        tr("Keys of “%1”: press them in the field, then Change.").arg(plainText(action)));
    edit_->setKeySequence(action.shortcut());
}

void KeysDialog::change(const QList<QKeySequence>& keys)
{
    QTreeWidgetItem* row = tree_->currentItem();
    QAction& action = *actions_[row->data(kCommand, kActionRole).toInt()];
    for (const QKeySequence& key : keys) {
        if (const QAction* owner = ownerOfKey(actions_, key, &action)) {
            about_->setText(tr("%1 is taken by “%2”.")
                                .arg(key.toString(QKeySequence::NativeText), plainText(*owner)));
            return;
        }
    }
    chooseKeys(action, keys, *settings_);
    row->setText(kKeyColumn, keysText(action));
    takeCurrent();
}

} // namespace alpa::app
