#include "core/import/onnx_window.h"

#include <algorithm>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

} // namespace

std::optional<OnnxWindow> readOnnxWindow(OnnxContext& c, const Sizes& spatial, Sizes kernel)
{
    OnnxWindow w;
    const size_t n = spatial.size();
    w.kernel = std::move(kernel);
    w.strides = c.integers("strides");
    w.dilations = c.integers("dilations");
    const Sizes pads = c.integers("pads");
    if (w.strides.empty())
        w.strides.assign(n, 1);
    if (w.dilations.empty())
        w.dilations.assign(n, 1);
    const auto isPositive = [](const Sizes& sizes) {
        return std::ranges::all_of(sizes, [](int64_t s) { return s > 0 && s < (1 << 24); });
    };
    constexpr int64_t kMostPadding = int64_t{1} << 40;
    const bool isPadded = std::ranges::all_of(
        pads, [](int64_t pad) { return pad > -kMostPadding && pad < kMostPadding; });
    if (!isPadded || w.kernel.size() != n || w.strides.size() != n || w.dilations.size() != n ||
        (!pads.empty() && pads.size() != 2 * n) || !isPositive(w.kernel) ||
        !isPositive(w.strides) || !isPositive(w.dilations)) {
        c.invalid("kernel, strides, dilations or pads do not fit the spatial dimensions");
        return std::nullopt;
    }
    const std::string automatic = c.text("auto_pad", "NOTSET");
    for (size_t i = 0; i < n; ++i) {
        int64_t low = pads.empty() ? 0 : pads[i];
        int64_t high = pads.empty() ? 0 : pads[i + n];
        if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
            const int64_t results = (spatial[i] + w.strides[i] - 1) / w.strides[i];
            const int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
            const int64_t total =
                std::max<int64_t>(0, (results - 1) * w.strides[i] + reach - spatial[i]);
            low = automatic == "SAME_UPPER" ? total / 2 : total - total / 2;
            high = total - low;
        }
        w.low.push_back(low);
        w.high.push_back(high);
    }
    return w;
}

} // namespace alpa
