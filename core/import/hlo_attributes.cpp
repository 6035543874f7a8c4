#include "core/import/hlo_module.h"

#include <array>
#include <charconv>
#include <map>

namespace alpa
{
namespace
{

MlirAttribute number(int64_t value)
{
    MlirAttribute attribute;
    attribute.kind = MlirAttributeKind::kInteger;
    attribute.integer = value;
    return attribute;
}

MlirAttribute list(const std::vector<int64_t>& values)
{
    MlirAttribute attribute;
    attribute.kind = MlirAttributeKind::kList;
    for (const int64_t value : values)
        attribute.items.push_back(number(value));
    return attribute;
}

MlirAttribute word(std::string_view text)
{
    MlirAttribute attribute;
    attribute.kind = MlirAttributeKind::kWord;
    attribute.text = text;
    return attribute;
}

/// "b01f" as [b, 0, 1, f].
MlirAttribute labels(std::string_view text)
{
    MlirAttribute attribute;
    attribute.kind = MlirAttributeKind::kList;
    for (size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        attribute.items.push_back(c >= '0' && c <= '9' ? number(c - '0')
                                                       : word(text.substr(at, 1)));
    }
    return attribute;
}

/// The values of {size=3x3 stride=2x2 pad=1_1x0_0}, by name.
std::map<std::string_view, std::string_view> windowParts(std::string_view text)
{
    std::map<std::string_view, std::string_view> parts;
    while (!text.empty()) {
        const size_t begin = text.find_first_not_of("{} ");
        if (begin == std::string_view::npos)
            break;
        text.remove_prefix(begin);
        const size_t end = std::min(text.find_first_of(" }"), text.size());
        const std::string_view part = text.substr(0, end);
        const size_t equals = part.find('=');
        if (equals != std::string_view::npos)
            parts[part.substr(0, equals)] = part.substr(equals + 1);
        text.remove_prefix(end);
    }
    return parts;
}

using Entries = std::vector<MlirEntry>;

void addWindow(const HloInstruction& instruction, bool isConvolution, Entries& entries)
{
    const auto parts = windowParts(instruction.find("window"));
    const auto add = [&](std::string_view from, std::string_view to) {
        const auto part = parts.find(from);
        if (part != parts.end())
            entries.push_back({to, list(hloIntegers(part->second))});
    };
    if (!isConvolution)
        add("size", "window_dimensions");
    add("stride", "window_strides");
    add("pad", "padding");
    add("lhs_dilate", isConvolution ? "lhs_dilation" : "base_dilations");
    add("rhs_dilate", isConvolution ? "rhs_dilation" : "window_dilations");
    add("rhs_reversal", "window_reversal");
}

void addConvolution(const HloInstruction& instruction, Entries& entries)
{
    addWindow(instruction, true, entries);
    const std::string_view dims = instruction.find("dim_labels");
    const size_t kernel = dims.find('_');
    const size_t output = dims.find("->");
    if (kernel != std::string_view::npos && output != std::string_view::npos && kernel < output) {
        MlirAttribute numbers;
        numbers.kind = MlirAttributeKind::kList;
        numbers.items = {labels(dims.substr(0, kernel)),
                         labels(dims.substr(kernel + 1, output - kernel - 1)),
                         labels(dims.substr(output + 2))};
        entries.push_back({"dimension_numbers", std::move(numbers)});
    }
    for (const std::string_view count : {"feature_group_count", "batch_group_count"}) {
        if (const std::string_view value = instruction.find(count); !value.empty())
            entries.push_back({count, list(hloIntegers(value))});
    }
}

/// Lists of dimension numbers as one record; names differ between the two forms.
MlirAttribute record(const HloInstruction& instruction,
                     std::initializer_list<std::pair<std::string_view, std::string_view>> names)
{
    MlirAttribute numbers;
    numbers.kind = MlirAttributeKind::kRecord;
    for (const auto& [from, to] : names) {
        if (const std::string_view value = instruction.find(from); !value.empty())
            numbers.entries.push_back({to, list(hloIntegers(value))});
    }
    return numbers;
}

/// {[0:4], [0:24:4]} as a list of lists.
MlirAttribute ranges(std::string_view text)
{
    MlirAttribute all;
    all.kind = MlirAttributeKind::kList;
    for (size_t open = text.find('['); open != std::string_view::npos;
         open = text.find('[', open + 1)) {
        const size_t close = std::min(text.find(']', open), text.size());
        all.items.push_back(list(hloIntegers(text.substr(open, close - open))));
    }
    return all;
}

/// Low, high and interior padding of 0_1x2_3_1.
void addPadding(std::string_view text, Entries& entries)
{
    std::array<std::vector<int64_t>, 3> parts;
    while (!text.empty()) {
        const size_t end = std::min(text.find('x'), text.size());
        std::vector<int64_t> numbers = hloIntegers(text.substr(0, end));
        numbers.resize(3, 0);
        for (size_t part = 0; part < parts.size(); ++part)
            parts[part].push_back(numbers[part]);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    constexpr std::array<std::string_view, 3> kNames = {"low", "high", "interior"};
    for (size_t part = 0; part < parts.size(); ++part)
        entries.push_back({kNames[part], list(parts[part])});
}

/// {{1, 2}, {3, inf}} as MLIR writes it: [[1, 2], [3, 0x7F800000]].
std::string literal(std::string_view text, DType dtype)
{
    const std::string_view infinity = dtype == DType::kF64    ? "7FF0000000000000"
                                      : dtype == DType::kF32  ? "7F800000"
                                      : dtype == DType::kBF16 ? "7F80"
                                                              : "7C00";
    const std::string_view minusInfinity = dtype == DType::kF64    ? "FFF0000000000000"
                                           : dtype == DType::kF32  ? "FF800000"
                                           : dtype == DType::kBF16 ? "FF80"
                                                                   : "FC00";
    const std::string_view nan = dtype == DType::kF64    ? "7FF8000000000000"
                                 : dtype == DType::kF32  ? "7FC00000"
                                 : dtype == DType::kBF16 ? "7FC0"
                                                         : "7E00";
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("/*")) {
            const size_t end = rest.find("*/");
            at += end == std::string_view::npos ? rest.size() : end + 2;
        } else if (rest.starts_with("-inf")) {
            out += "0x" + std::string(minusInfinity);
            at += 4;
        } else if (rest.starts_with("inf")) {
            out += "0x" + std::string(infinity);
            at += 3;
        } else if (rest.starts_with("-nan") || rest.starts_with("nan")) {
            out += "0x" + std::string(nan);
            at += rest.front() == '-' ? size_t{4} : size_t{3};
        } else {
            const char c = text[at++];
            out += c == '{' ? '[' : c == '}' ? ']' : c;
        }
    }
    return out;
}

void addGather(const HloInstruction& instruction, Entries& entries)
{
    entries.push_back(
        {"dimension_numbers",
         record(instruction, {{"offset_dims", "offset_dims"},
                              {"collapsed_slice_dims", "collapsed_slice_dims"},
                              {"operand_batching_dims", "operand_batching_dims"},
                              {"start_indices_batching_dims", "start_indices_batching_dims"},
                              {"start_index_map", "start_index_map"},
                              {"index_vector_dim", "index_vector_dim"}})});
}

void addScatter(const HloInstruction& instruction, Entries& entries)
{
    entries.push_back(
        {"scatter_dimension_numbers",
         record(instruction, {{"update_window_dims", "update_window_dims"},
                              {"inserted_window_dims", "inserted_window_dims"},
                              {"input_batching_dims", "input_batching_dims"},
                              {"scatter_indices_batching_dims", "scatter_indices_batching_dims"},
                              {"scatter_dims_to_operand_dims", "scatter_dims_to_operand_dims"},
                              {"index_vector_dim", "index_vector_dim"}})});
}

} // namespace

