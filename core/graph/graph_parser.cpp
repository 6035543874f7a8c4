#include "core/graph/attribute_fields.h"
#include "core/graph/graph_text.h"

#include <charconv>
#include <limits>

namespace alpa
{
namespace
{

bool isWordLetter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_';
}

/// Reads one text. Every `read*` returns false after it has noted the mistake and its place.
class GraphParser
{
public:
    explicit GraphParser(std::string_view text)
        : next_(text.data())
        , end_(text.data() + text.size())
        , lineStart_(next_)
        , size_(text.size())
    {
    }

    Result<Graph> parse()
    {
        while (next_ != end_) {
            if (!readLine())
                return *error_;
        }
        if (!hasHeader_)
            return Error(ErrorCode::kInvalidInput, "1:1: expected 'graph \"name\"'");
        if (Status complete = checkComplete(); !complete)
            return complete.error();
        return std::move(graph_);
    }

    /// A whole text that is one type.
    std::optional<TensorType> parseSingleType()
    {
        TensorType type;
        if (!readType(type) || next_ != end_)
            return std::nullopt;
        return type;
    }

private:
    friend struct FieldReader;

    bool fail(const std::string& message) { return failAt(next_, message); }
    bool failAt(const char* place, const std::string& message)
    {
        error_.emplace(ErrorCode::kInvalidInput, std::to_string(line_) + ":" +
                                                     std::to_string(place - lineStart_ + 1) + ": " +
                                                     message);
        return false;
    }
    void skipSpaces()
    {
        while (next_ != end_ && (*next_ == ' ' || *next_ == '\t' || *next_ == '\r'))
            ++next_;
    }
    bool atEndOfLine() const { return next_ == end_ || *next_ == '\n'; }
    bool at(char letter) const { return next_ != end_ && *next_ == letter; }
    bool accept(char letter)
    {
        if (!at(letter))
            return false;
        ++next_;
        return true;
    }
    bool expect(char letter)
    {
        return accept(letter) || fail(std::string("expected '") + letter + "'");
    }
    std::string_view word()
    {
        const char* start = next_;
        while (next_ != end_ && isWordLetter(*next_))
            ++next_;
        return {start, static_cast<size_t>(next_ - start)};
    }

    bool readLine()
    {
        skipSpaces();
        if (at('#')) {
            while (!atEndOfLine())
                ++next_;
        }
        if (!atEndOfLine()) {
            if (!readStatement())
                return false;
            skipSpaces();
            if (!atEndOfLine())
                return fail("expected the end of the line");
        }
        if (next_ != end_) {
            ++next_;
            ++line_;
            lineStart_ = next_;
        }
        return true;
    }

    bool readStatement()
    {
        const char* start = next_;
        if (at('%') || at('='))
            return readDefinition();
        if (at('@'))
            return readScope();
        const std::string_view keyword = word();
        if (keyword == "output")
            return readOutput();
        if (keyword == "mesh")
            return readFileMesh();
        if (keyword == "sharding")
            return readSharding();
        if (keyword != "graph" || hasHeader_)
            return failAt(start, "expected '@', '%', 'output', 'mesh', 'sharding' or one 'graph'");
        hasHeader_ = true;
        skipSpaces();
        return readQuoted(graph_.name);
    }

    template <typename Number>
    bool readNumber(Number& number)
    {
        const auto [end, code] = std::from_chars(next_, end_, number);
        if (code == std::errc::result_out_of_range)
            return fail("number out of range");
        if (code != std::errc())
            return fail("expected a number");
        next_ = end;
        return true;
    }

    bool readQuoted(std::string& text)
    {
        if (!expect('"'))
            return false;
        text.clear();
        while (!atEndOfLine() && *next_ != '"') {
            if (*next_ != '\\')
                text += *next_++;
            else if (!readEscape(text))
                return false;
        }
        return expect('"');
    }

    bool readEscape(std::string& text)
    {
        ++next_;
        if (accept('n')) {
            text += '\n';
        } else if (accept('x')) {
            unsigned code = 0;
            const char* last = end_ - next_ < 2 ? end_ : next_ + 2;
            const auto [end, problem] = std::from_chars(next_, last, code, 16);
            if (problem != std::errc() || end != next_ + 2)
                return fail("expected two hexadecimal digits");
            next_ = end;
            text += static_cast<char>(code);
        } else if (at('"') || at('\\')) {
            text += *next_++;
        } else {
            return fail("expected one of the escapes \\\" \\\\ \\n \\x");
        }
        return true;
    }

