// A cursor over an MLIR text: spaces, punctuation, words, numbers and strings.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace alpa
{

/// Everything but moveTo skips spaces, newlines and // comments first.
class MlirScanner
{
public:
    explicit MlirScanner(std::string_view text)
        : text_(text)
    {
    }

    std::string_view text() const { return text_; }
    size_t offset() const { return offset_; }
    void moveTo(size_t offset) { offset_ = offset; }

    /// Returns whether a newline was passed.
    bool skipSpace();
    /// The next character, 0 at the end.
    char peek();
    /// The character behind the next one, 0 at the end.
    char peekSecond();
    bool isAtEnd() { return peek() == '\0' && offset_ >= text_.size(); }
    bool consume(char character);
    bool consume(std::string_view punctuation);
    /// Consumes `word` only when it does not continue as a longer one.
    bool consumeWord(std::string_view word);
    /// A letter or underscore followed by letters, digits and _.$; empty if there is none.
    std::string_view word();
    /// Digits, letters and _.$- behind a sigil, directly at the cursor: what may follow %, @, # and
    /// ^.
    std::string_view suffix();
    /// 12, -3, 1.5e-3, 0x7FC0: the spelling; empty if there is none.
    std::string_view number();
    /// The content between quotes, escapes as they stand; nothing if there is no string or it is
    /// not closed.
    std::optional<std::string_view> string();
    /// Passes one bracketed group of any kind, or nothing: false if it is not closed. Arrows do not
    /// count as brackets.
    bool skipBalanced();
    std::string_view between(size_t begin, size_t end) const
    {
        return text_.substr(begin, end - begin);
    }

private:
    std::string_view text_;
    size_t offset_ = 0;
};

} // namespace alpa
