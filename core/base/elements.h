// The bytes of a tensor as numbers.
#pragma once

#include <cstring>
#include <string>
#include <vector>

namespace alpa
{

/// Elements of type `T`, one after another in the machine's byte order; what is left over of the
/// last one does not count.
template <typename T>
std::vector<double> elementsAs(const std::string& bytes)
{
    std::vector<double> values(bytes.size() / sizeof(T));
    for (size_t i = 0; i < values.size(); ++i) {
        T element;
        std::memcpy(&element, bytes.data() + i * sizeof(T), sizeof(T));
        values[i] = static_cast<double>(element);
    }
    return values;
}

} // namespace alpa
