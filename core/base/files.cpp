#include "core/base/files.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <unistd.h>

namespace alpa
{

namespace
{

/// Whoever writes takes moments. A process that is not seen here may live on another machine or in
/// another container, so that its files are left alone for longer.
constexpr std::chrono::hours kLeftoverAge{1};

std::string temporaryOf(const std::string& path, pid_t process)
{
    return fmt::format("{}.{}.tmp", path, process);
}

/// The process that writes `path` under the name `name`; none if it is another file's name.
std::optional<pid_t> writerOf(const std::string& name, const std::string& path)
{
    pid_t process = 0;
    const std::string start = path + '.';
    if (name.compare(0, start.size(), start) != 0)
        return std::nullopt;
    std::from_chars(name.data() + start.size(), name.data() + name.size(), process);
    return process > 0 && name == temporaryOf(path, process) ? std::optional(process)
                                                             : std::nullopt;
}

void removeLeftovers(const std::string& path)
{
    namespace fs = std::filesystem;
    std::error_code code;
    const fs::path parent = fs::path(path).parent_path();
    const fs::path name = fs::path(path).filename();
    for (fs::directory_iterator entry(parent.empty() ? fs::path(".") : parent, code), end;
         !code && entry != end; entry.increment(code)) {
        const std::optional<pid_t> writer = writerOf(entry->path().filename(), name);
        if (!writer || kill(*writer, 0) == 0 || errno != ESRCH)
            continue;
        std::error_code unread;
        const auto written = fs::last_write_time(entry->path(), unread);
        if (!unread && fs::file_time_type::clock::now() - written > kLeftoverAge)
            fs::remove(entry->path(), unread);
    }
}

} // namespace

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
    removeLeftovers(path);
    const std::string temporary = temporaryOf(path, getpid());
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