    bool readType(TensorType& type)
    {
        const char* start = next_;
        const std::optional<DType> dtype = dtypeFromName(word());
        if (!dtype)
            return failAt(start, "expected an element type such as f32");
        type.dtype = *dtype;
        if (!expect('['))
            return false;
        if (accept(']'))
            return true;
        do {
            if (!readNumber(type.dims.emplace_back()))
                return false;
            if (type.dims.back() < 0)
                return fail("a dimension cannot be negative");
        } while (accept(','));
        return expect(']');
    }

    /// "%12", of a value defined above.
    bool readUse(ValueId& id)
    {
        const char* start = next_;
        if (!expect('%') || !readNumber(id.number))
            return false;
        if (id.index() >= isDefined_.size() || !isDefined_[id.index()])
            return failAt(start, "%" + std::to_string(id.number) + " is not defined above");
        return true;
    }

    /// `%12:f32[4,32] "name" ` before the equals sign.
    bool readResult(ValueId& id)
    {
        const char* start = next_;
        if (!expect('%') || !readNumber(id.number))
            return false;
        // Numbers are dense and each takes several letters, so a larger one is wrong whatever
        // follows.
        if (id.index() > size_ / 8)
            return failAt(start, "%" + std::to_string(id.number) + " is out of range");
        if (id.index() >= isDefined_.size()) {
            isDefined_.resize(id.index() + 1);
            graph_.values.resize(id.index() + 1);
        }
        if (isDefined_[id.index()])
            return failAt(start, "%" + std::to_string(id.number) + " is defined twice");
        isDefined_[id.index()] = true;
        ++definedCount_;
        Value& value = graph_.values[id.index()];
        if (!expect(':') || !readType(value.type))
            return false;
        skipSpaces();
        if (at('"') && !readQuoted(value.name))
            return false;
        skipSpaces();
        return true;
    }

    bool readDefinition()
    {
        Op op;
        while (at('%')) {
            if (!readResult(op.results.emplace_back()))
                return false;
        }
        if (!expect('='))
            return false;
        skipSpaces();
        const char* start = next_;
        const std::string_view name = word();
        if (const std::optional<InputRole> role = inputRoleFromName(name)) {
            if (op.results.size() != 1)
                return failAt(start, "an input is one value");
            graph_.inputs.push_back({op.results[0], *role});
            return true;
        }
        const std::optional<OpKind> kind = opKindFromName(name);
        if (!kind)
            return failAt(start, "unknown op kind '" + std::string(name) + "'");
        op.kind = *kind;
        op.attributes = defaultAttributes(*kind);
        for (skipSpaces(); !atEndOfLine(); skipSpaces()) {
            if (!readOpPart(op))
                return false;
        }
        // Only now, so that an op cannot read its own results.
        for (const ValueId result : op.results)
            graph_.values[result.index()].producer = OpId(graph_.ops.size());
        graph_.ops.push_back(std::move(op));
        return true;
    }

    bool readOpPart(Op& op);

    bool readScope()
    {
        const char* start = next_++;
        uint32_t number = 0;
        if (!readNumber(number))
            return false;
        if (number != graph_.scopes.size())
            return failAt(start, "expected scope @" + std::to_string(graph_.scopes.size()));
        skipSpaces();
        std::string path;
        if (!readQuoted(path))
            return false;
        if (graph_.scope(path).index() != number && number != 0)
            return failAt(start, "scope \"" + path + "\" is listed twice");
        return (number == 0 && path.empty()) || number != 0 ||
               failAt(start, "scope @0 must be \"\"");
    }

    bool readOutput()
    {
        GraphOutput output;
        skipSpaces();
        const char* start = next_;
        const std::optional<OutputRole> role = outputRoleFromName(word());
        if (!role)
            return failAt(start, "expected an output role such as loss");
        output.role = *role;
        skipSpaces();
        if (!readUse(output.value))
            return false;
        skipSpaces();
        if (at('"') && !readQuoted(output.name))
            return false;
        skipSpaces();
        start = next_;
        if (!atEndOfLine()) {
            if (word() != "alias" || !accept('='))
                return failAt(start, "expected 'alias='");
            if (!readUse(output.alias))
                return false;
        }
        graph_.outputs.push_back(std::move(output));
        return true;
    }

    bool readFileMesh()
    {
        for (skipSpaces(); !atEndOfLine(); skipSpaces()) {
            FileMeshAxis axis;
            if (!readQuoted(axis.name) || !expect('=') || !readNumber(axis.size))
                return false;
            graph_.fileMesh.push_back(std::move(axis));
        }
        return true;
    }

