// Reading whole files (plain or gzip, told apart by content) and writing them so that a crash
// leaves either the old file or the new one.
#pragma once

#include "core/base/result.h"
#include "core/base/units.h"

#include <string>
#include <string_view>

namespace alpa
{

/// The content of `path`, decompressed when it begins with the gzip magic. Fails with kIo if it is
/// missing or a directory, with kInvalidInput if it is empty, truncated, or larger than `limit`
/// once decompressed.
Result<std::string> readFile(const std::string& path, Bytes limit = Bytes(int64_t{4} << 30));

/// Writes `content` beside `path` and renames it into place. What a process that was killed
/// meanwhile left beside it, PATH.PID.tmp, is removed once that process is gone and the file an
/// hour old.
Status writeFileAtomically(const std::string& path, std::string_view content);

} // namespace alpa
