// Aligned columns of text.
#pragma once

#include <string>
#include <vector>

namespace alpa
{

/// Rows under a header, two spaces between columns. Columns are aligned to the right, those whose
/// title begins with '<' to the left (the '<' is not printed).
class TextTable
{
public:
    explicit TextTable(std::vector<std::string> titles);

    /// Missing cells are empty.
    void add(std::vector<std::string> cells);
    /// Every line ends in a newline and begins with `indent`.
    std::string text(const std::string& indent = "") const;

private:
    std::vector<bool> isLeft_;
    std::vector<std::vector<std::string>> rows_; ///< The titles first.
};

} // namespace alpa
