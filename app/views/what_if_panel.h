// What if the cluster had more memory, faster links or another number of devices? Sliders that plan
// for a cluster that nobody has; every answer is marked so.
#pragma once

#include "app/session/session.h"

#include <QWidget>

class QGridLayout;
class QLabel;
class QPushButton;
class QSlider;

namespace alpa::app
{

class WhatIfPanel : public QWidget
{
    Q_OBJECT

public:
    explicit WhatIfPanel(Session* session, QWidget* parent = nullptr);

private:
    struct Row {
        QSlider* slider;
        QLabel* value;
    };
    /// Steps are halvings and doublings, `perDoubling` of them each.
    Row addRow(QGridLayout* grid, const QString& title, const QString& name, int perDoubling,
               int mergeId);
    void edit(int mergeId);
    void takeSetup();

    Session* session_;
    Row memory_, bandwidth_, devices_;
    QPushButton* reset_;
    QLabel* note_;
    int realDevices_ = 0; ///< Of the cluster as it is.
    QString cluster_;     ///< That realDevices_ is of.
    bool isTaking_ = false;
};

} // namespace alpa::app
