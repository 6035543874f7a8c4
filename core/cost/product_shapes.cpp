#include "core/cost/product_shapes.h"

#include "core/cost/compute_time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace alpa
{
namespace
{

using Sizes = std::array<double, 4>; ///< batch, m, n, k with m >= n.

Sizes sizesOf(const ProductShape& shape)
{
    return {shape.batch, std::max(shape.m, shape.n), std::min(shape.m, shape.n), shape.k};
}

bool divides(double part, double size) { return std::fmod(size, part) == 0; }

} // namespace

std::vector<ProductShape> productShapes(const Graph& graph, const std::vector<uint8_t>& leftOut,
                                        int devices)
{
    std::set<Sizes> wanted;
    for (size_t index = 0; index < graph.ops.size(); ++index) {
        const Op& op = graph.ops[index];
        if (leftOut[index] != 0 || op.kind != OpKind::kDot || !isProductOf16Bits(graph, op))
            continue;
        // The shape is the same on any device.
        const Sizes whole = sizesOf(productWork(graph, op, DeviceKind{})->shape());
        wanted.insert(whole);
        for (int first = 2; first <= devices; first *= 2) {
            for (size_t i = 0; i < whole.size(); ++i) {
                Sizes part = whole;
                if (!divides(first, part[i]))
                    continue;
                part[i] /= first;
                wanted.insert(sizesOf({part[0], part[1], part[2], part[3]}));
                for (size_t j = i + 1; j < whole.size() && first * 2 <= devices; ++j) {
                    Sizes both = part;
                    if (!divides(2, both[j]))
                        continue;
                    both[j] /= 2;
                    wanted.insert(sizesOf({both[0], both[1], both[2], both[3]}));
                }
            }
        }
    }
    std::vector<ProductShape> shapes;
    for (const Sizes& sizes : wanted)
        shapes.push_back({sizes[0], sizes[1], sizes[2], sizes[3]});
    std::ranges::stable_sort(
        shapes, [](const ProductShape& a, const ProductShape& b) { return a.flops() > b.flops(); });
    return shapes;
}

} // namespace alpa
