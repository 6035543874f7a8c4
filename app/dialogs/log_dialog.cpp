#include "app/dialogs/log_dialog.h"

#include "app/settings/log_file.h"
#include "app/widgets/cards.h"

#include <QClipboard>
#include <QDesktopServices>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QFontDatabase>
#include <QGuiApplication>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QUrl>
#include <QVBoxLayout>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr qint64 kShownBytes = 64 << 10; ///< A day of work.

} // namespace

LogDialog::LogDialog(const LogFile& log, QWidget* parent)
    : QDialog(parent)
{
    setObjectName(u"logDialog"_s);
    setWindowTitle(tr("Log"));
    resize(820, 480);
    auto* text = new QPlainTextEdit(log.tail(kShownBytes));
    text->setObjectName(u"logText"_s);
    text->setAccessibleName(tr("Log"));
    text->setReadOnly(true);
    text->setLineWrapMode(QPlainTextEdit::NoWrap);
    text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    text->setPlaceholderText(tr("Nothing has been written down yet."));
    auto* where = makeMuted(tr("The newest entries of %1").arg(log.path()));
    where->setObjectName(u"logPath"_s);
    where->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    auto* copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
    copy->setObjectName(u"logCopy"_s);
    auto* folder = buttons->addButton(tr("Open folder"), QDialogButtonBox::ActionRole);
    folder->setObjectName(u"logFolder"_s);
    connect(copy, &QPushButton::clicked, this,
            [text] { QGuiApplication::clipboard()->setText(text->toPlainText()); });
    connect(folder, &QPushButton::clicked, this, [path = log.path()] {
        QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(path).path()));
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->addWidget(where);
    column->addWidget(text, 1);
    column->addWidget(buttons);
    text->verticalScrollBar()->setValue(text->verticalScrollBar()->maximum());
}

} // namespace alpa::app
