#include "core/graph/graph_text.h"

#include "core/graph/attribute_fields.h"

#include <array>
#include <charconv>

namespace alpa
{
namespace
{

template <typename Number>
void appendNumber(std::string& out, Number number)
{
    // Shortest text that reads back as the same double; 32 characters hold any double or int64.
    std::array<char, 32> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    out.append(buffer.data(), end);
}

void appendQuoted(std::string& out, std::string_view text)
{
    constexpr std::string_view kHex = "0123456789abcdef";
    out += '"';
    for (const char letter : text) {
        const auto code = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            out += '\\';
            out += letter;
        } else if (letter == '\n') {
            out += "\\n";
        } else if (code < 0x20 || code == 0x7F) {
            out += "\\x";
            out += kHex[code >> 4];
            out += kHex[code & 15];
        } else {
            out += letter;
        }
    }
    out += '"';
}

void appendType(std::string& out, const TensorType& type)
{
    out += dtypeName(type.dtype);
    out += '[';
    for (size_t dim = 0; dim < type.dims.size(); ++dim) {
        if (dim != 0)
            out += ',';
        appendNumber(out, type.dims[dim]);
    }
    out += ']';
}

/// Writes " name=value"; fields at their usual value (empty lists, false, one group) are left out.
struct FieldPrinter {
    std::string& out;

    void key(std::string_view name)
    {
        out += ' ';
        out += name;
        out += '=';
    }
    void operator()(std::string_view name, int field)
    {
        key(name);
        appendNumber(out, field);
    }
    void operator()(std::string_view name, int64_t field)
    {
        if (field == 1)
            return;
        key(name);
        appendNumber(out, field);
    }
    void operator()(std::string_view name, bool field)
    {
        if (field) {
            key(name);
            out += '1';
        }
    }
    void operator()(std::string_view name, ReduceKind field)
    {
        key(name);
        out += reduceKindName(field);
    }
    void operator()(std::string_view name, CompareDirection field)
    {
        key(name);
        out += compareDirectionName(field);
    }
    void operator()(std::string_view name, const std::string& field)
    {
        if (field.empty())
            return;
        key(name);
        appendQuoted(out, field);
    }
    template <typename T>
    void operator()(std::string_view name, const std::vector<T>& field)
    {
        if (field.empty())
            return;
        key(name);
        if constexpr (std::is_same_v<T, double>) {
            if (field.size() == 1) {
                appendNumber(out, field[0]);
                return;
            }
        }
        char separator = '[';
        for (const T item : field) {
            out += separator;
            if constexpr (std::is_same_v<T, bool>)
                out += item ? '1' : '0';
            else
                appendNumber(out, item);
            separator = ',';
        }
        out += ']';
    }
};

void appendAttributes(std::string& out, const Attributes& attributes)
{
    std::visit(
        [&](const auto& alternative) { visitAttributeFields(alternative, FieldPrinter{out}); },
        attributes);
}

void appendValue(std::string& out, ValueId id)
{
    out += '%';
    appendNumber(out, id.number);
}

void appendDefinition(std::string& out, const Graph& graph, ValueId id)
{
    appendValue(out, id);
    out += ':';
    appendType(out, graph.type(id));
    out += ' ';
    if (!graph.value(id).name.empty()) {
        appendQuoted(out, graph.value(id).name);
        out += ' ';
    }
}

void appendOp(std::string& out, const Graph& graph, const Op& op)
{
    for (const ValueId result : op.results)
        appendDefinition(out, graph, result);
    out += "= ";
    out += opKindName(op.kind);
    for (const ValueId operand : op.operands) {
        out += ' ';
        appendValue(out, operand);
    }
    appendAttributes(out, op.attributes);
    if (op.scope.isValid()) {
        out += " @";
        appendNumber(out, op.scope.number);
    }
    if (op.phase != Phase::kForward) {
        out += ' ';
        out += phaseName(op.phase);
    }
    if (op.origin.isValid()) {
        out += " from=";
        appendNumber(out, op.origin.number);
    }
    if (op.sourceLine != 0) {
        out += " line=";
        appendNumber(out, op.sourceLine);
    }
}

void appendShardings(std::string& out, const Graph& graph)
{
    if (graph.fileMesh.empty())
        return;
    out += "mesh";
    for (const FileMeshAxis& axis : graph.fileMesh) {
        out += ' ';
        appendQuoted(out, axis.name);
        out += '=';
        appendNumber(out, axis.size);
    }
    out += '\n';
    for (size_t value = 0; value < graph.values.size(); ++value) {
        if (graph.values[value].sharding.empty())
            continue;
        out += "sharding ";
        appendValue(out, ValueId(value));
        out += ' ';
        appendQuoted(out, graph.values[value].sharding);
        out += '\n';
    }
}

} // namespace

std::string formatAttributes(const Attributes& attributes)
{
    std::string out;
    appendAttributes(out, attributes);
    return out.empty() ? out : out.substr(1);
}

std::string formatOp(const Graph& graph, const Op& op)
{
    std::string out;
    appendOp(out, graph, op);
    return out;
}

std::string formatGraph(const Graph& graph)
{
    std::string out = "graph ";
    out.reserve(256 + graph.ops.size() * 96);
    appendQuoted(out, graph.name);
    out += '\n';
    for (size_t scope = 0; scope < graph.scopes.size(); ++scope) {
        out += '@';
        appendNumber(out, scope);
        out += ' ';
        appendQuoted(out, graph.scopes[scope]);
        out += '\n';
    }
    for (const GraphInput& input : graph.inputs) {
        appendDefinition(out, graph, input.value);
        out += "= ";
        out += inputRoleName(input.role);
        out += '\n';
    }
    for (const Op& op : graph.ops) {
        appendOp(out, graph, op);
        out += '\n';
    }
    for (const GraphOutput& output : graph.outputs) {
        out += "output ";
        out += outputRoleName(output.role);
        out += ' ';
        appendValue(out, output.value);
        if (!output.name.empty()) {
            out += ' ';
            appendQuoted(out, output.name);
        }
        if (output.alias.isValid()) {
            out += " alias=";
            appendValue(out, output.alias);
        }
        out += '\n';
    }
    appendShardings(out, graph);
    return out;
}

} // namespace alpa
