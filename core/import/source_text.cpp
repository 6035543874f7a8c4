#include "core/import/source_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace alpa
{

SourceText::SourceText(std::string_view text)
    : text_(text)
{
    lineStarts_.push_back(0);
    size_t from = 0;
    while (from < text.size()) {
        const void* found = std::memchr(text.data() + from, '\n', text.size() - from);
        if (found == nullptr)
            break;
        from = static_cast<size_t>(static_cast<const char*>(found) - text.data()) + 1;
        lineStarts_.push_back(from);
    }
}

SourceText::Place SourceText::place(size_t offset) const
{
    const size_t inside = std::min(offset, text_.size());
    const auto next = std::upper_bound(lineStarts_.begin(), lineStarts_.end(), inside);
    const auto line = static_cast<size_t>(next - lineStarts_.begin());
    return Place{static_cast<int>(line), static_cast<int>(inside - lineStarts_[line - 1]) + 1};
}

std::string_view SourceText::line(int number) const
{
    if (number < 1 || static_cast<size_t>(number) > lineStarts_.size())
        return {};
    const size_t begin = lineStarts_[static_cast<size_t>(number) - 1];
    const size_t end = text_.find('\n', begin);
    std::string_view content =
        text_.substr(begin, end == std::string_view::npos ? end : end - begin);
    if (!content.empty() && content.back() == '\r')
        content.remove_suffix(1);
    return content;
}

void DiagnosticSink::errorWithoutPlace(std::string message)
{
    ++errorCount_;
    diagnostics_.push_back(Diagnostic{Severity::kError, std::move(message), 0, 0});
}

void DiagnosticSink::add(Severity severity, size_t offset, std::string message)
{
    if (severity == Severity::kError && errorCount_ >= kMostErrors) {
        ++errorCount_;
        return;
    }
    if (message.size() > kLongestMessage) // It quotes a name or type of that length.
        message = message.substr(0, kLongestMessage) + " ...";
    if (!seen_.insert(fmt::format("{}:{}", offset, message)).second)
        return;
    if (severity == Severity::kError)
        ++errorCount_;
    const SourceText::Place place = source_.place(offset);
    diagnostics_.push_back(Diagnostic{severity, std::move(message), place.line, place.column});
}

std::vector<Diagnostic> DiagnosticSink::take()
{
    std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                     [](const Diagnostic& a, const Diagnostic& b) {
                         return a.line != b.line ? a.line < b.line : a.column < b.column;
                     });
    if (errorCount_ > kMostErrors)
        diagnostics_.push_back(Diagnostic{
            Severity::kError,
            fmt::format("{} further errors are not listed", errorCount_ - kMostErrors), 0, 0});
    seen_.clear();
    return std::move(diagnostics_);
}

} // namespace alpa
