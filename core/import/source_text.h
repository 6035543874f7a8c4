// The text of a model file with its places, and the list of what an importer has to say about it.
#pragma once

#include "core/base/diagnostic.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace alpa
{

/// A text and where its lines begin. Keeps a view: the text must outlive it.
class SourceText
{
public:
    struct Place {
        int line = 0;   ///< From 1.
        int column = 0; ///< From 1, in bytes.
    };

    explicit SourceText(std::string_view text);

    std::string_view text() const { return text_; }
    /// Logarithmic in the number of lines. Offsets past the end are the place behind the last
    /// character.
    Place place(size_t offset) const;
    /// The line without its newline; empty for lines that do not exist.
    std::string_view line(int number) const;

private:
    std::string_view text_;
    std::vector<size_t> lineStarts_;
};

/// Collects remarks with their places. The same remark at the same place is kept once, because a
/// function that is called often is looked at often. After kMostErrors errors further ones are only
/// counted.
class DiagnosticSink
{
public:
    static constexpr int kMostErrors = 100;
    /// Bytes of a remark; what is longer is cut.
    static constexpr size_t kLongestMessage = 600;

    explicit DiagnosticSink(const SourceText& source)
        : source_(source)
    {
    }

    void error(size_t offset, std::string message)
    {
        add(Severity::kError, offset, std::move(message));
    }
    void warning(size_t offset, std::string message)
    {
        add(Severity::kWarning, offset, std::move(message));
    }
    /// A remark about the file as a whole.
    void errorWithoutPlace(std::string message);

    int errorCount() const { return errorCount_; }
    /// Everything said so far, in the order of lines. Leaves the sink empty.
    std::vector<Diagnostic> take();

private:
    void add(Severity severity, size_t offset, std::string message);

    const SourceText& source_;
    std::vector<Diagnostic> diagnostics_;
    std::unordered_set<std::string> seen_;
    int errorCount_ = 0;
};

} // namespace alpa
