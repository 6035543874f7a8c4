#include "core/import/mlir_parser.h"

#include "core/import/module_parser.h"

#include <fmt/format.h>

namespace alpa
{
namespace
{

/// Of one function or region.
constexpr size_t kMostArguments = size_t{1} << 20;

} // namespace

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

/// name: "0x04000000<digits>" of the dictionaries of resources; the first eight digits are an
/// alignment.
void ModuleParser::readResources(std::string_view text)
{
    constexpr size_t kAlignmentDigits = 10; // With the 0x.
    for (size_t at = text.find('"'); at != std::string_view::npos;) {
        const size_t end = text.find('"', at + 1);
        if (end == std::string_view::npos)
            return;
        const std::string_view digits = text.substr(at + 1, end - at - 1);
        size_t nameEnd = text.find_last_not_of(" \n\r\t:", at - 1);
        size_t nameBegin = text.find_last_of(" \n\r\t{,", nameEnd);
        if (nameEnd != std::string_view::npos && nameBegin != std::string_view::npos &&
            digits.starts_with("0x") && digits.size() >= kAlignmentDigits)
            module_.resources.emplace(text.substr(nameBegin + 1, nameEnd - nameBegin),
                                      digits.substr(kAlignmentDigits));
        at = text.find('"', end + 1);
    }
}

/// Behind "sdy.mesh": @name = <[...]>, on one line.
void ModuleParser::readMesh(size_t begin)
{
    const std::string_view text = source_.text();
    const std::string_view line =
        text.substr(begin, std::min(text.find('\n', begin), text.size()) - begin);
    const size_t name = line.find('@');
    const size_t open = line.find('<');
    const size_t close = line.rfind('>');
    if (name == std::string_view::npos || open == std::string_view::npos ||
        close == std::string_view::npos || close < open || open < name)
        return;
    const size_t nameEnd = line.find_first_of(" =\t", name);
    module_.meshes.emplace(line.substr(name + 1, nameEnd - name - 1),
                           line.substr(open + 1, close - open - 1));
}

void ModuleParser::resolveResources(std::vector<MlirOp>& ops)
{
    constexpr std::string_view kPrefix = "dense_resource<";
    for (MlirOp& op : ops) {
        for (auto& [name, value] : op.attributes) {
            if (value.kind != MlirAttributeKind::kOther || !value.text.starts_with(kPrefix) ||
                !value.text.ends_with('>'))
                continue;
            const auto resource = module_.resources.find(
                value.text.substr(kPrefix.size(), value.text.size() - kPrefix.size() - 1));
            if (resource == module_.resources.end())
                continue;
            value.kind = MlirAttributeKind::kResource;
            value.text = resource->second;
        }
        for (MlirRegion& region : op.regions)
            resolveResources(region.ops);
    }
}

MlirModule ModuleParser::parse()
{
    while (!scanner_.isAtEnd() && !isStopped_ && !control_.isCancelled())
        parseItem();
    if (!module_.resources.empty()) {
        for (MlirFunction& function : module_.functions)
            resolveResources(function.body.ops);
    }
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
    } else if (scanner_.consume("{-#")) {
        const size_t end = std::min(source_.text().find("#-}", begin), source_.text().size());
        readResources(source_.text().substr(begin, end - begin));
        scanner_.moveTo(std::min(end + 3, source_.text().size()));
    } else if (scanner_.peek() == '!') {
        skipStatement(begin); // A type alias.
    } else {
        const std::string_view word = scanner_.word();
        if (word == "sdy.mesh")
            readMesh(begin);
        else if (word.substr(0, 4) != "sdy.")
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
        if (arguments.size() == kMostArguments)
            return reader_.fail(scanner_.offset(),
                                fmt::format("more than {} arguments", kMostArguments));
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

MlirModule parseMlir(const SourceText& source, DiagnosticSink& sink, const JobControl& control)
{
    return ModuleParser(source, sink, control).parse();
}

} // namespace alpa
