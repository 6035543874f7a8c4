#include "app/widgets/mesh_chart.h"

#include "app/session/selection_place.h"
#include "app/settings/qt_text.h"
#include "app/settings/theme.h"
#include "app/widgets/timeline_chart.h"

#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

constexpr double kDevice = 46;
constexpr double kDeviceGap = 26; ///< Room for the links between neighbours.
constexpr double kHostHeader = 22;
constexpr double kHostPadding = 14;
constexpr double kHostGap = 30;
constexpr int kDevicesInRow = 4;
constexpr size_t kStagesInDevice = 3; ///< As many numbers fit into a device's box.

/// One pixel for nothing, six for ten gigabytes.
double widthOf(Bytes bytes) { return 1.5 + std::log10(1 + double(bytes.count) / 1e6); }

Qt::PenStyle styleOf(int axis)
{
    static constexpr Qt::PenStyle kStyles[] = {Qt::SolidLine, Qt::DashLine, Qt::DotLine,
                                               Qt::DashDotLine};
    return kStyles[axis & 3];
}

} // namespace

MeshChart::MeshChart(QWidget* parent)
    : PaintedChart(parent)
{
    setObjectName(u"meshChart"_s);
    setAccessibleName(tr("Devices of the cluster and their links"));
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

void MeshChart::setFacts(std::shared_ptr<const GraphFacts> facts, LinkTraffic traffic)
{
    facts_ = facts != nullptr && facts->plan != nullptr ? std::move(facts) : nullptr;
    traffic_ = std::move(traffic);
    stageOf_.clear();
    if (facts_ != nullptr) {
        stageOf_.assign(static_cast<size_t>(facts_->plan->cluster.deviceCount()), -1);
        for (size_t s = facts_->plan->stages.size(); s-- > 0;) {
            for (const DeviceId device : facts_->plan->stages[s].mesh.devices)
                stageOf_[device.index()] = int(s);
        }
    }
    updateGeometry();
    update();
}

void MeshChart::setSelected(std::set<int> stages, std::set<int> devices)
{
    selectedStages_ = std::move(stages);
    selectedDevices_ = std::move(devices);
    update();
}

void MeshChart::setHovered(std::optional<int> stage, std::optional<int> device)
{
    if (stage == hoveredStage_ && device == hoveredDevice_)
        return;
    hoveredStage_ = stage;
    hoveredDevice_ = device;
    update();
}

void MeshChart::leaveEvent(QEvent*) { Q_EMIT deviceHovered(-1); }

MeshChart::Grid MeshChart::gridFor(double width) const
{
    Grid grid;
    const Cluster& cluster = facts_->plan->cluster;
    grid.deviceColumns = std::min(cluster.devicesPerHost, kDevicesInRow);
    const int rows = (cluster.devicesPerHost + grid.deviceColumns - 1) / grid.deviceColumns;
    grid.hostWidth = 2 * kHostPadding + grid.deviceColumns * (kDevice + kDeviceGap) - kDeviceGap;
    grid.hostHeight = kHostHeader + kHostPadding + rows * (kDevice + kDeviceGap) - kDeviceGap / 2;
    grid.hostColumns =
        std::clamp(int((width + kHostGap) / (grid.hostWidth + kHostGap)), 1, cluster.hosts);
    return grid;
}

int MeshChart::heightForWidth(int width) const
{
    if (facts_ == nullptr)
        return inPixels({0, 120}).height();
    const Grid grid = gridFor(width / unit());
    const int rows = (facts_->plan->cluster.hosts + grid.hostColumns - 1) / grid.hostColumns;
    return inPixels({0, rows * (grid.hostHeight + kHostGap) - kHostGap}).height();
}

QSize MeshChart::sizeHint() const
{
    return {inPixels({640, 0}).width(), heightForWidth(std::max(width(), 320))};
}

QRectF MeshChart::deviceArea(int device) const
{
    const Grid grid = gridFor(unitWidth());
    const int perHost = facts_->plan->cluster.devicesPerHost;
    const int host = device / perHost;
    const int index = device % perHost;
    const double left = (host % grid.hostColumns) * (grid.hostWidth + kHostGap) + kHostPadding;
    const double top =
        (host / grid.hostColumns) * (grid.hostHeight + kHostGap) + kHostHeader + kHostPadding / 2;
    return {left + (index % grid.deviceColumns) * (kDevice + kDeviceGap),
            top + (index / grid.deviceColumns) * (kDevice + kDeviceGap), kDevice, kDevice};
}

int MeshChart::deviceAt(QPointF at) const
{
    for (size_t device = 0; device < stageOf_.size(); ++device) {
        if (deviceArea(int(device)).adjusted(-4, -4, 4, 4).contains(at))
            return int(device);
    }
    return -1;
}

QPointF MeshChart::centerOf(int stage) const
{
    QPointF sum;
    const auto& devices = facts_->plan->stages[static_cast<size_t>(stage)].mesh.devices;
    for (const DeviceId device : devices)
        sum += deviceArea(int(device.number)).center();
    return sum / double(devices.size());
}

/// Middles of two devices of stages that lie side by side, for an arrow that crosses no others.
std::pair<QPointF, QPointF> MeshChart::neighbours(int fromStage, int toStage) const
{
    const auto nearest = [this](int stage, QPointF to) {
        QPointF best;
        double least = std::numeric_limits<double>::infinity();
        for (const DeviceId device :
             facts_->plan->stages[static_cast<size_t>(stage)].mesh.devices) {
            const QPointF center = deviceArea(int(device.number)).center();
            const double distance = std::hypot(center.x() - to.x(), center.y() - to.y());
            if (distance < least) {
                least = distance;
                best = center;
            }
        }
        return best;
    };
    const QPointF from = nearest(fromStage, centerOf(toStage));
    const QPointF to = nearest(toStage, from);
    return {nearest(fromStage, to), to};
}

void MeshChart::paintEvent(QPaintEvent* event)
{
    if (facts_ == nullptr)
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    beginUnits(painter, 11);
    const QRectF exposed = inUnits(QRectF(event->rect()));
    paintHosts(painter, exposed);
    paintAxes(painter);
    paintStageLinks(painter);
    const Theme& theme = themeOf(this);
    for (size_t device = 0; device < stageOf_.size(); ++device) {
        const QRectF area = deviceArea(int(device));
        if (!area.intersects(exposed))
            continue;
        const int stage = stageOf_[device];
        const bool isSelected = selectedDevices_.contains(int(device)) || isDragged(int(device));
        const bool isOfStage = selectedStages_.contains(stage);
        painter.setBrush(stage < 0 ? theme.window
                                   : theme.stageTint[static_cast<size_t>(stage % 2)]);
        const double line = isSelected ? 3 : isOfStage ? 2 : 1.2;
        const bool isHovered = hoveredDevice_ ? *hoveredDevice_ == int(device)
                                              : hoveredStage_ && stage == *hoveredStage_;
        const bool isMarked = isSelected || isOfStage || isHovered;
        painter.setPen(QPen(isMarked ? theme.accent : theme.border, line));
        painter.drawRoundedRect(area, 5, 5);
        painter.setPen(theme.text);
        painter.drawText(area.adjusted(0, 4, 0, -kDevice / 2), Qt::AlignCenter,
                         QString::number(device));
        painter.setPen(theme.mutedText);
        painter.drawText(area.adjusted(0, kDevice / 2 - 3, 0, -4), Qt::AlignCenter,
                         stagesText(int(device)));
    }
    if (hasFocus()) {
        painter.setBrush(Qt::NoBrush);
        painter.setPen(theme.accent);
        painter.drawRect(inUnits(QRectF(rect())).adjusted(0.5, 0.5, -0.5, -0.5));
    }
}

/// "S1", "S0 2 4" of a device that holds several; "S0 …" where they do not fit.
QString MeshChart::stagesText(int device) const
{
    const std::vector<int> stages = stagesOfDevice(*facts_, device);
    if (stages.empty())
        return tr("idle");
    QString text = tr("S%1").arg(stages.front());
    if (stages.size() > kStagesInDevice)
        return text + u" …"_s;
    for (size_t i = 1; i < stages.size(); ++i)
        text += u' ' + QString::number(stages[i]);
    return text;
}

void MeshChart::paintHosts(QPainter& painter, const QRectF& exposed) const
{
    const Theme& theme = themeOf(this);
    const Grid grid = gridFor(unitWidth());
    for (int host = 0; host < facts_->plan->cluster.hosts; ++host) {
        const QRectF area((host % grid.hostColumns) * (grid.hostWidth + kHostGap),
                          (host / grid.hostColumns) * (grid.hostHeight + kHostGap), grid.hostWidth,
                          grid.hostHeight - 8);
        if (!area.intersects(exposed))
            continue;
        painter.setPen(QPen(theme.border, 1));
        painter.setBrush(theme.surface);
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8);
        painter.setPen(theme.mutedText);
        painter.drawText(area.adjusted(10, 3, -4, 0), Qt::AlignLeft | Qt::AlignTop,
                         tr("Host %1").arg(host));
    }
}

