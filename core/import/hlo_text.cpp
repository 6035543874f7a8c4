#include "core/import/hlo_text.h"

#include <fmt/format.h>

#include <charconv>

namespace alpa
{
namespace
{

constexpr int kDeepestTuple = 32;
/// Each takes some 400 bytes.
constexpr size_t kMostInstructions = 2'000'000;

bool isNamePart(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == '$';
}

class HloParser
{
public:
    HloParser(const SourceText& source, DiagnosticSink& sink, const JobControl& control)
        : text_(source.text())
        , sink_(sink)
        , control_(control)
    {
    }

    std::vector<HloComputation> parse();

private:
    bool parseHead(size_t lineEnd, HloComputation& computation);
    bool parseInstruction(HloInstruction& instruction);
    bool readType(HloType& type, int depth);
    static void readLayout(std::string_view text, size_t rank, HloType& type);
    bool readBody(HloInstruction& instruction);
    bool readAttributes(HloInstruction& instruction);

    void skipSpace();
    void skipLine();
    std::string_view name();
    bool consume(char c);
    bool consumeWord(std::string_view word);
    bool skipString();
    bool fail(std::string message);

    std::string_view text_;
    DiagnosticSink& sink_;
    const JobControl& control_;
    size_t at_ = 0;
    size_t instructions_ = 0;
};

/// Spaces, newlines and /* comments */.
void HloParser::skipSpace()
{
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            ++at_;
        } else if (text_.substr(at_, 2) == "/*") {
            const size_t end = text_.find("*/", at_ + 2);
            at_ = end == std::string_view::npos ? text_.size() : end + 2;
        } else {
            return;
        }
    }
}

