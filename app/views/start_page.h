// What a newcomer sees first: open, drop, recent models and bundled samples.
#pragma once

#include "app/settings/app_settings.h"

#include <QWidget>

#include <functional>

class QVBoxLayout;

namespace alpa::app
{

class StartPage : public QWidget
{
    Q_OBJECT

public:
    explicit StartPage(AppSettings* settings, QWidget* parent = nullptr);
    void refreshRecent();
    /// A session to go on with, above the samples.
    struct Offer {
        QString title, detail, name;   ///< `name`: of the widget, for tests.
        std::function<void()> take;    ///< On a click.
        std::function<void()> discard; ///< May be empty: cannot be thrown away.
    };
    void offer(const Offer& offer);
    void clearOffers();
    void setDropActive(bool on); ///< A file hovers over the window.

Q_SIGNALS:
    void openRequested();
    void tourRequested();
    void modelChosen(const QString& path,
                     const QString& cluster); ///< `cluster` may be empty: keep the last one.

private:
    QWidget* makeSamples();
    QWidget* makeRecent(const QString& path, bool isPinned);

    AppSettings* settings_;
    QVBoxLayout* offers_;
    QVBoxLayout* recent_;
    QWidget* dropCard_;
};

} // namespace alpa::app
