#include "core/import/module_parser.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

/// a, b, c, d of pairs (a, b) (c, d) as a, c, b, d.
template <typename T>
std::vector<T> firstsThenSeconds(std::vector<T> pairs)
{
    std::vector<T> ordered;
    for (const size_t parity : {size_t{0}, size_t{1}}) {
        for (size_t at = parity; at < pairs.size(); at += 2)
            ordered.push_back(std::move(pairs[at]));
    }
    return ordered;
}

} // namespace

void ModuleParser::parseBlock(std::vector<MlirOp>& ops, int depth)
{
    while (!isStopped_) {
        const char next = scanner_.peek();
        if (next == '}' || scanner_.isAtEnd())
            return;
        if ((ops.size() & 255u) == 0 && control_.isCancelled()) {
            isStopped_ = true;
            return;
        }
        const size_t begin = scanner_.offset();
        MlirOp op;
        if (readOp(op, depth)) {
            ops.push_back(std::move(op));
            continue;
        }
        report();
        skipStatement(begin);
        if (scanner_.offset() <= begin)
            scanner_.moveTo(begin + 1);
        op.isBroken = true;
        op.begin = begin;
        op.end = scanner_.offset();
        op.regions.clear();
        ops.push_back(std::move(op));
    }
}

bool ModuleParser::readRegion(MlirRegion& region, int depth)
{
    if (depth > MlirReader::kDeepest)
        return reader_.fail(scanner_.offset(),
                            fmt::format("regions nest deeper than {} levels", MlirReader::kDeepest),
                            true);
    const size_t begin = scanner_.offset();
    if (!scanner_.consume('{'))
        return reader_.expected("'{' and a region");
    if (scanner_.peek() == '^') {
        scanner_.consume('^');
        scanner_.suffix();
        if (scanner_.consume('(') && !readArguments(region.arguments, ')'))
            return false;
        if (!scanner_.consume(':'))
            return reader_.expected("':' after the block's arguments");
    }
    parseBlock(region.ops, depth);
    if (isStopped_) // The reason has been reported.
        return false;
    if (scanner_.peek() == '^')
        return reader_.failHere("regions with several blocks are not supported");
    return scanner_.consume('}') ||
           reader_.fail(begin, "the region that begins here is not closed", scanner_.isAtEnd());
}

bool ModuleParser::readResults(MlirOp& op)
{
    if (scanner_.peek() != '%')
        return true;
    do {
        MlirValueDefinition definition;
        if (!readValueName(definition.name, definition.offset))
            return false;
        if (scanner_.consume(':')) {
            MlirAttribute count;
            if (!reader_.readAttribute(count, false) || count.integer < 1 || count.integer > 100000)
                return reader_.expected("the number of results");
            definition.count = static_cast<uint32_t>(count.integer);
        }
        op.results.push_back(definition);
    } while (scanner_.consume(','));
    return scanner_.consume('=') || reader_.expected("'=' after the results");
}

bool ModuleParser::readOp(MlirOp& op, int depth)
{
    // Each takes some 500 bytes; the largest training steps have a fortieth of this.
    constexpr size_t kMostStatements = 2'000'000;
    if (statements_ >= kMostStatements)
        return reader_.fail(scanner_.offset(),
                            fmt::format("the file has more than {} operations", kMostStatements),
                            true);
    // After a region that is not closed its statements are read again, one level further out: where
    // many nest that would go on forever. A sound statement has more letters than this.
    constexpr size_t kShortestStatement = 4;
    if (++statements_ > 1000 + source_.text().size() / kShortestStatement)
        return reader_.fail(scanner_.offset(), "the braces do not match, reading stops here", true);
    scanner_.skipSpace();
    op.begin = scanner_.offset();
    if (!readResults(op))
        return false;
    scanner_.skipSpace();
    op.nameOffset = scanner_.offset();
    const bool isRead = scanner_.peek() == '"' ? readGenericOp(op, depth) : readPrettyOp(op, depth);
    if (!isRead)
        return false;
    op.end = scanner_.offset();
    if (!reader_.readOptionalLocation(op.location))
        return false;
    return true;
}

