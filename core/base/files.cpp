#include "core/base/files.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <unistd.h>

namespace alpa
{

Result<std::string> readFile(const std::string& path, Bytes limit)
{
    std::error_code code;
    const auto status = std::filesystem::status(path, code);
    if (!std::filesystem::exists(status))
        return Error(ErrorCode::kIo, fmt::format("{}: no such file", path));
    if (std::filesystem::is_directory(status))
        return Error(ErrorCode::kIo, fmt::format("{}: is a directory, expected a file", path));
    // zlib reads plain files as they are, so one reader serves both.
    gzFile file = gzopen(path.c_str(), "rb");
    if (file == nullptr)
        return Error(ErrorCode::kIo,
                     fmt::format("{}: cannot be opened: {}", path, std::strerror(errno)));
    gzbuffer(file, 1u << 18);
    std::string content;
    const auto size = std::filesystem::file_size(path, code);
    if (!code)
        content.reserve(static_cast<size_t>(std::min<uintmax_t>(size, 1u << 28)));
    std::array<char, 1 << 18> block;
    int count = 0;
    while ((count = gzread(file, block.data(), block.size())) > 0) {
        content.append(block.data(), static_cast<size_t>(count));
        if (static_cast<int64_t>(content.size()) > limit.count) {
            gzclose(file);
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("{}: larger than the limit of {} bytes", path, limit.count));
        }
    }
    int problem = Z_OK;
    const std::string text = gzerror(file, &problem);
    const bool isTruncated = gzclose(file) == Z_BUF_ERROR || problem == Z_BUF_ERROR;
    if (isTruncated)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("{}: the gzip data ends too early, {} bytes were readable", path,
                                 content.size()));
    if (count < 0)
        return Error(problem == Z_ERRNO ? ErrorCode::kIo : ErrorCode::kInvalidInput,
                     fmt::format("{}: cannot be read: {}", path, text));
    if (content.empty())
        return Error(ErrorCode::kInvalidInput, fmt::format("{}: is empty", path));
    return content;
}

Status writeFileAtomically(const std::string& path, std::string_view content)
{
    const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
    {
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        file.write(content.data(), static_cast<std::streamsize>(content.size()));
        file.flush();
        if (!file) {
            std::remove(temporary.c_str());
            return Error(ErrorCode::kIo,
                         fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
        }
    }
    std::error_code code;
    std::filesystem::rename(temporary, path, code);
    if (code) {
        std::remove(temporary.c_str());
        return Error(ErrorCode::kIo,
                     fmt::format("{}: cannot be written: {}", path, code.message()));
    }
    return {};
}

} // namespace alpa
