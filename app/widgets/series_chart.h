// Two plain charts: horizontal bars in groups, and a line over steps.
#pragma once

#include "app/widgets/painted_chart.h"

#include <optional>
#include <utility>
#include <vector>

namespace alpa::app
{

/// One labelled group of a bar chart: predicted, and measured if there is such a number. Seconds.
struct BarGroup {
    QString label;
    std::optional<double> predicted;
    std::optional<double> measured;
    std::optional<std::pair<double, double>> spread; ///< Quartiles of what was measured.
    QString problem;                                 ///< Instead of bars.
    bool isEmphasized = false;
};

class BarChart : public PaintedChart
{
    Q_OBJECT

public:
    explicit BarChart(QWidget* parent = nullptr);
    void setGroups(std::vector<BarGroup> groups);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {320, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    std::vector<BarGroup> groups_;
};

/// y over 0, 1, 2, ...; with an optional level to compare with.
class LineChart : public PaintedChart
{
    Q_OBJECT

public:
    /// `unit` stands behind the numbers of the axis: "ms".
    LineChart(const QString& title, const QString& unit, QWidget* parent = nullptr);
    void setPoints(std::vector<double> points);
    void setLevel(std::optional<double> level, const QString& label);
    size_t pointCount() const { return points_.size(); }
    QSize sizeHint() const override { return {360, 220}; }
    QSize minimumSizeHint() const override { return {240, 150}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString title_, unit_, levelLabel_;
    std::vector<double> points_;
    std::optional<double> level_;
};

} // namespace alpa::app