    bool readSharding()
    {
        ValueId value;
        skipSpaces();
        if (!readUse(value))
            return false;
        skipSpaces();
        return readQuoted(graph_.values[value.index()].sharding);
    }

    Status checkComplete() const
    {
        if (definedCount_ != isDefined_.size()) {
            size_t missing = 0;
            while (isDefined_[missing])
                ++missing;
            return Error(ErrorCode::kInvalidInput, std::to_string(line_) + ":1: %" +
                                                       std::to_string(missing) +
                                                       " is never defined, but later numbers are");
        }
        for (size_t op = 0; op < graph_.ops.size(); ++op) {
            const OpId origin = graph_.ops[op].origin;
            if (origin.isValid() && origin.index() >= graph_.ops.size())
                return Error(ErrorCode::kInvalidInput, std::to_string(line_) + ":1: op " +
                                                           std::to_string(op) + " is from op " +
                                                           std::to_string(origin.number) +
                                                           ", which does not exist");
        }
        return {};
    }

    const char* next_;
    const char* end_;
    const char* lineStart_;
    size_t size_;
    int line_ = 1;
    bool hasHeader_ = false;
    Graph graph_;
    std::vector<bool> isDefined_;
    size_t definedCount_ = 0;
    std::optional<Error> error_;
};

/// Reads the value of the one field named `key`.
struct FieldReader {
    GraphParser& parser;
    std::string_view key;
    bool isKnown = false;
    bool isRead = false;

    template <typename T>
    void operator()(std::string_view name, T& field)
    {
        if (isKnown || name != key)
            return;
        isKnown = true;
        isRead = read(field);
    }

    bool read(int& field) { return parser.readNumber(field); }
    bool read(int64_t& field) { return parser.readNumber(field); }
    bool read(double& field) { return parser.readNumber(field); }
    bool read(std::string& field) { return parser.readQuoted(field); }
    bool read(bool& field)
    {
        field = parser.at('1');
        return parser.accept('0') || parser.accept('1') || parser.fail("expected 0 or 1");
    }
    bool read(ReduceKind& field)
    {
        const std::optional<ReduceKind> kind = reduceKindFromName(parser.word());
        field = kind.value_or(ReduceKind::kAdd);
        return kind.has_value() || parser.fail("expected a reduction such as add");
    }
    bool read(CompareDirection& field)
    {
        const std::optional<CompareDirection> direction = compareDirectionFromName(parser.word());
        field = direction.value_or(CompareDirection::kEq);
        return direction.has_value() || parser.fail("expected a direction such as eq");
    }
    template <typename T>
    bool read(std::vector<T>& field)
    {
        field.clear();
        T item{};
        if (std::is_same_v<T, double> && !parser.at('[')) {
            const bool isNumber = read(item);
            field.push_back(item);
            return isNumber;
        }
        if (!parser.expect('['))
            return false;
        do {
            if (!read(item))
                return false;
            field.push_back(item);
        } while (parser.accept(','));
        return parser.expect(']');
    }
};

/// One of: operand, @scope, phase, from=, line=, an attribute.
bool GraphParser::readOpPart(Op& op)
{
    if (at('%')) {
        const char* start = next_;
        ValueId& operand = op.operands.emplace_back();
        if (!readUse(operand))
            return false;
        for (const ValueId result : op.results) {
            if (result == operand)
                return failAt(start, "an op cannot read its own result");
        }
        return true;
    }
    if (accept('@')) {
        if (!readNumber(op.scope.number))
            return false;
        return op.scope.index() < graph_.scopes.size() || fail("no such scope");
    }
    const char* start = next_;
    const std::string_view key = word();
    if (!accept('=')) {
        const std::optional<Phase> phase = phaseFromName(key);
        op.phase = phase.value_or(Phase::kForward);
        return phase.has_value() ||
               failAt(start, "expected an operand, a scope, a phase or an attribute");
    }
    if (key == "from")
        return readNumber(op.origin.number);
    if (key == "line")
        return readNumber(op.sourceLine);
    FieldReader reader{*this, key};
    std::visit([&](auto& alternative) { visitAttributeFields(alternative, reader); },
               op.attributes);
    if (!reader.isKnown)
        return failAt(start, std::string(opKindName(op.kind)) + " has no attribute '" +
                                 std::string(key) + "'");
    return reader.isRead;
}

} // namespace

Result<Graph> parseGraph(std::string_view text) { return GraphParser(text).parse(); }

std::optional<TensorType> parseType(std::string_view text)
{
    return GraphParser(text).parseSingleType();
}

} // namespace alpa
