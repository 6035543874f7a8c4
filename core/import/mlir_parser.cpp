#include "core/import/mlir_parser.h"

#include "core/import/mlir_reader.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

/// One pass over the text. Statements that fail are skipped whole: to the end of their line, or of
/// their braces.
class ModuleParser
{
public:
    ModuleParser(const SourceText& source, DiagnosticSink& sink, const JobControl& control)
        : source_(source)
        , sink_(sink)
        , control_(control)
        , reader_(source.text(), module_)
        , scanner_(reader_.scanner)
    {
        module_.locations.emplace_back(); // kUnknownLocation
    }

    MlirModule parse();

private:
    void parseItem();
    void parseAlias();
    void parseModuleHead();
    void parseFunction();
    bool readFunctionHead(MlirFunction& function);
    bool readFunctionResults(MlirFunction& function);
    bool readArguments(std::vector<MlirArgument>& arguments, char close);
    bool readArgument(MlirArgument& argument);
    void parseGenericModule();
    MlirFunction functionFrom(MlirOp op);

    void parseBlock(std::vector<MlirOp>& ops, int depth);
    bool readRegion(MlirRegion& region, int depth);
    bool readOp(MlirOp& op, int depth);
    bool readResults(MlirOp& op);
    bool readGenericOp(MlirOp& op, int depth);
    bool readPrettyOp(MlirOp& op, int depth);
    bool readPrettyItem(MlirOp& op, int& parentheses, bool& isDone);
    bool readPrettyWord(MlirOp& op);
    bool readPrettyRegions(MlirOp& op, int depth);
    bool readOpTypes(MlirOp& op);
    bool readOperand(MlirOp& op);
    bool readValueName(uint32_t& name, size_t& offset);

    void report();
    void skipStatement(size_t begin);

    const SourceText& source_;
    DiagnosticSink& sink_;
    const JobControl& control_;
    MlirModule module_;
    MlirReader reader_;
    MlirScanner& scanner_;
    std::unordered_map<std::string_view, uint32_t> names_; // Of the function at hand.
    std::vector<std::string_view> nameSpellings_;
    bool isStopped_ = false;
    int openModules_ = 0;
};

void ModuleParser::report()
{
    if (reader_.problem()) {
        sink_.error(reader_.problem()->offset, reader_.problem()->message);
        isStopped_ = isStopped_ || reader_.problem()->isFatal;
    }
    reader_.clearProblem();
    // Skipping a statement may look through the rest of the text, so the number of times is
    // limited.
    if (!isStopped_ && sink_.errorCount() >= DiagnosticSink::kMostErrors) {
        sink_.errorWithoutPlace("reading stops here: too many errors");
        isStopped_ = true;
    }
}

/// Moves behind the statement that begins at `begin`: to the end of the line on which its braces
/// are closed, but never past a brace that closes what is around it. If its braces are never
/// closed, only its first line is skipped.
void ModuleParser::skipStatement(size_t begin)
{
    const std::string_view text = source_.text();
    int depth = 0;
    size_t firstLineEnd = text.size();
    for (size_t at = begin; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n') {
            firstLineEnd = std::min(firstLineEnd, at);
            if (depth == 0) {
                scanner_.moveTo(at + 1);
                return;
            }
        } else if (c == '"') {
            const size_t end = text.find_first_of("\"\n", at + 1);
            if (end != std::string_view::npos && text[end] == '"')
                at = end;
        } else if (c == '{') {
            ++depth;
        } else if (c == '}') {
            if (depth == 0) {
                scanner_.moveTo(at);
                return;
            }
            --depth;
        }
    }
    scanner_.moveTo(firstLineEnd);
}

MlirModule ModuleParser::parse()
{
    while (!scanner_.isAtEnd() && !isStopped_ && !control_.isCancelled())
        parseItem();
    if (openModules_ > 0 && !isStopped_ && !control_.isCancelled())
        sink_.error(source_.text().size(),
                    "the file ends inside the module, a '}' is missing: it may be truncated");
    return std::move(module_);
}

void ModuleParser::parseItem()
{
    const size_t begin = (scanner_.skipSpace(), scanner_.offset());
    if (scanner_.peek() == '#') {
        parseAlias();
    } else if (scanner_.consumeWord("module") || scanner_.consumeWord("builtin.module")) {
        parseModuleHead();
    } else if (scanner_.consumeWord("func.func") || scanner_.consumeWord("func")) {
        parseFunction();
    } else if (scanner_.peek() == '"') {
        parseGenericModule();
    } else if (scanner_.peek() == '}') {
        if (openModules_ == 0)
            sink_.error(begin, "this '}' closes nothing");
        openModules_ = std::max(0, openModules_ - 1);
        scanner_.consume('}');
        MlirLocationId location = kUnknownLocation;
        if (!reader_.readOptionalLocation(location))
            skipStatement(begin + 1);
    } else if (scanner_.consume("{-#")) { // Resources of the dialects; what reads them says so.
        const size_t end = source_.text().find("#-}", begin);
        scanner_.moveTo(end == std::string_view::npos ? source_.text().size() : end + 3);
    } else if (scanner_.peek() == '!') {
        skipStatement(begin); // A type alias.
    } else {
        const std::string_view word = scanner_.word();
        if (word.substr(0, 4) != "sdy.") // Meshes of shardings stand beside the functions.
            sink_.error(
                begin,
                word.empty()
                    ? "expected a module, a function or an alias"
                    : fmt::format("expected a module, a function or an alias, found '{}'", word));
        skipStatement(begin);
        if (scanner_.offset() <= begin)
            scanner_.moveTo(begin + 1);
    }
    report();
}

