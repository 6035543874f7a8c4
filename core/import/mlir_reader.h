// Reads the small parts of an MLIR text: types, attributes and locations. The parser for statements
// stands on it.
#pragma once

#include "core/import/mlir_scanner.h"
#include "core/import/mlir_syntax.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

using MlirEntries = std::vector<MlirEntry>;

/// Every read* returns false after remembering why; the first problem since clearProblem() is kept,
/// and the cursor stays near it. Nothing nests deeper than kDeepest, so that a hostile text cannot
/// exhaust the stack.
class MlirReader
{
public:
    static constexpr int kDeepest = 64;

    struct Problem {
        size_t offset = 0;
        std::string message;
        bool isFatal = false; ///< Going on would only repeat it.
    };

    MlirReader(std::string_view text, MlirModule& module)
        : scanner(text)
        , module_(module)
    {
    }

    MlirScanner scanner;

    /// tensor<4x32xf32>, or another type, which is kept as text.
    [[nodiscard]] bool readType(MlirType& type);
    /// (a, b), a list in parentheses or a single type.
    [[nodiscard]] bool readTypes(std::vector<MlirType>& types);
    /// Any attribute. `allowsType`: a number or dense value may be followed by ": type" (inside
    /// dictionaries).
    [[nodiscard]] bool readAttribute(MlirAttribute& attribute, bool allowsType, int depth = 0);
    /// The entries of {a = 1, b}; the cursor is before the opening brace.
    [[nodiscard]] bool readDictionary(MlirEntries& entries, int depth = 0);
    /// [0] x [1], [b, 0]x[0, o]->[b, 0] and plain values: what follows "key =" in the pretty form.
    [[nodiscard]] bool readPrettyValue(MlirAttribute& attribute);
    /// loc(...), if there is one.
    [[nodiscard]] bool readOptionalLocation(MlirLocationId& location);
    /// What stands between the parentheses of loc(...).
    [[nodiscard]] bool readLocation(MlirLocationId& location, int depth = 0);

    bool fail(size_t offset, std::string message, bool isFatal = false);
    bool failHere(std::string message) { return fail(scanner.offset(), std::move(message)); }
    /// "expected X, found Y" at the cursor.
    bool expected(std::string_view what);
    const std::optional<Problem>& problem() const { return problem_; }
    void clearProblem() { problem_.reset(); }

private:
    bool readTensorType(MlirType& type);
    bool readNumber(MlirAttribute& attribute, bool allowsType);
    bool readHashAttribute(MlirAttribute& attribute, int depth);
    bool readWordAttribute(MlirAttribute& attribute, bool allowsType, int depth);
    bool readDense(MlirAttribute& attribute, bool allowsType);
    bool readList(MlirAttribute& attribute, int depth);
    bool readRecordBody(MlirAttribute& attribute, int depth);
    bool readAnyBalanced(MlirAttribute& attribute);
    MlirLocationId addLocation(MlirLocation location);

    MlirModule& module_;
    std::optional<Problem> problem_;
};

} // namespace alpa
