// The command palette: everything the window can do or go to, found by typing a few letters of it.
#pragma once

#include <QDialog>
#include <QString>

#include <functional>
#include <vector>

class QLineEdit;
class QListWidget;

namespace alpa::app
{

struct PaletteEntry {
    QString text;   ///< "Plan all baselines", "GPT/block_3/fc:dot"
    QString detail; ///< At the right: a key, or what kind of thing it is.
    QChar sigil; ///< '@' ops, '#' layers, '%' plans; null: a command. Typed first, it leaves only
                 ///< that kind.
    std::function<void()> take;
};

/// How well `typed` fits `text`: its letters in order, best at starts of words and in runs; -1 if
/// they are not there. Both in lower case. O(length of text).
int paletteScore(QStringView typed, QStringView text);

class CommandPalette : public QDialog
{
    Q_OBJECT

public:
    explicit CommandPalette(std::vector<PaletteEntry> entries, QWidget* parent = nullptr);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter(const QString& typed);
    void takeCurrent();

    static constexpr int kShown = 60; ///< More rows than anybody reads.

    std::vector<PaletteEntry> entries_;
    std::vector<QString> lowered_; ///< Per entry.
    QLineEdit* line_;
    QListWidget* list_;
};

} // namespace alpa::app