void ModuleParser::parseAlias()
{
    const size_t begin = scanner_.offset();
    scanner_.consume('#');
    const std::string_view name = scanner_.suffix();
    const bool isLocation =
        scanner_.consume('=') && scanner_.consumeWord("loc") && scanner_.consume('(');
    if (!isLocation) {
        if (name.empty())
            sink_.error(begin, "expected a name after '#'");
        skipStatement(begin); // An alias of an attribute. Those of shardings are not needed.
        return;
    }
    MlirLocationId location = kUnknownLocation;
    const bool isRead =
        reader_.readLocation(location) &&
        (scanner_.consume(')') || reader_.expected("')' at the end of the location"));
    report();
    if (isRead)
        module_.locationAliases.emplace(name, location);
    else
        skipStatement(begin);
}

void ModuleParser::parseModuleHead()
{
    const size_t begin = scanner_.offset();
    if (scanner_.consume('@'))
        module_.name = scanner_.suffix();
    MlirEntries attributes;
    const bool hasAttributes = scanner_.consumeWord("attributes");
    if ((hasAttributes && !reader_.readDictionary(attributes)) || !scanner_.consume('{')) {
        reader_.expected("'{' and the functions of the module");
        report();
        skipStatement(begin);
        return;
    }
    ++openModules_;
}

bool ModuleParser::readValueName(uint32_t& name, size_t& offset)
{
    scanner_.skipSpace();
    offset = scanner_.offset();
    if (!scanner_.consume('%'))
        return reader_.expected("a value such as %0");
    const std::string_view suffix = scanner_.suffix();
    if (suffix.empty())
        return reader_.expected("a name after '%'");
    const auto [entry, isNew] =
        names_.emplace(suffix, static_cast<uint32_t>(nameSpellings_.size()));
    if (isNew)
        nameSpellings_.push_back(scanner_.between(offset, scanner_.offset()));
    name = entry->second;
    return true;
}

bool ModuleParser::readArgument(MlirArgument& argument)
{
    if (!readValueName(argument.name, argument.offset))
        return false;
    argument.spelling = nameSpellings_[argument.name].substr(1);
    if (!scanner_.consume(':'))
        return reader_.expected("':' and the type of the argument");
    if (!reader_.readType(argument.type))
        return false;
    if (scanner_.peek() == '{' && !reader_.readDictionary(argument.attributes))
        return false;
    return reader_.readOptionalLocation(argument.location);
}

/// Behind the opening parenthesis, to the closing one included.
bool ModuleParser::readArguments(std::vector<MlirArgument>& arguments, char close)
{
    const size_t first = arguments.size();
    while (!scanner_.consume(close)) {
        if (arguments.size() > first && !scanner_.consume(','))
            return reader_.expected("',' or ')' in the arguments");
        arguments.emplace_back();
        if (!readArgument(arguments.back()))
            return false;
    }
    return true;
}

bool ModuleParser::readFunctionResults(MlirFunction& function)
{
    if (!scanner_.consume("->"))
        return true;
    if (scanner_.peek() != '(') {
        function.results.emplace_back();
        return reader_.readType(function.results.back().type);
    }
    scanner_.consume('(');
    while (!scanner_.consume(')')) {
        if (!function.results.empty() && !scanner_.consume(','))
            return reader_.expected("',' or ')' in the results");
        function.results.emplace_back();
        if (!reader_.readType(function.results.back().type))
            return false;
        if (scanner_.peek() == '{' && !reader_.readDictionary(function.results.back().attributes))
            return false;
    }
    return true;
}

bool ModuleParser::readFunctionHead(MlirFunction& function)
{
    function.isPublic = !scanner_.consumeWord("private") && !scanner_.consumeWord("nested");
    if (function.isPublic)
        scanner_.consumeWord("public");
    scanner_.skipSpace();
    function.offset = scanner_.offset();
    if (!scanner_.consume('@'))
        return reader_.expected("a function name such as @main");
    const auto name = scanner_.peek() == '"' ? scanner_.string() : std::optional(scanner_.suffix());
    if (!name || name->empty())
        return reader_.expected("a name after '@'");
    function.name = *name;
    if (!scanner_.consume('('))
        return reader_.expected("'(' and the arguments");
    if (!readArguments(function.body.arguments, ')') || !readFunctionResults(function))
        return false;
    MlirEntries attributes;
    return !scanner_.consumeWord("attributes") || reader_.readDictionary(attributes);
}

