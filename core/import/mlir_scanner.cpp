#include "core/import/mlir_scanner.h"

#include <string>

namespace alpa
{
namespace
{

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isWordPart(char c) { return isLetter(c) || isDigit(c) || c == '.' || c == '$'; }

char closing(char open)
{
    switch (open) {
    case '(':
        return ')';
    case '[':
        return ']';
    case '{':
        return '}';
    case '<':
        return '>';
    default:
        return '\0';
    }
}

} // namespace

bool MlirScanner::skipSpace()
{
    bool passedNewline = false;
    while (offset_ < text_.size()) {
        const char c = text_[offset_];
        if (c == ' ' || c == '\t' || c == '\r') {
            ++offset_;
        } else if (c == '\n') {
            passedNewline = true;
            ++offset_;
        } else if (c == '/' && offset_ + 1 < text_.size() && text_[offset_ + 1] == '/') {
            const size_t end = text_.find('\n', offset_);
            offset_ = end == std::string_view::npos ? text_.size() : end;
        } else {
            break;
        }
    }
    return passedNewline;
}

char MlirScanner::peek()
{
    skipSpace();
    return offset_ < text_.size() ? text_[offset_] : '\0';
}

char MlirScanner::peekSecond()
{
    skipSpace();
    return offset_ + 1 < text_.size() ? text_[offset_ + 1] : '\0';
}

bool MlirScanner::consume(char character)
{
    if (peek() != character || offset_ >= text_.size())
        return false;
    ++offset_;
    return true;
}

bool MlirScanner::consume(std::string_view punctuation)
{
    skipSpace();
    if (text_.substr(offset_, punctuation.size()) != punctuation)
        return false;
    offset_ += punctuation.size();
    return true;
}

bool MlirScanner::consumeWord(std::string_view expected)
{
    skipSpace();
    const size_t end = offset_ + expected.size();
    if (text_.substr(offset_, expected.size()) != expected ||
        (end < text_.size() && isWordPart(text_[end])))
        return false;
    offset_ = end;
    return true;
}

std::string_view MlirScanner::word()
{
    skipSpace();
    const size_t begin = offset_;
    if (begin >= text_.size() || !isLetter(text_[begin]))
        return {};
    while (offset_ < text_.size() && isWordPart(text_[offset_]))
        ++offset_;
    return between(begin, offset_);
}

std::string_view MlirScanner::suffix()
{
    const size_t begin = offset_;
    while (offset_ < text_.size() &&
           (isWordPart(text_[offset_]) ||
            (text_[offset_] == '-' && offset_ + 1 < text_.size() && text_[offset_ + 1] != '>')))
        ++offset_;
    return between(begin, offset_);
}

std::string_view MlirScanner::number()
{
    skipSpace();
    const size_t begin = offset_;
    size_t at = begin;
    if (at < text_.size() && (text_[at] == '-' || text_[at] == '+'))
        ++at;
    if (at >= text_.size() || !isDigit(text_[at]))
        return {};
    const bool isHex = text_.substr(at, 2) == "0x";
    at += isHex ? 2 : 0;
    while (at < text_.size()) {
        const char c = text_[at];
        const bool isExponentSign =
            !isHex && (c == '-' || c == '+') && (text_[at - 1] == 'e' || text_[at - 1] == 'E');
        const bool isPart = isHex
                                ? isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
                                : isDigit(c) || c == '.' || c == 'e' || c == 'E' || isExponentSign;
        if (!isPart)
            break;
        ++at;
    }
    offset_ = at;
    return between(begin, at);
}

std::optional<std::string_view> MlirScanner::string()
{
    skipSpace();
    if (offset_ >= text_.size() || text_[offset_] != '"')
        return std::nullopt;
    for (size_t at = offset_ + 1; at < text_.size(); ++at) {
        if (text_[at] == '\\') {
            ++at;
        } else if (text_[at] == '"') {
            const std::string_view content = between(offset_ + 1, at);
            offset_ = at + 1;
            return content;
        } else if (text_[at] == '\n') {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

bool MlirScanner::skipBalanced()
{
    skipSpace();
    std::string open; // A stack on the heap: input may nest as deep as it is long.
    while (offset_ < text_.size()) {
        const char c = text_[offset_];
        if (c == '"') {
            if (!string())
                return false;
            continue;
        }
        if (c == '-' && text_.substr(offset_, 2) == "->") {
            offset_ += 2;
            continue;
        }
        if (const char close = closing(c); close != '\0') {
            open.push_back(close);
        } else if (!open.empty() && c == open.back()) {
            open.pop_back();
        } else if (c == ')' || c == ']' || c == '}' || c == '>') {
            return false;
        }
        if (open.empty() && closing(c) == '\0' && c != ')' && c != ']' && c != '}' && c != '>')
            return true; // There was no group to begin with.
        ++offset_;
        if (open.empty())
            return true;
    }
    return false;
}

} // namespace alpa
