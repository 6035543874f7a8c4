// Lengths of the timeline in pixels, for its predicted and its measured part.
#pragma once

namespace alpa::app
{

constexpr double kLabelWidth = 92;
constexpr double kBubbleWidth = 92;
constexpr double kRow = 34;
constexpr double kRowGap = 6;
constexpr double kAxis = 24;
constexpr double kLegend = 26;
constexpr double kDeviceRow = 13; ///< Of one measured device.
constexpr double kDeviceGap = 2;
constexpr double kLaunchRow = 13;     ///< Of its instructions, below it.
constexpr double kInstructionRow = 8; ///< Of predicted instructions, within their task.

} // namespace alpa::app
