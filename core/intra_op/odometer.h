// Odometer: steps through all labels of some nodes, the last node's fastest, while keeping the
// offset in a table over some of them.
#pragma once

#include "core/intra_op/ilp_core.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace alpa
{

class Odometer
{
public:
    Odometer(const IlpCore& core, const std::vector<int>& nodes)
        : digits_(nodes.size(), 0)
    {
        for (const int node : nodes)
            sizes_.push_back(core.labelCount[static_cast<size_t>(node)]);
    }

    /// Stride of each node of `nodes` in a row-major table over `scope`; 0 for those it lacks.
    static std::vector<size_t> strides(const IlpCore& core, const std::vector<int>& nodes,
                                       const std::vector<int>& scope)
    {
        std::vector<size_t> result(nodes.size(), 0);
        size_t stride = 1;
        for (size_t i = scope.size(); i-- > 0;) {
            const auto found = std::find(nodes.begin(), nodes.end(), scope[i]);
            if (found != nodes.end())
                result[static_cast<size_t>(found - nodes.begin())] = stride;
            stride *= static_cast<size_t>(core.labelCount[static_cast<size_t>(scope[i])]);
        }
        return result;
    }

    void advance(size_t& offset, const std::vector<size_t>& strides)
    {
        for (size_t i = digits_.size(); i-- > 0;) {
            offset += strides[i];
            if (++digits_[i] < sizes_[i])
                return;
            offset -= strides[i] * static_cast<size_t>(sizes_[i]);
            digits_[i] = 0;
        }
    }

private:
    std::vector<int> sizes_;
    std::vector<int> digits_;
};

} // namespace alpa