bool ModuleParser::readOperand(MlirOp& op)
{
    MlirValueUse use;
    if (!readValueName(use.name, use.offset))
        return false;
    const size_t end = scanner_.offset();
    if (end < source_.text().size() && source_.text()[end] == '#') {
        scanner_.consume('#');
        MlirAttribute index;
        if (!reader_.readAttribute(index, false) || index.integer < 0 || index.integer > 100000)
            return reader_.expected("the number of a result after '#'");
        use.index = static_cast<uint32_t>(index.integer);
    }
    op.operands.push_back(use);
    return true;
}

bool ModuleParser::readGenericOp(MlirOp& op, int depth)
{
    const auto name = scanner_.string();
    if (!name || name->empty())
        return reader_.expected("the name of an operation");
    op.name = *name;
    if (!scanner_.consume('('))
        return reader_.expected("'(' and the operands");
    while (!scanner_.consume(')')) {
        if (!op.operands.empty() && !scanner_.consume(','))
            return reader_.expected("',' or ')' in the operands");
        if (!readOperand(op))
            return false;
    }
    if (scanner_.peek() == '<') {
        scanner_.consume('<');
        if (!reader_.readDictionary(op.attributes))
            return false;
        if (!scanner_.consume('>'))
            return reader_.expected("'>' after the properties");
    }
    if (scanner_.consume('(')) {
        do {
            op.regions.emplace_back();
            if (!readRegion(op.regions.back(), depth + 1))
                return false;
        } while (scanner_.consume(','));
        if (!scanner_.consume(')'))
            return reader_.expected("')' after the regions");
    }
    if (scanner_.peek() == '{' && !reader_.readDictionary(op.attributes))
        return false;
    if (!scanner_.consume(':'))
        return reader_.expected("':' and the types of the operation");
    return readOpTypes(op);
}

bool ModuleParser::readOpTypes(MlirOp& op)
{
    if (!reader_.readTypes(op.operandTypes))
        return false;
    while (scanner_.consume(',')) { // tensor<i1>, tensor<f32>: a list without parentheses.
        op.operandTypes.emplace_back();
        if (!reader_.readType(op.operandTypes.back()))
            return false;
    }
    op.hasFunctionType = scanner_.consume("->");
    return !op.hasFunctionType || reader_.readTypes(op.resultTypes);
}

bool ModuleParser::readPrettyWord(MlirOp& op)
{
    const std::string_view word = scanner_.word();
    if (scanner_.consume('=')) {
        MlirAttribute value;
        if (!reader_.readPrettyValue(value))
            return false;
        op.attributes.push_back({word, std::move(value)});
        return true;
    }
    if (word == "applies") {
        MlirAttribute applied;
        applied.kind = MlirAttributeKind::kWord;
        applied.offset = scanner_.offset();
        applied.text = scanner_.word();
        op.attributes.push_back({word, std::move(applied)});
        return true;
    }
    const bool isValue =
        scanner_.peek() == '<' && (word == "dense" || word == "dense_resource" || word == "array");
    if (isValue) {
        scanner_.moveTo(scanner_.offset() - word.size());
        MlirAttribute value;
        if (!reader_.readAttribute(value, false))
            return false;
        op.attributes.push_back({"value", std::move(value)});
        return true;
    }
    op.words.push_back(word);
    return true;
}