std::vector<int64_t> hloIntegers(std::string_view text)
{
    std::vector<int64_t> numbers;
    for (size_t at = 0; at < text.size();) {
        const bool isNumber =
            (text[at] >= '0' && text[at] <= '9') ||
            (text[at] == '-' && at + 1 < text.size() && text[at + 1] >= '0' && text[at + 1] <= '9');
        if (!isNumber) {
            ++at;
            continue;
        }
        int64_t value = 0;
        const auto read = std::from_chars(text.data() + at, text.data() + text.size(), value);
        if (read.ec == std::errc())
            numbers.push_back(value);
        at = static_cast<size_t>(read.ptr - text.data());
    }
    return numbers;
}

std::vector<MlirEntry> hloAttributes(const HloInstruction& instruction,
                                     std::deque<std::string>& strings)
{
    Entries entries;
    const std::string_view opcode = instruction.opcode;
    const auto addList = [&](std::string_view from, std::string_view to) {
        if (const std::string_view value = instruction.find(from); !value.empty())
            entries.push_back({to, list(hloIntegers(value))});
    };
    if (opcode == "constant" && instruction.type.tensor) {
        MlirAttribute value;
        value.kind = MlirAttributeKind::kDense;
        value.text =
            strings.emplace_back(literal(instruction.body, instruction.type.tensor->dtype));
        entries.push_back({"value", std::move(value)});
    } else if (opcode == "compare") {
        entries.push_back({"comparison_direction", word(instruction.find("direction"))});
    } else if (opcode == "dot") {
        entries.push_back(
            {"dot_dimension_numbers",
             record(instruction, {{"lhs_batch_dims", "lhs_batching_dimensions"},
                                  {"rhs_batch_dims", "rhs_batching_dimensions"},
                                  {"lhs_contracting_dims", "lhs_contracting_dimensions"},
                                  {"rhs_contracting_dims", "rhs_contracting_dimensions"}})});
    } else if (opcode == "convolution") {
        addConvolution(instruction, entries);
    } else if (opcode == "reduce-window" || opcode == "select-and-scatter") {
        addWindow(instruction, false, entries);
    } else if (opcode == "gather") {
        addGather(instruction, entries);
        addList("slice_sizes", "slice_sizes");
    } else if (opcode == "scatter") {
        addScatter(instruction, entries);
    } else if (opcode == "slice") {
        entries.push_back({"ranges", ranges(instruction.find("slice"))});
    } else if (opcode == "pad") {
        addPadding(instruction.find("padding"), entries);
    } else if (opcode == "reduce-precision") {
        addList("exponent_bits", "exponent_bits");
        addList("mantissa_bits", "mantissa_bits");
    } else if (opcode == "custom-call") {
        std::string_view target = instruction.find("custom_call_target");
        if (target.size() >= 2)
            target = target.substr(1, target.size() - 2);
        entries.push_back({"callee", word(target)});
        if (const std::string_view config = instruction.find("backend_config"); !config.empty())
            entries.push_back({"backend_config", word(config)});
    } else {
        addList("dimensions", opcode == "broadcast"     ? "broadcast_dimensions"
                              : opcode == "transpose"   ? "permutation"
                              : opcode == "concatenate" ? "dimension"
                              : opcode == "sort"        ? "dimension"
                                                        : "dimensions");
        addList("iota_dimension", "iota_dimension");
        addList("dynamic_slice_sizes", "slice_sizes");
    }
    return entries;
}

