// What a newcomer sees first: open, drop, recent models and bundled samples.
#pragma once

#include "app/settings/app_settings.h"

#include <QWidget>

class QVBoxLayout;

namespace alpa::app
{

class StartPage : public QWidget
{
    Q_OBJECT

public:
    explicit StartPage(AppSettings* settings, QWidget* parent = nullptr);
    void refreshRecent();
    void setDropActive(bool on); ///< A file hovers over the window.

Q_SIGNALS:
    void openRequested();
    void modelChosen(const QString& path, const QString& cluster); ///< `cluster` may be empty: keep the last one.

private:
    QWidget* makeSamples();

    AppSettings* settings_;
    QVBoxLayout* recent_;
    QWidget* dropCard_;
};

} // namespace alpa::app