void HloParser::skipLine()
{
    const size_t end = text_.find('\n', at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 1;
}

std::string_view HloParser::name()
{
    skipSpace();
    if (at_ < text_.size() && text_[at_] == '%')
        ++at_;
    const size_t begin = at_;
    while (at_ < text_.size() && isNamePart(text_[at_]))
        ++at_;
    return text_.substr(begin, at_ - begin);
}

bool HloParser::consume(char c)
{
    skipSpace();
    if (at_ >= text_.size() || text_[at_] != c)
        return false;
    ++at_;
    return true;
}

bool HloParser::consumeWord(std::string_view word)
{
    skipSpace();
    const size_t end = at_ + word.size();
    if (text_.substr(at_, word.size()) != word || (end < text_.size() && isNamePart(text_[end])))
        return false;
    at_ = end;
    return true;
}

bool HloParser::skipString()
{
    for (++at_; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
        if (text_[at_] == '\\')
            ++at_;
        else if (text_[at_] == '"')
            return ++at_, true;
    }
    return false;
}

bool HloParser::fail(std::string message)
{
    sink_.error(std::min(at_, text_.size()), std::move(message));
    return false;
}

std::vector<HloComputation> HloParser::parse()
{
    std::vector<HloComputation> computations;
    while (at_ < text_.size() && !control_.isCancelled() &&
           sink_.errorCount() < DiagnosticSink::kMostErrors) {
        skipSpace();
        const size_t begin = at_;
        const size_t lineEnd = std::min(text_.find('\n', at_), text_.size());
        HloComputation computation;
        if (!parseHead(lineEnd, computation)) { // The module's line and the tables of places.
            at_ = begin;
            skipLine();
            continue;
        }
        while (!consume('}')) {
            if (at_ >= text_.size()) {
                fail(fmt::format("the file ends inside computation '{}': it may be truncated",
                                 computation.name));
                break;
            }
            if (++instructions_ > kMostInstructions) {
                fail(fmt::format("the file has more than {} instructions", kMostInstructions));
                return computations;
            }
            HloInstruction instruction;
            instruction.offset = at_;
            if (sink_.errorCount() >= DiagnosticSink::kMostErrors || control_.isCancelled())
                return computations;
            if (!parseInstruction(instruction)) {
                skipLine();
                continue;
            }
            instruction.end = at_;
            computation.instructions.push_back(std::move(instruction));
        }
        computations.push_back(std::move(computation));
    }
    return computations;
}

/// [ENTRY] %name [(parameters) -> type] {
bool HloParser::parseHead(size_t lineEnd, HloComputation& computation)
{
    computation.offset = at_;
    computation.isEntry = consumeWord("ENTRY");
    computation.name = name();
    const std::string_view rest =
        text_.substr(at_, lineEnd - std::min(at_, lineEnd)); // Signature and what follows.
    const size_t brace = rest.find_last_not_of(" \r");
    if (computation.name.empty() || computation.name == "HloModule" ||
        brace == std::string_view::npos || rest[brace] != '{')
        return false;
    const std::string_view between = rest.substr(0, brace);
    const size_t first = between.find_first_not_of(' ');
    if (first != std::string_view::npos && between[first] != '(')
        return false;
    at_ += brace + 1;
    return true;
}

bool HloParser::parseInstruction(HloInstruction& instruction)
{
    instruction.isRoot = consumeWord("ROOT");
    instruction.name = name();
    if (instruction.name.empty() || !consume('='))
        return fail("expected an instruction such as 'x.1 = f32[4] add(a.1, b.1)'");
    skipSpace();
    if (!readType(instruction.type, 0))
        return false;
    instruction.opcode = name();
    if (instruction.opcode.empty())
        return fail("expected the name of an operation");
    return readBody(instruction) && readAttributes(instruction);
}

/// "0,1" from minor to major; left out unless it names every dimension once.
void HloParser::readLayout(std::string_view text, size_t rank, HloType& type)
{
    std::vector<int> order;
    std::vector<bool> isNamed(rank, false);
    for (const char* at = text.data(); at < text.data() + text.size();) {
        int dim = 0;
        const auto [end, code] = std::from_chars(at, text.data() + text.size(), dim);
        if (code != std::errc() || dim < 0 || static_cast<size_t>(dim) >= rank ||
            isNamed[static_cast<size_t>(dim)])
            return;
        isNamed[static_cast<size_t>(dim)] = true;
        order.insert(order.begin(), dim);
        at = end + 1;
    }
    if (order.size() == rank)
        type.majorToMinor = std::move(order);
}

bool HloParser::readType(HloType& type, int depth)
{
    const size_t begin = at_;
    if (depth > kDeepestTuple)
        return fail(fmt::format("tuples nest deeper than {} levels", kDeepestTuple));
    if (consume('(')) {
        type.isTuple = true;
        while (!consume(')')) {
            if (!type.parts.empty() && !consume(','))
                return fail("expected ',' or ')' in the tuple's types");
            skipSpace();
            type.parts.emplace_back();
            if (!readType(type.parts.back(), depth + 1))
                return false;
        }
        type.text = text_.substr(begin, at_ - begin);
        return true;
    }
    const std::string_view element = name();
    TensorType tensor;
    int64_t count = 1;
    if (!consume('['))
        return fail("expected a type such as f32[4,8]");
    while (!consume(']')) {
        if (!tensor.dims.empty() && !consume(','))
            return fail("expected ',' or ']' in the type");
        skipSpace();
        if (consume('<') || consume('?'))
            return fail(
                "sizes known only at run time are not supported, export with static shapes");
        int64_t size = 0;
        const auto read = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
        if (read.ec != std::errc() || size < 0 ||
            (size > 0 && __builtin_mul_overflow(count, size, &count)) || count > (int64_t{1} << 58))
            return fail("expected the size of a dimension");
        at_ = static_cast<size_t>(read.ptr - text_.data());
        tensor.dims.push_back(size);
    }
    if (at_ < text_.size() && text_[at_] == '{') {
        const size_t end = text_.find('}', at_);
        if (end == std::string_view::npos)
            return fail("expected '}' at the end of the layout");
        std::string plain = "{";
        for (size_t dim = tensor.dims.size(); dim-- > 0;)
            plain += std::to_string(dim) + (dim > 0 ? "," : "");
        const std::string_view layout = text_.substr(at_, end - at_);
        type.hasPlainLayout = layout.substr(0, layout.find(':')) == plain;
        if (!type.hasPlainLayout)
            readLayout(layout.substr(1, layout.find(':') - 1), tensor.dims.size(), type);
        at_ = end + 1;
    }
    if (const std::optional<DType> dtype = dtypeFromName(element)) {
        tensor.dtype = *dtype;
        type.tensor = std::move(tensor);
    }
    type.text = text_.substr(begin, at_ - begin);
    return true;
}

/// (%a, f32[2]{0} %b) or the text of a literal.
bool HloParser::readBody(HloInstruction& instruction)
{
    if (!consume('('))
        return fail(fmt::format("expected '(' and the operands of '{}'", instruction.opcode));
    const size_t begin = at_;
    int depth = 0;
    size_t wordBegin = at_;
    const auto endWord = [&]() {
        std::string_view word = text_.substr(wordBegin, at_ - wordBegin);
        const size_t last = word.find_last_not_of(" \n\r\t");
        word = last == std::string_view::npos ? std::string_view() : word.substr(0, last + 1);
        word = word.substr(word.find_last_of(" \n\t/") + 1); // Behind the type and comments.
        if (!word.empty() && word.front() == '%')
            word.remove_prefix(1);
        if (!word.empty())
            instruction.operands.push_back(word);
        wordBegin = at_ + 1;
    };
    for (; at_ < text_.size(); ++at_) {
        const char c = text_[at_];
        if (c == '"') {
            if (!skipString())
                return fail("the string is not closed on its line");
            --at_;
        } else if (c == '(' || c == '{' || c == '[') {
            ++depth;
        } else if (c == ')' && depth == 0) {
            endWord();
            instruction.body = text_.substr(begin, at_ - begin);
            ++at_;
            return true;
        } else if (c == ')' || c == '}' || c == ']') {
            --depth;
        } else if (c == ',' && depth == 0) {
            endWord();
        }
    }
    return fail(fmt::format("the operands of '{}' are not closed", instruction.opcode));
}

/// , name=value up to the end of the line.
bool HloParser::readAttributes(HloInstruction& instruction)
{
    while (at_ < text_.size() && text_[at_] == ',') {
        ++at_;
        const std::string_view key = name();
        if (key.empty() || !consume('='))
            return fail("expected an attribute such as dimensions={0}");
        const size_t begin = at_;
        int depth = 0;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (depth == 0 && (c == ',' || c == '\n'))
                break;
            if (c == '"') {
                if (!skipString())
                    return fail("the string is not closed on its line");
                continue;
            }
            depth += c == '{' || c == '[' || c == '(' ? 1 : 0;
            depth -= c == '}' || c == ']' || c == ')' ? 1 : 0;
            if (depth < 0)
                break;
            ++at_;
        }
        std::string_view value = text_.substr(begin, at_ - begin);
        while (!value.empty() && (value.back() == ' ' || value.back() == '\r'))
            value.remove_suffix(1);
        instruction.attributes.emplace_back(key, value);
    }
    return true;
}

} // namespace

std::string_view HloInstruction::find(std::string_view attribute) const
{
    for (const auto& [key, value] : attributes) {
        if (key == attribute)
            return value;
    }
    return {};
}

std::vector<HloComputation> parseHlo(const SourceText& source, DiagnosticSink& sink,
                                     const JobControl& control)
{
    return HloParser(source, sink, control).parse();
}

} // namespace alpa
