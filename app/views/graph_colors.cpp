#include "app/views/graph_colors.h"

#include "app/layout/canvas_level.h"
#include "app/settings/qt_text.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace alpa::app
{

namespace
{

QString tr(const char* text) { return QCoreApplication::translate("alpa::app", text); }

constexpr std::pair<ColorBy, const char*> kColorNames[] = {
    {ColorBy::kStage, QT_TRANSLATE_NOOP("alpa::app", "stage")},
    {ColorBy::kSharding, QT_TRANSLATE_NOOP("alpa::app", "sharding")},
    {ColorBy::kTime, QT_TRANSLATE_NOOP("alpa::app", "time")},
    {ColorBy::kMemory, QT_TRANSLATE_NOOP("alpa::app", "memory")},
    {ColorBy::kCommunication, QT_TRANSLATE_NOOP("alpa::app", "communication")},
    {ColorBy::kRegret, QT_TRANSLATE_NOOP("alpa::app", "regret")},
    {ColorBy::kParameters, QT_TRANSLATE_NOOP("alpa::app", "parameters")},
    {ColorBy::kMeasured, QT_TRANSLATE_NOOP("alpa::app", "measured against predicted")},
};

/// Bytes of one device's part.
double localBytes(const GraphFacts& facts, ValueId value)
{
    const auto bytes = double(facts.graph->type(value).bytes().count);
    const auto& spec = facts.specOfValue[value.index()];
    const int stage = facts.stageOfValue[value.index()];
    if (!spec || stage < 0)
        return bytes;
    return bytes / facts.plan->stages[static_cast<size_t>(stage)].mesh.groupSize(spec->splitAxes());
}

/// What the next best alternative costs.
double regretOf(const Decision& decision)
{
    double least = -1;
    for (size_t i = 0; i < decision.alternatives.size(); ++i) {
        if (int(i) == decision.chosen)
            continue;
        const double delta = std::max(0.0, decision.alternatives[i].delta.count);
        least = least < 0 ? delta : std::min(least, delta);
    }
    return std::max(least, 0.0);
}

int mainAxis(const std::optional<ShardingSpec>& spec)
{
    if (!spec)
        return -1;
    for (int axis = kMaxMeshAxes - 1; axis >= 0; --axis) {
        if (hasAxis(spec->splitAxes(), axis))
            return axis;
    }
    return -1;
}

} // namespace

QString colorByKey(ColorBy by)
{
    const auto found = std::ranges::find(kColorNames, by, &std::pair<ColorBy, const char*>::first);
    return QString::fromLatin1(found->second);
}

QString colorByName(ColorBy by) { return tr(colorByKey(by).toLatin1()); }

GraphColors::GraphColors(std::shared_ptr<const GraphFacts> facts, ColorBy by, StageErrors errors,
                         HeatScale scale)
    : facts_(std::move(facts))
    , by_(by)
    , errors_(std::move(errors))
    , scale_(scale)
    , layers_(facts_->layers.size(), 0.0)
{
    if (!isNumeric())
        return;
    std::vector<double> ops(facts_->graph->ops.size());
    for (size_t i = 0; i < ops.size(); ++i) {
        const double value = std::abs(ofOp(OpId(i)));
        ops[i] = value;
        const int layer = facts_->layerOfOp[i];
        if (by_ == ColorBy::kRegret && layer >= 0)
            layers_[static_cast<size_t>(layer)] =
                std::max(layers_[static_cast<size_t>(layer)], value);
    }
    for (size_t layer = 0; by_ != ColorBy::kRegret && layer < layers_.size(); ++layer)
        layers_[layer] = ofLayer(int(layer));
    mostOfOp_ = largestOf(std::move(ops));
    most_ = largestOf(layers_);
}

/// Where the scale ends: the largest size, or what all but a few stay below. Nothing takes no part:
/// most operations have no weights, and move none.
double GraphColors::largestOf(std::vector<double> values) const
{
    for (double& value : values)
        value = std::abs(value);
    std::erase(values, 0.0);
    if (values.empty())
        return 0;
    const double clipped = scale_.isClipped ? std::floor(double(values.size()) * kHeatClipped) : 0;
    const auto at = std::ssize(values) - 1 - static_cast<ptrdiff_t>(clipped);
    std::ranges::nth_element(values, values.begin() + at);
    return values[static_cast<size_t>(at)];
}

double GraphColors::least() const
{
    return scale_.isLogarithmic ? most_ * std::pow(10, -kHeatDecades) : 0;
}

/// In [-1, 1], with the sign of the value.
double GraphColors::shadeOf(double value, double most) const
{
    if (most <= 0 || value == 0)
        return 0;
    const double share = std::min(1.0, std::abs(value) / most);
    const double shade =
        scale_.isLogarithmic ? std::max(0.0, 1 + std::log10(share) / kHeatDecades) : share;
    return std::copysign(shade, value);
}

double GraphColors::ofLayer(int number) const
{
    const LayerFacts& layer = facts_->layers[static_cast<size_t>(number)];
    switch (by_) {
    case ColorBy::kTime:
        return (layer.compute + layer.communication).count;
    case ColorBy::kCommunication:
        return layer.communication.count;
    case ColorBy::kParameters:
        return double(layer.parameters);
    case ColorBy::kMeasured:
        return layer.stage >= 0 && layer.stage < int(errors_.size())
                   ? errors_[static_cast<size_t>(layer.stage)]
                   : 0.0;
    case ColorBy::kMemory: {
        double bytes = layer.output.isValid() ? localBytes(*facts_, layer.output) : 0;
        for (const ValueId weight : layer.weights)
            bytes += localBytes(*facts_, weight);
        return bytes;
    }
    case ColorBy::kRegret:
        return layers_[static_cast<size_t>(number)];
    case ColorBy::kStage:
    case ColorBy::kSharding:
        return 0;
    }
    return 0;
}

double GraphColors::ofOp(OpId id) const
{
    const Op& op = facts_->graph->op(id);
    double value = 0;
    switch (by_) {
    case ColorBy::kTime:
        value = facts_->timeOfOp.empty() ? 0 : facts_->timeOfOp[id.index()].count;
        [[fallthrough]];
    case ColorBy::kCommunication:
        for (const int index : facts_->communicationsOfOp[id.index()])
            value += facts_->communications[static_cast<size_t>(index)].time.count;
        return value;
    case ColorBy::kMemory:
        for (const ValueId result : op.results)
            value += localBytes(*facts_, result);
        return value;
    case ColorBy::kParameters:
        for (const ValueId operand : op.operands) {
            if (facts_->graph->inputRole(operand) == InputRole::kParameter)
                value += double(facts_->graph->type(operand).elementCount());
        }
        return value;
    case ColorBy::kRegret: {
        const Decision* decision = facts_->decision(facts_->decisionOfOp[id.index()]);
        return decision == nullptr ? 0 : regretOf(*decision);
    }
    case ColorBy::kMeasured: {
        const int stage = facts_->stageOfOp[id.index()];
        return stage >= 0 && stage < int(errors_.size()) ? errors_[static_cast<size_t>(stage)]
                                                         : 0.0;
    }
    case ColorBy::kStage:
    case ColorBy::kSharding:
        return 0;
    }
    return 0;
}

void GraphColors::paint(CanvasNode& node, double value, double most) const
{
    node.isDiverging = by_ == ColorBy::kMeasured;
    node.shade = shadeOf(value, most);
    node.heat = node.isDiverging ? -1 : *node.shade;
    // A colour alone says too little: the number stands beside the name.
    node.corner = text(value);
}

void GraphColors::paintLayers(CanvasNode& node, int firstLayer, int endLayer) const
{
    if (by_ == ColorBy::kSharding && facts_->plan != nullptr) {
        const LayerFacts& layer = facts_->layers[static_cast<size_t>(firstLayer)];
        const ValueId shown = layer.output.isValid()  ? layer.output
                              : layer.weights.empty() ? ValueId()
                                                      : layer.weights.front();
        node.shadeAxis = shown.isValid() ? mainAxis(facts_->specOfValue[shown.index()]) : -1;
    }
    if (!isNumeric() || (by_ == ColorBy::kMeasured && errors_.empty()))
        return;
    double sum = 0;
    double largest = 0;
    for (int layer = firstLayer; layer < endLayer; ++layer) {
        const double value = layers_[static_cast<size_t>(layer)];
        sum += value;
        largest = std::abs(value) > std::abs(largest) ? value : largest;
    }
    // Layers in one box are alike: the shade is that of each, the number that of all where numbers
    // add up.
    const bool adds = by_ != ColorBy::kRegret && by_ != ColorBy::kMeasured;
    paint(node, largest, most_);
    if (adds && endLayer - firstLayer > 1)
        node.corner = text(sum);
}

void GraphColors::paintOp(CanvasNode& node, OpId op) const
{
    const Op& content = facts_->graph->op(op);
    if (by_ == ColorBy::kSharding && facts_->plan != nullptr && !content.results.empty())
        node.shadeAxis = mainAxis(facts_->specOfValue[content.results[0].index()]);
    if (isNumeric() && !(by_ == ColorBy::kMeasured && errors_.empty()))
        paint(node, ofOp(op), mostOfOp_);
}

QString GraphColors::text(double value) const
{
    switch (by_) {
    case ColorBy::kTime:
    case ColorBy::kCommunication:
    case ColorBy::kRegret:
        return timeText(Seconds(value));
    case ColorBy::kMemory:
        return memoryText(Bytes(int64_t(value)));
    case ColorBy::kParameters:
        return shortCountText(value);
    case ColorBy::kMeasured:
        return changeText(1 + value, 1);
    case ColorBy::kStage:
    case ColorBy::kSharding:
        return {};
    }
    return {};
}

} // namespace alpa::app
