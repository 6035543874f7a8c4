// The words of the window, each explained in a sentence or two.
#pragma once

#include <QDialog>

#include <vector>

class QLineEdit;
class QTextBrowser;

namespace alpa::app
{

struct GlossaryEntry {
    QString word;
    QString meaning;
};
/// By word.
std::vector<GlossaryEntry> glossary();

class GlossaryDialog : public QDialog
{
    Q_OBJECT

public:
    explicit GlossaryDialog(QWidget* parent = nullptr);

private:
    void filter(const QString& typed);

    QLineEdit* line_;
    QTextBrowser* text_;
};

} // namespace alpa::app
