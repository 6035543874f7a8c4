#include "core/import/mlir_reader.h"

#include <fmt/format.h>

#include <charconv>

namespace alpa
{
namespace
{

/// Decimal or 0x spelling; nothing when it is a fraction or does not fit.
std::optional<int64_t> integerFrom(std::string_view spelling)
{
    if (!spelling.empty() && spelling.front() == '+')
        spelling.remove_prefix(1);
    const bool isHex = spelling.substr(0, 2) == "0x";
    uint64_t bits = 0;
    int64_t value = 0;
    const char* begin = spelling.data() + (isHex ? 2 : 0);
    const char* end = spelling.data() + spelling.size();
    const auto result =
        isHex ? std::from_chars(begin, end, bits, 16) : std::from_chars(begin, end, value, 10);
    if (result.ec != std::errc() || result.ptr != end)
        return std::nullopt;
    return isHex ? static_cast<int64_t>(bits) : value;
}

} // namespace

const MlirAttribute* MlirAttribute::find(std::string_view name) const
{
    for (const auto& [key, value] : entries) {
        if (key == name)
            return &value;
    }
    return nullptr;
}

const MlirAttribute* MlirOp::find(std::string_view attribute) const
{
    for (const auto& [key, value] : attributes) {
        if (key == attribute)
            return &value;
    }
    return nullptr;
}

bool MlirReader::fail(size_t offset, std::string message, bool isFatal)
{
    if (!problem_)
        problem_ = Problem{offset, std::move(message), isFatal};
    return false;
}

bool MlirReader::expected(std::string_view what)
{
    const char next = scanner.peek();
    if (next == '\0' && scanner.isAtEnd())
        return failHere(fmt::format("expected {}, but the file ends here", what));
    const bool isPrintable = next > ' ' && next < '\x7f';
    return failHere(isPrintable
                        ? fmt::format("expected {}, found '{}'", what, next)
                        : fmt::format("expected {}, found byte 0x{:02x}", what,
                                      static_cast<unsigned>(static_cast<unsigned char>(next))));
}

bool MlirReader::readNumber(MlirAttribute& attribute, bool allowsType)
{
    attribute.text = scanner.number();
    if (attribute.text.empty())
        return expected("a number");
    const std::optional<int64_t> integer = integerFrom(attribute.text);
    attribute.kind = integer ? MlirAttributeKind::kInteger : MlirAttributeKind::kFloat;
    attribute.integer = integer.value_or(0);
    if (allowsType && scanner.consume(':')) {
        MlirType type;
        return readType(type);
    }
    return true;
}

bool MlirReader::readDense(MlirAttribute& attribute, bool allowsType)
{
    scanner.skipSpace();
    const size_t begin = scanner.offset() + 1;
    if (!scanner.skipBalanced())
        return fail(begin - 1, "expected '>' at the end of the dense value");
    attribute.kind = MlirAttributeKind::kDense;
    attribute.text = scanner.between(begin, scanner.offset() - 1);
    if (!allowsType || !scanner.consume(':'))
        return true;
    MlirType type;
    if (!readType(type))
        return false;
    attribute.type = type.tensor;
    return true;
}

bool MlirReader::readList(MlirAttribute& attribute, int depth)
{
    attribute.kind = MlirAttributeKind::kList;
    scanner.consume('[');
    while (!scanner.consume(']')) {
        if (!attribute.items.empty() && !scanner.consume(','))
            return expected("',' or ']' in the list");
        MlirAttribute item;
        if (!readAttribute(item, false, depth + 1))
            return false;
        // 0:4 and 0:4:2 are ranges; 1 : i64 is a number with its type.
        while (item.kind == MlirAttributeKind::kInteger || item.kind == MlirAttributeKind::kFloat ||
               item.kind == MlirAttributeKind::kList || item.kind == MlirAttributeKind::kDense) {
            if (scanner.peek() != ':')
                break;
            scanner.consume(':');
            const char next = scanner.peek();
            MlirAttribute part;
            if (next != '-' && (next < '0' || next > '9')) {
                MlirType type;
                if (!readType(type))
                    return false;
                item.type = type.tensor;
                break;
            }
            if (!readNumber(part, false))
                return false;
            if (item.kind == MlirAttributeKind::kInteger) {
                MlirAttribute range;
                range.kind = MlirAttributeKind::kList;
                range.offset = item.offset;
                range.items.push_back(std::move(item));
                item = std::move(range);
            }
            item.items.push_back(std::move(part));
        }
        attribute.items.push_back(std::move(item));
    }
    return true;
}

bool MlirReader::readRecordBody(MlirAttribute& attribute, int depth)
{
    // Behind '<': words, values, and name = value, in any order, until '>'.
    attribute.kind = MlirAttributeKind::kRecord;
    while (!scanner.consume('>')) {
        if (scanner.consume(',') || scanner.consume("->"))
            continue;
        MlirAttribute item;
        if (!readAttribute(item, true, depth + 1))
            return false;
        if (item.kind == MlirAttributeKind::kWord && scanner.consume('=')) {
            MlirAttribute value;
            if (!readAttribute(value, true, depth + 1))
                return false;
            attribute.entries.push_back({item.text, std::move(value)});
        } else if (!(item.kind == MlirAttributeKind::kWord && item.text == "x")) {
            attribute.items.push_back(std::move(item));
        }
    }
    return true;
}

bool MlirReader::readAnyBalanced(MlirAttribute& attribute)
{
    attribute.kind = MlirAttributeKind::kOther;
    if (!scanner.skipBalanced())
        return fail(attribute.offset, "the brackets that begin here are not closed");
    attribute.text = scanner.between(attribute.offset, scanner.offset());
    return true;
}

bool MlirReader::readHashAttribute(MlirAttribute& attribute, int depth)
{
    scanner.consume('#');
    const std::string_view name = scanner.suffix();
    attribute.text = name;
    const size_t end = scanner.offset();
    const bool hasBody = end < scanner.text().size() && scanner.text()[end] == '<';
    if (!hasBody)
        return name.empty() ? expected("a name after '#'") : true;
    const std::string_view dialect = name.substr(0, name.find('.'));
    if (dialect != "stablehlo" && dialect != "mhlo" && dialect != "chlo")
        return readAnyBalanced(attribute); // Shardings and the like: their syntax is their own.
    scanner.consume('<');
    return readRecordBody(attribute, depth);
}

bool MlirReader::readWordAttribute(MlirAttribute& attribute, bool allowsType, int depth)
{
    const std::string_view word = scanner.word();
    attribute.kind = MlirAttributeKind::kWord;
    attribute.text = word;
    if (word == "true" || word == "false") {
        attribute.kind = MlirAttributeKind::kInteger;
        attribute.integer = word == "true" ? 1 : 0;
        return true;
    }
    if (scanner.peek() != '<' ||
        scanner.text()[scanner.offset() - 1] == ' ') // "DEFAULT <": another value begins.
        return true;
    if (word == "dense")
        return readDense(attribute, allowsType);
    if (word == "array") { // array<i64: 1, 2>
        attribute.kind = MlirAttributeKind::kList;
        scanner.consume('<');
        if (scanner.word().empty())
            return expected("an element type in array<...>");
        if (!scanner.consume(':'))
            return scanner.consume('>') || expected("':' or '>' in array<...>");
        while (!scanner.consume('>')) {
            if (!attribute.items.empty() && !scanner.consume(','))
                return expected("',' or '>' in array<...>");
            attribute.items.emplace_back();
            if (!readAttribute(attribute.items.back(), false, depth + 1))
                return false;
        }
        return true;
    }
    if (!readAnyBalanced(attribute)) // A type, dense_resource, affine_map, ...
        return false;
    if (allowsType && scanner.consume(':')) {
        MlirType type;
        return readType(type);
    }
    return true;
}

bool MlirReader::readAttribute(MlirAttribute& attribute, bool allowsType, int depth)
{
    const char next = scanner.peek();
    attribute.offset = scanner.offset();
    if (depth > kDeepest)
        return fail(attribute.offset, fmt::format("brackets nest deeper than {} levels", kDeepest),
                    true);
    switch (next) {
    case '[':
        return readList(attribute, depth);
    case '{':
        attribute.kind = MlirAttributeKind::kRecord;
        return readDictionary(attribute.entries, depth + 1);
    case '<':
        scanner.consume('<');
        return scanner.peek() == '@'
                   ? (scanner.moveTo(attribute.offset), readAnyBalanced(attribute))
                   : readRecordBody(attribute, depth);
    case '"': {
        const auto content = scanner.string();
        if (!content)
            return failHere("the string is not closed on its line");
        attribute.kind = MlirAttributeKind::kString;
        attribute.text = *content;
        return true;
    }
    case '@': {
        scanner.consume('@');
        const auto quoted =
            scanner.peek() == '"' ? scanner.string() : std::optional(scanner.suffix());
        if (!quoted || quoted->empty())
            return expected("a name after '@'");
        attribute.kind = MlirAttributeKind::kSymbol;
        attribute.text = *quoted;
        while (scanner.consume("::@"))
            scanner.suffix();
        return true;
    }
    case '#':
        return readHashAttribute(attribute, depth);
    case '(':
    case '!': {
        MlirType type;
        const bool isRead = readType(type);
        attribute.text = type.text;
        return isRead;
    }
    default:
        break;
    }
    const bool isNumber = (next >= '0' && next <= '9') || next == '-' || next == '+';
    if (isNumber)
        return readNumber(attribute, allowsType);
    const bool isWord = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_';
    return isWord ? readWordAttribute(attribute, allowsType, depth) : expected("an attribute");
}

bool MlirReader::readDictionary(MlirEntries& entries, int depth)
{
    if (!scanner.consume('{'))
        return expected("'{'");
    bool isFirst = true;
    while (!scanner.consume('}')) {
        if (!isFirst && !scanner.consume(','))
            return expected("',' or '}' in the attributes");
        isFirst = false;
        const auto quoted =
            scanner.peek() == '"' ? scanner.string() : std::optional(scanner.word());
        if (!quoted || quoted->empty())
            return expected("an attribute name");
        MlirAttribute value;
        value.offset = scanner.offset();
        value.kind = MlirAttributeKind::kInteger; // A name alone says that it is so.
        value.integer = 1;
        if (scanner.consume('=') && !readAttribute(value, true, depth + 1))
            return false;
        entries.push_back({*quoted, std::move(value)});
    }
    return true;
}

bool MlirReader::readPrettyValue(MlirAttribute& attribute)
{
    if (!readAttribute(attribute, false))
        return false;
    if (attribute.kind != MlirAttributeKind::kList)
        return true;
    MlirAttribute parts;
    for (;;) {
        const size_t before = scanner.offset();
        if (!(scanner.consume('x') || scanner.consume("->")) || scanner.peek() != '[') {
            scanner.moveTo(before);
            break;
        }
        if (parts.items.empty())
            parts.items.push_back(attribute);
        parts.items.emplace_back();
        if (!readAttribute(parts.items.back(), false))
            return false;
    }
    if (!parts.items.empty()) {
        parts.kind = MlirAttributeKind::kList;
        parts.offset = attribute.offset;
        attribute = std::move(parts);
    }
    return true;
}

} // namespace alpa