/// Something else is selected, and no device of the stage.
bool MeshChart::isQuiet(int stage) const
{
    if (selectedStages_.empty() && selectedDevices_.empty())
        return false;
    const bool hasSelected = std::ranges::any_of(selectedDevices_, [&](int device) {
        const std::vector<int> stages = stagesOfDevice(*facts_, device);
        return std::ranges::find(stages, stage) != stages.end();
    });
    return !selectedStages_.contains(stage) && !hasSelected;
}

/// Rings as lines between neighbours of each group; the second axis bows out so that both can be
/// seen.
void MeshChart::paintAxes(QPainter& painter) const
{
    const Theme& theme = themeOf(this);
    painter.setBrush(Qt::NoBrush);
    for (const AxisTraffic& traffic : traffic_.axes) {
        const DeviceMesh& mesh = facts_->plan->stages[static_cast<size_t>(traffic.stage)].mesh;
        const bool isDimmed = isQuiet(traffic.stage);
        QColor color = theme.axis[static_cast<size_t>(traffic.axis & 3)];
        if (traffic.axis == 3 && theme.isDark)
            color = color.lighter(170);
        color.setAlpha(isDimmed ? 70 : 255);
        painter.setPen(QPen(color, widthOf(traffic.sent), styleOf(traffic.axis), Qt::FlatCap));
        for (int index = 0; index < mesh.deviceCount(); ++index) {
            const std::vector<int> group = mesh.group(index, axisBit(traffic.axis));
            if (group.front() != index)
                continue;
            for (size_t k = 0; k + 1 < group.size(); ++k) {
                const QPointF from =
                    deviceArea(int(mesh.devices[static_cast<size_t>(group[k])].number)).center();
                const QPointF to =
                    deviceArea(int(mesh.devices[static_cast<size_t>(group[k + 1])].number))
                        .center();
                const QPointF way = to - from;
                const QPointF bow = QPointF(-way.y(), way.x()) * (traffic.axis == 0 ? 0.12 : -0.12);
                QPainterPath path(from);
                path.quadTo((from + to) / 2 + bow, to);
                painter.drawPath(path);
            }
        }
    }
}

