#include "core/explain/text_table.h"

#include <algorithm>

namespace alpa
{
namespace
{

/// Characters, not bytes: continuation bytes of UTF-8 take no column.
size_t widthOf(const std::string& text)
{
    return static_cast<size_t>(std::ranges::count_if(
        text, [](char letter) { return (static_cast<unsigned char>(letter) & 0xC0u) != 0x80u; }));
}

} // namespace

TextTable::TextTable(std::vector<std::string> titles)
{
    for (std::string& title : titles) {
        isLeft_.push_back(title.starts_with('<'));
        if (isLeft_.back())
            title.erase(0, 1);
    }
    rows_.push_back(std::move(titles));
}

void TextTable::add(std::vector<std::string> cells)
{
    cells.resize(isLeft_.size());
    rows_.push_back(std::move(cells));
}

std::string TextTable::text(const std::string& indent) const
{
    std::vector<size_t> widths(isLeft_.size(), 0);
    for (const auto& row : rows_) {
        for (size_t c = 0; c < row.size(); ++c)
            widths[c] = std::max(widths[c], widthOf(row[c]));
    }
    std::string text;
    for (const auto& row : rows_) {
        std::string line = indent;
        for (size_t c = 0; c < row.size(); ++c) {
            const std::string space(widths[c] - widthOf(row[c]), ' ');
            line += (c == 0 ? "" : "  ") + (isLeft_[c] ? row[c] + space : space + row[c]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

} // namespace alpa
