// The sheet of keys (?): what every key does, by menu, and the keys of a command changed.
#pragma once

#include <QAction>
#include <QDialog>

class QKeySequenceEdit;
class QLabel;
class QMenu;
class QPushButton;
class QTreeWidget;
class QTreeWidgetItem;

namespace alpa::app
{

class AppSettings;

class KeysDialog : public QDialog
{
    Q_OBJECT

public:
    /// `window`: whose menus are told of and changed.
    KeysDialog(AppSettings* settings, QWidget* window);

private:
    void fill(QWidget* window);
    void addMenu(const QMenu* menu, const QString& title, QTreeWidgetItem* group);
    void filter(const QString& typed);
    void takeCurrent();
    void change(const QList<QKeySequence>& keys);

    AppSettings* settings_;
    QTreeWidget* tree_;
    QLabel* about_;
    QKeySequenceEdit* edit_;
    QPushButton* set_;
    QPushButton* usual_;
    QList<QAction*> actions_; ///< Of the menus, in the order of the rows that hold them.
};

} // namespace alpa::app
