// The sheet of keys, made of the menus of the window it belongs to, from "?" and the Help menu.
#pragma once

#include <QDialog>

namespace alpa::app
{

class KeysDialog : public QDialog
{
    Q_OBJECT

public:
    explicit KeysDialog(QWidget* parent = nullptr);
};

} // namespace alpa::app
