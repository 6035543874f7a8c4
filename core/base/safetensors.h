// Safetensors files: named tensors behind a JSON header. Reference values of the sample models and
// weights of real models come in this format. https://github.com/huggingface/safetensors#format
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alpa
{

struct SafeTensor {
    std::string name;
    std::string
        dtype; ///< As in the file: "F32", "BF16", "F16", "F64", "I32", "I64", "U8", "BOOL", ...
    std::vector<int64_t> dims;
    std::string bytes; ///< Row-major, little-endian.
    friend bool operator==(const SafeTensor&, const SafeTensor&) = default;
};

/// The tensors of a file's content, in the order of their data. Fails with kInvalidInput if the
/// header is no header, or a tensor's place or size contradicts the file.
Result<std::vector<SafeTensor>> parseSafetensors(std::string_view content);
/// The same for the file at `path`.
Result<std::vector<SafeTensor>> readSafetensors(const std::string& path);

/// A file's content that parses back to `tensors`. Fails with kInvalidInput if two tensors share a
/// name, a dtype is unknown, or a size is not that of the dimensions.
Result<std::string> formatSafetensors(std::span<const SafeTensor> tensors);
Status writeSafetensors(const std::string& path, std::span<const SafeTensor> tensors);

/// The elements as doubles; I64 beyond 2^53 is rounded. Fails with kUnsupported for dtypes without
/// a C++ meaning.
Result<std::vector<double>> tensorValues(const SafeTensor& tensor);
/// The tensor that holds `values`, rounded to nearest even into `dtype`; integers are truncated.
Result<SafeTensor> makeSafeTensor(std::string name, std::string dtype, std::vector<int64_t> dims,
                                  std::span<const double> values);

} // namespace alpa
