// A text with its lines found once: what the source and program pages draw from, however long it
// is.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace alpa::app
{

class TextLines
{
public:
    explicit TextLines(std::string text)
        : text_(std::move(text))
    {
        for (size_t at = 0; at < text_.size();) {
            const size_t end = std::min(text_.find('\n', at), text_.size());
            starts_.push_back(at);
            longest_ = std::max(longest_, end - at);
            at = end + 1;
        }
    }

    int count() const { return static_cast<int>(starts_.size()); }
    /// Counts from 0; without the line break.
    std::string_view line(int index) const
    {
        const size_t begin = starts_[static_cast<size_t>(index)];
        const size_t end = std::min(text_.find('\n', begin), text_.size());
        return std::string_view(text_).substr(begin, end - begin);
    }
    size_t longest() const { return longest_; } ///< Bytes of the longest line.

private:
    std::string text_;
    std::vector<size_t> starts_;
    size_t longest_ = 0;
};

} // namespace alpa::app
