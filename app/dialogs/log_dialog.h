// The newest entries of the program's log, to be read and sent to others.
#pragma once

#include <QDialog>

namespace alpa::app
{

class LogFile;

class LogDialog : public QDialog
{
    Q_OBJECT

public:
    explicit LogDialog(const LogFile& log, QWidget* parent = nullptr);
};

} // namespace alpa::app
