// What an MLIR text says, before anything is known about what it means: functions of operations
// with operands, attributes, regions and types. The parser (mlir_parser.h) makes it; the StableHLO
// importer reads it. All string views point into the text that was parsed.
#pragma once

#include "core/graph/types.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace alpa
{

enum class MlirAttributeKind {
    kInteger,  ///< 3, -1, true (1), false (0); `text` keeps the spelling.
    kFloat,    ///< 1.0e-5, as text.
    kString,   ///< Without its quotes, escapes as they stand.
    kSymbol,   ///< @name, without the @.
    kWord,     ///< LT, DEFAULT, unknown.
    kList,     ///< [1, 2], array<i64: 1, 2>; also a:b:c and [0] x [1] as lists of their parts.
    kRecord,   ///< {a = 1}, #stablehlo.gather<a = [1]>: entries by name, items without a name.
    kDense,    ///< dense<...> : tensor<...>; `text` is what stands between the angle brackets.
    kResource, ///< dense_resource<name> whose bytes are in the file; `text` is their digits,
               ///< little-endian.
    kOther,    ///< Anything else, as text.
};

struct MlirEntry;

struct MlirAttribute {
    MlirAttributeKind kind = MlirAttributeKind::kOther;
    std::string_view text;
    int64_t integer = 0;
    std::vector<MlirAttribute> items;
    std::vector<MlirEntry> entries;
    std::optional<TensorType> type; ///< Of a dense attribute, where it is written behind it.
    size_t offset = 0;

    /// The entry of that name, or null.
    const MlirAttribute* find(std::string_view name) const;
};

/// name = value.
struct MlirEntry {
    std::string_view name;
    MlirAttribute value;
};

struct MlirType {
    std::optional<TensorType>
        tensor; ///< Nothing for tuples, tokens, complex elements, dynamic sizes.
    std::string_view text;
    size_t offset = 0;
};

/// %3, or %3#1 for the second result of an operation with several. Names are numbered within a
/// function.
struct MlirValueUse {
    uint32_t name = 0;
    uint32_t index = 0;
    size_t offset = 0;
};
struct MlirValueDefinition {
    uint32_t name = 0;
    uint32_t count = 1; ///< 14 in %1:14.
    size_t offset = 0;
};

/// Index into MlirModule::locations.
using MlirLocationId = uint32_t;
inline constexpr MlirLocationId kUnknownLocation = 0;

/// loc(...). Only names matter to us; files and lines of the program that wrote the text are
/// dropped.
struct MlirLocation {
    std::string_view name;  ///< "jit(loss)/GPT/add"; empty for files and unknown.
    std::string_view alias; ///< "loc12" for loc(#loc12), defined anywhere in the text.
    std::vector<MlirLocationId> children; ///< Of fused and callsite locations, the callee first.
};

/// The attribute of an argument that is donated: the number of the result that takes its memory.
inline constexpr std::string_view kAliasingOutput = "tf.aliasing_output";

struct MlirArgument {
    uint32_t name = 0;
    std::string_view spelling; ///< "arg0"
    MlirType type;
    MlirLocationId location = kUnknownLocation;
    std::vector<MlirEntry> attributes;
    size_t offset = 0;
};

struct MlirOp;
struct MlirRegion {
    std::vector<MlirArgument> arguments;
    std::vector<MlirOp> ops;
};

struct MlirOp {
    std::string_view name; ///< "stablehlo.add", "call", "return".
    size_t begin = 0;      ///< Of the whole statement.
    size_t end = 0;
    size_t nameOffset = 0;
    std::vector<MlirValueDefinition> results;
    std::vector<MlirValueUse> operands;
    std::vector<std::string_view> words; ///< Bare words of the pretty form, such as LT and SIGNED.
    std::vector<MlirEntry> attributes;
    std::vector<MlirRegion> regions;
    bool hasFunctionType = false; ///< Written (a, b) -> c rather than one type for all.
    std::vector<MlirType> operandTypes;
    std::vector<MlirType>
        resultTypes; ///< Without hasFunctionType: empty, everything is in operandTypes.
    MlirLocationId location = kUnknownLocation;
    bool isBroken = false; ///< Could not be parsed; only the names of its results are known.

    const MlirAttribute* find(std::string_view attribute) const;
};

struct MlirResult {
    MlirType type;
    std::vector<MlirEntry> attributes;
};

struct MlirFunction {
    std::string_view name;
    bool isPublic = true;
    bool hasBody = false;
    std::vector<MlirResult> results;
    MlirRegion body; ///< Its arguments are the function's.
    uint32_t nameCount = 0;
    std::vector<std::string_view> names; ///< Spelling of every value name, with the %.
    size_t offset = 0;
};

struct MlirModule {
    std::string_view name;
    std::vector<MlirFunction> functions;
    std::vector<MlirLocation> locations; ///< Entry 0 is unknown.
    std::unordered_map<std::string_view, MlirLocationId> locationAliases;
    /// Hexadecimal digits of the blobs behind the functions, by name, without their alignment.
    std::unordered_map<std::string_view, std::string_view> resources;
    /// sdy.mesh @mesh = <["x"=2, "y"=4]>: what stands between the angle brackets, by name.
    std::unordered_map<std::string_view, std::string_view> meshes;
};

} // namespace alpa
