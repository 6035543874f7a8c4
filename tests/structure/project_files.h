// The files of the source tree, for tests that look at the project itself.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace alpa
{

/// Paths relative to the root, sorted: all regular files but build trees, caches and git's own.
inline std::vector<std::string> projectFiles()
{
    const std::filesystem::path root = ALPA_SOURCE_DIR;
    std::vector<std::string> files;
    for (auto it = std::filesystem::recursive_directory_iterator(root);
         it != std::filesystem::recursive_directory_iterator(); ++it) {
        const std::string name = it->path().filename().string();
        const bool isOwn =
            name == ".git" || name == "build" || name == ".cache" || name == "__pycache__";
        if (it->is_directory() && isOwn)
            it.disable_recursion_pending();
        else if (it->is_regular_file() && name != ".git")
            files.push_back(std::filesystem::relative(it->path(), root).generic_string());
    }
    std::ranges::sort(files);
    return files;
}

/// The content of a file of the project.
inline std::string readText(const std::string& path)
{
    std::ifstream stream(std::filesystem::path(ALPA_SOURCE_DIR) / path, std::ios::binary);
    EXPECT_TRUE(stream.good()) << path;
    return {std::istreambuf_iterator<char>(stream), {}};
}

} // namespace alpa
