// What the colour modes of the graph say of layers and operations, as numbers with a scale.
#pragma once

#include "app/session/graph_facts.h"

#include <QString>

#include <memory>
#include <vector>

namespace alpa::app
{

struct CanvasNode;

enum class ColorBy {
    kStage,
    kSharding,      ///< Axis that splits the output most.
    kTime,          ///< Compute and collectives of one microbatch on one device.
    kMemory,        ///< Bytes that one device holds of weights and outputs.
    kCommunication, ///< Time in collectives.
    kRegret,        ///< What the next best sharding would cost.
    kParameters,
    kMeasured, ///< Measured against predicted time of the stage: over zero is slower.
};
QString colorByName(ColorBy by);
/// The same in every language, for session files: "time".
QString colorByKey(ColorBy by);

/// How numbers become shades.
struct HeatScale {
    bool isLogarithmic = false; ///< Over kHeatDecades below the largest; less has the faintest.
    bool isClipped = false; ///< The largest kHeatClipped of the numbers share the strongest shade.
    friend bool operator==(const HeatScale&, const HeatScale&) = default;
};
constexpr double kHeatDecades = 3;    ///< What takes a thousandth of the largest is not looked for.
constexpr double kHeatClipped = 0.05; ///< Share of the numbers.

/// Of a stage: measured over predicted time, less one.
using StageErrors = std::vector<double>;

class GraphColors
{
public:
    /// O(ops). `errors`: by stage, empty if nothing was measured.
    GraphColors(std::shared_ptr<const GraphFacts> facts, ColorBy by, StageErrors errors,
                HeatScale scale = {});

    /// Colours the node of a layer, of layers in one box, or of an op.
    void paintLayers(CanvasNode& node, int firstLayer, int endLayer) const;
    void paintOp(CanvasNode& node, OpId op) const;

    ColorBy by() const { return by_; }
    bool isNumeric() const { return by_ != ColorBy::kStage && by_ != ColorBy::kSharding; }
    bool hasData() const { return most_ > 0 || mostOfOp_ > 0; }
    /// What has the strongest shade of a layer, in the mode's unit; more has it too if the scale is
    /// clipped.
    double most() const { return most_; }
    double mostOfOp() const { return mostOfOp_; }
    double least() const;             ///< What has the faintest shade of a layer.
    QString text(double value) const; ///< With its unit.

private:
    double ofLayer(int layer) const;
    double ofOp(OpId op) const;
    double shadeOf(double value, double most) const;
    double largestOf(std::vector<double> values) const;
    void paint(CanvasNode& node, double value, double most) const;

    std::shared_ptr<const GraphFacts> facts_;
    ColorBy by_;
    StageErrors errors_;
    HeatScale scale_;
    std::vector<double> layers_;
    double most_ = 0;
    double mostOfOp_ = 0;
};

} // namespace alpa::app
