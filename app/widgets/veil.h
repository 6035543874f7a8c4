// Dims what is not the answer to what is asked, without keeping anybody from using it.
#pragma once

#include <QTimer>
#include <QWidget>

namespace alpa::app
{

class Veil : public QWidget
{
    Q_OBJECT

public:
    /// Covers `over` when it is drawn.
    explicit Veil(QWidget* over);
    /// Falls a moment after it is drawn, so that short waits do not flicker.
    void setDrawn(bool isDrawn);

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QTimer delay_;
};

} // namespace alpa::app