void markAliasedArguments(MlirFunction& main, std::string_view hlo)
{
    constexpr std::string_view kKey = "input_output_alias={";
    const std::string_view line = hlo.substr(0, hlo.find('\n'));
    const size_t key = line.find(kKey);
    if (key == std::string_view::npos)
        return;
    std::string_view rest = line.substr(key + kKey.size());
    // "{0}: (3, {}, may-alias), " again and again: a result, then the parameter.
    while (rest.find_first_not_of(", ") != std::string_view::npos &&
           rest[rest.find_first_not_of(", ")] == '{') {
        const size_t open = rest.find('(');
        const size_t close = rest.find(')', open);
        if (close == std::string_view::npos)
            return;
        const std::vector<int64_t> result = hloIntegers(rest.substr(0, open));
        const std::vector<int64_t> parameter = hloIntegers(rest.substr(open, close - open));
        const bool isFlat = result.size() <= 1 && parameter.size() == 1 && parameter[0] >= 0 &&
                            static_cast<size_t>(parameter[0]) < main.body.arguments.size();
        if (isFlat) {
            main.body.arguments[static_cast<size_t>(parameter[0])].attributes.push_back(
                {kAliasingOutput, number(result.empty() ? 0 : result[0])});
        }
        rest.remove_prefix(close + 1);
    }
}

} // namespace alpa