void ModuleParser::parseFunction()
{
    const size_t begin = scanner_.offset();
    names_.clear();
    nameSpellings_.clear();
    MlirFunction function;
    if (!readFunctionHead(function)) {
        report();
        skipStatement(begin);
        return;
    }
    if (scanner_.consume('{')) {
        function.hasBody = true;
        parseBlock(function.body.ops, 0);
        if (!scanner_.consume('}') && !isStopped_ && !control_.isCancelled()) {
            sink_.error(source_.text().size(),
                        fmt::format("the file ends inside function '@{}': it may be truncated",
                                    function.name));
            isStopped_ = true;
        }
    }
    MlirLocationId location = kUnknownLocation;
    if (!reader_.readOptionalLocation(location))
        report();
    function.names = nameSpellings_;
    module_.functions.push_back(std::move(function));
}

/// "builtin.module"() ({...}) : () -> () with "func.func" operations in its region.
void ModuleParser::parseGenericModule()
{
    const size_t begin = scanner_.offset();
    names_.clear();
    nameSpellings_.clear();
    MlirOp op;
    if (!readOp(op, 0)) {
        report();
        skipStatement(begin);
        return;
    }
    std::vector<MlirOp> ops;
    if (op.name == "builtin.module" && !op.regions.empty())
        ops = std::move(op.regions.front().ops);
    else
        ops.push_back(std::move(op));
    for (MlirOp& item : ops) {
        if (item.name == "func.func")
            module_.functions.push_back(functionFrom(std::move(item)));
        else if (!item.isBroken && item.name.substr(0, 4) != "sdy.")
            sink_.error(item.nameOffset, fmt::format("expected a function, found '{}'", item.name));
    }
}

MlirFunction ModuleParser::functionFrom(MlirOp op)
{
    MlirFunction function;
    function.offset = op.nameOffset;
    const MlirAttribute* name = op.find("sym_name");
    const MlirAttribute* visibility = op.find("sym_visibility");
    function.name = name != nullptr ? name->text : std::string_view();
    function.isPublic = visibility == nullptr || visibility->text == "public";
    function.hasBody = !op.regions.empty() && !op.regions.front().ops.empty();
    if (function.hasBody)
        function.body = std::move(op.regions.front());
    // Names are numbered through all functions here; the result types are those of the return
    // statement.
    function.names = nameSpellings_;
    if (function.hasBody && !function.body.ops.empty()) {
        for (const MlirType& type : function.body.ops.back().operandTypes)
            function.results.push_back(MlirResult{type, {}});
    }
    return function;
}

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
           reader_.fail(begin, "the region that begins here is not closed");
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
        op.attributes.emplace_back(word, std::move(value));
        return true;
    }
    if (word == "applies") {
        MlirAttribute applied;
        applied.kind = MlirAttributeKind::kWord;
        applied.offset = scanner_.offset();
        applied.text = scanner_.word();
        op.attributes.emplace_back(word, std::move(applied));
        return true;
    }
    const bool isValue =
        scanner_.peek() == '<' && (word == "dense" || word == "dense_resource" || word == "array");
    if (isValue) {
        scanner_.moveTo(scanner_.offset() - word.size());
        MlirAttribute value;
        if (!reader_.readAttribute(value, false))
            return false;
        op.attributes.emplace_back("value", std::move(value));
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
        op.attributes.emplace_back("ranges", std::move(value));
        return true;
    case '@':
        if (!reader_.readAttribute(value, false))
            return false;
        op.attributes.emplace_back("callee", std::move(value));
        return true;
    case '<':
    case '#':
    case '"':
        if (!reader_.readAttribute(value, false))
            return false;
        op.attributes.emplace_back("", std::move(value));
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
        op.attributes.emplace_back("", std::move(value));
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
        std::vector<MlirValueUse> ordered;
        for (const size_t parity : {size_t{0}, size_t{1}}) {
            for (size_t at = parity; at < op.operands.size(); at += 2)
                ordered.push_back(op.operands[at]);
        }
        op.operands = std::move(ordered);
    }
    if (op.name == "stablehlo.reduce" && scanner_.consumeWord("reducer")) {
        op.regions.resize(1);
        while (scanner_.consume('(')) {
            if (!readArguments(op.regions.front().arguments, ')'))
                return false;
        }
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

} // namespace

MlirModule parseMlir(const SourceText& source, DiagnosticSink& sink, const JobControl& control)
{
    return ModuleParser(source, sink, control).parse();
}

} // namespace alpa
