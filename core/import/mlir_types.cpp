// Types and locations.
#include "core/import/mlir_reader.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace alpa
{

bool MlirReader::readTensorType(MlirType& type)
{
    // The cursor is behind "tensor<". Sizes and element type are joined by x: 4x32xbf16.
    TensorType tensor;
    int64_t count = 1;
    for (;;) {
        if (scanner.consume('?')) {
            return fail(
                type.offset,
                "sizes known only at run time ('?') are not supported, export with static shapes");
        }
        const char next = scanner.peek();
        if (next < '0' || next > '9')
            break;
        const size_t begin = scanner.offset();
        size_t end = begin;
        const std::string_view text = scanner.text();
        int64_t size = 0;
        while (end < text.size() && text[end] >= '0' && text[end] <= '9')
            ++end;
        const auto parsed = std::from_chars(text.data() + begin, text.data() + end, size);
        const bool isHuge = parsed.ec != std::errc() ||
                            (size > 0 && __builtin_mul_overflow(count, size, &count)) ||
                            count > std::numeric_limits<int64_t>::max() / 16;
        if (isHuge)
            return fail(begin, "the tensor is too large to count its elements");
        scanner.moveTo(end);
        if (end >= text.size() || text[end] != 'x')
            return expected("'x' and an element type after the size");
        scanner.moveTo(end + 1);
        tensor.dims.push_back(size);
    }
    const size_t elementOffset = scanner.offset();
    const std::string_view element = scanner.word();
    if (element.empty())
        return expected("an element type");
    // Lists of dimension numbers may be of MLIR's index type, which is as wide as an address.
    const std::optional<DType> dtype = element == "index" ? DType::kS64 : dtypeFromName(element);
    if (element == "complex" || !dtype)
        return fail(
            elementOffset,
            fmt::format("element type '{}' is not supported; supported are pred (i1), i8 to i64, "
                        "ui8 to ui64, f16, bf16, f32 and f64",
                        element));
    tensor.dtype = *dtype;
    while (scanner.peek() ==
           ',') { // An encoding: bounds, layouts. It does not change what is computed.
        scanner.consume(',');
        MlirAttribute encoding;
        if (!readAttribute(encoding, false))
            return false;
    }
    if (!scanner.consume('>'))
        return expected("'>' at the end of the tensor type");
    type.tensor = std::move(tensor);
    return true;
}

bool MlirReader::readType(MlirType& type)
{
    scanner.skipSpace();
    type = MlirType{};
    type.offset = scanner.offset();
    if (scanner.consume("tensor<")) {
        if (!readTensorType(type))
            return false;
    } else if (scanner.consume('!') || scanner.peek() != '(') {
        if (scanner.word().empty())
            return expected("a type");
        const bool hasBody =
            scanner.offset() < scanner.text().size() && scanner.text()[scanner.offset()] == '<';
        if (hasBody && !scanner.skipBalanced())
            return expected("'>'");
    } else { // A function type in an attribute.
        if (!scanner.skipBalanced())
            return expected("')'");
        if (scanner.consume("->")) {
            std::vector<MlirType> results;
            if (!readTypes(results))
                return false;
        }
    }
    type.text = scanner.between(type.offset, scanner.offset());
    return true;
}

bool MlirReader::readTypes(std::vector<MlirType>& types)
{
    if (scanner.peek() != '(') {
        types.emplace_back();
        return readType(types.back());
    }
    scanner.consume('(');
    while (!scanner.consume(')')) {
        if (!types.empty() && !scanner.consume(','))
            return expected("',' or ')' in the list of types");
        types.emplace_back();
        if (!readType(types.back()))
            return false;
    }
    return true;
}

MlirLocationId MlirReader::addLocation(MlirLocation location)
{
    module_.locations.push_back(std::move(location));
    return static_cast<MlirLocationId>(module_.locations.size() - 1);
}

bool MlirReader::readOptionalLocation(MlirLocationId& location)
{
    const size_t before = scanner.offset();
    if (!scanner.consumeWord("loc") || !scanner.consume('(')) {
        scanner.moveTo(before);
        return true;
    }
    if (!readLocation(location))
        return false;
    return scanner.consume(')') || expected("')' at the end of the location");
}

bool MlirReader::readLocation(MlirLocationId& location, int depth)
{
    if (depth > kDeepest)
        return fail(scanner.offset(), fmt::format("locations nest deeper than {} levels", kDeepest),
                    true);
    MlirLocation read;
    const char next = scanner.peek();
    if (next == '#') {
        scanner.consume('#');
        read.alias = scanner.suffix();
        if (read.alias.empty())
            return expected("a name after '#'");
    } else if (next == '"') {
        const auto name = scanner.string();
        if (!name)
            return failHere("the string is not closed on its line");
        if (scanner.consume(':')) { // "file":12:4, "file":12:4 to :8: of no use here.
            while (scanner.consume(':') || scanner.consumeWord("to") || !scanner.number().empty())
                continue;
        } else {
            read.name = *name;
            if (scanner.consume('(')) {
                MlirLocationId child = kUnknownLocation;
                if (!readLocation(child, depth + 1))
                    return false;
                if (!scanner.consume(')'))
                    return expected("')' in the location");
            }
        }
    } else if (scanner.consumeWord("unknown")) {
        location = kUnknownLocation;
        return true;
    } else if (scanner.consumeWord("callsite")) {
        read.children.resize(2, kUnknownLocation);
        if (!scanner.consume('(') || !readLocation(read.children[0], depth + 1) ||
            !scanner.consumeWord("at") || !readLocation(read.children[1], depth + 1) ||
            !scanner.consume(')'))
            return expected("callsite(... at ...)");
    } else if (scanner.consumeWord("fused")) {
        if (scanner.peek() == '<' && !scanner.skipBalanced())
            return expected("'>'");
        if (!scanner.consume('['))
            return expected("'[' after fused");
        while (!scanner.consume(']')) {
            if (!read.children.empty() && !scanner.consume(','))
                return expected("',' or ']' in the location");
            read.children.push_back(kUnknownLocation);
            if (!readLocation(read.children.back(), depth + 1))
                return false;
        }
    } else {
        return expected("a location");
    }
    location = addLocation(std::move(read));
    return true;
}

} // namespace alpa