/// One piece between the name and the types: an operand, a word, name = value, a symbol, brackets.
bool ModuleParser::readPrettyItem(MlirOp& op, int& parentheses, bool& isDone)
{
    const char next = scanner_.peek();
    MlirAttribute value;
    switch (next) {
    case '%': {
        if (!readOperand(op))
            return false;
        if (!scanner_.consume(
                '=')) // %iterArg = %0: the name belongs to the regions, the value is the operand.
            return true;
        if (op.regions.empty())
            op.regions.emplace_back();
        MlirArgument argument;
        argument.name = op.operands.back().name;
        argument.offset = op.operands.back().offset;
        argument.spelling = nameSpellings_[argument.name].substr(1);
        op.regions.front().arguments.push_back(std::move(argument));
        op.operands.pop_back();
        return readOperand(op);
    }
    case '(':
        ++parentheses;
        return scanner_.consume('(');
    case ')':
        if (--parentheses < 0)
            return reader_.failHere("this ')' closes nothing");
        return scanner_.consume(')');
    case ',':
        return scanner_.consume(',');
    case ':':
        isDone = parentheses == 0;
        return isDone || scanner_.consume(':'); // (%3 init: %cst)
    case '{':
        return reader_.readDictionary(op.attributes);
    case '[':
        if (!reader_.readAttribute(value, false))
            return false;
        op.attributes.push_back({"ranges", std::move(value)});
        return true;
    case '@':
        if (!reader_.readAttribute(value, false))
            return false;
        op.attributes.push_back({"callee", std::move(value)});
        return true;
    case '<':
    case '#':
    case '"':
        if (!reader_.readAttribute(value, false))
            return false;
        op.attributes.push_back({"", std::move(value)});
        return true;
    default:
        break;
    }
    const bool isWord = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_';
    if (isWord)
        return readPrettyWord(op);
    if ((next >= '0' && next <= '9') || next == '-') {
        if (!reader_.readAttribute(value, false))
            return false;
        op.attributes.push_back({"", std::move(value)});
        return true;
    }
    return reader_.expected(
        fmt::format("operands, attributes or ':' and the types of '{}'", op.name));
}

bool ModuleParser::readPrettyOp(MlirOp& op, int depth)
{
    op.name = scanner_.word();
    if (op.name.empty())
        return reader_.expected("an operation");
    int parentheses = 0;
    bool isDone = false;
    while (!isDone) {
        // The head of an operation stands on one line; what follows a newline is the next
        // statement, unless it is inside parentheses or brings the types.
        const size_t before = scanner_.offset();
        const bool isNewLine = scanner_.skipSpace();
        if (parentheses == 0) {
            if (scanner_.peek() == '}' || scanner_.isAtEnd())
                break;
            if (isNewLine && scanner_.peek() != ':') {
                scanner_.moveTo(before);
                break;
            }
            const size_t at = scanner_.offset();
            if (scanner_.consumeWord("loc") && scanner_.peek() == '(') {
                scanner_.moveTo(at);
                break;
            }
            scanner_.moveTo(at);
        } else if (scanner_.isAtEnd()) {
            return reader_.expected("')'");
        }
        if (!readPrettyItem(op, parentheses, isDone))
            return false;
    }
    if (parentheses > 0)
        return reader_.expected("')'");
    if (isDone) {
        scanner_.consume(':');
        if (!readOpTypes(op))
            return false;
    }
    return readPrettyRegions(op, depth);
}

/// reducer(%a: t, %b: t) {...} and cond {...} do {...}, which stand behind the types.
bool ModuleParser::readPrettyRegions(MlirOp& op, int depth)
{
    const size_t before = scanner_.offset();
    if (op.name == "stablehlo.reduce" && op.operands.size() > 2) {
        // (%a init: %b), (%c init: %d) in the text, but a, c, b, d in the types and in the generic
        // form.
        op.operands = firstsThenSeconds(std::move(op.operands));
    }
    if (op.name == "stablehlo.reduce" && scanner_.consumeWord("reducer")) {
        op.regions.resize(1);
        while (scanner_.consume('(')) {
            if (!readArguments(op.regions.front().arguments, ')'))
                return false;
        }
        // (%a, %c) (%b, %d) in the text for the block ^bb0(%a, %b, %c, %d).
        std::vector<MlirArgument>& arguments = op.regions.front().arguments;
        arguments = firstsThenSeconds(std::move(arguments));
        return readRegion(op.regions.front(), depth + 1);
    }
    if (op.name != "stablehlo.while")
        return true;
    if (scanner_.consumeWord("attributes") && !reader_.readDictionary(op.attributes))
        return false;
    if (!scanner_.consumeWord("cond")) {
        scanner_.moveTo(before);
        return reader_.expected("'cond' and the condition of the loop");
    }
    op.regions.resize(2);
    op.regions[1].arguments = op.regions[0].arguments;
    if (!readRegion(op.regions[0], depth + 1))
        return false;
    if (!scanner_.consumeWord("do"))
        return reader_.expected("'do' and the body of the loop");
    return readRegion(op.regions[1], depth + 1);
}

} // namespace alpa