void MeshChart::paintStageLinks(QPainter& painter) const
{
    const Theme& theme = themeOf(this);
    for (const StageTraffic& traffic : traffic_.stages) {
        const auto [from, to] = neighbours(traffic.fromStage, traffic.toStage);
        const QPointF way = to - from;
        const double length = std::hypot(way.x(), way.y());
        if (length < 1)
            continue; // stages that share their devices
        const bool isDimmed = isQuiet(traffic.fromStage) && isQuiet(traffic.toStage);
        QColor color = theme.text;
        color.setAlpha(isDimmed ? 60 : 200);
        const QPointF middle = (from + to) / 2 + QPointF(-way.y(), way.x()) * 0.2;
        QPainterPath path(from);
        path.quadTo(middle, to);
        painter.setBrush(Qt::NoBrush);
        painter.setPen(QPen(color, widthOf(traffic.bytes) * 0.7, Qt::DashDotLine));
        painter.drawPath(path);
        const QPointF tip = path.pointAtPercent(0.62);
        const double angle = path.angleAtPercent(0.62) * -M_PI / 180;
        painter.setPen(Qt::NoPen);
        painter.setBrush(color);
        const QPointF arrow[] = {tip,
                                 tip + 10 * QPointF(std::cos(angle + 2.7), std::sin(angle + 2.7)),
                                 tip + 10 * QPointF(std::cos(angle - 2.7), std::sin(angle - 2.7))};
        painter.drawPolygon(arrow, 3);
    }
}

QString MeshChart::tipAt(QPointF at) const
{
    const int device = facts_ == nullptr ? -1 : deviceAt(at);
    if (device < 0)
        return {};
    QStringList lines{
        tr("Device %1 of host %2").arg(device).arg(device / facts_->plan->cluster.devicesPerHost)};
    const std::vector<int> stages = stagesOfDevice(*facts_, device);
    if (stages.empty())
        lines << tr("idle in this plan");
    for (const int stage : stages) {
        lines << stageText(*facts_->plan, stage);
        for (const AxisTraffic& traffic : traffic_.axes) {
            if (traffic.stage == stage)
                lines << tr("sends %1 a step along %2 in %3, %4")
                             .arg(bytesText(traffic.sent),
                                  QString(QLatin1Char(axisLetter(traffic.axis))),
                                  counted(traffic.collectives, tr("collective"), tr("collectives")),
                                  timeText(traffic.time));
        }
    }
    return lines.join(u'\n');
}

} // namespace alpa::app
