// What importers and verifiers have to say about an input, with its place. They never stop at the
// first.
#pragma once

#include <string>
#include <vector>

namespace alpa
{

enum class Severity { kNote, kWarning, kError };

/// One remark. Lines and columns count from 1; 0 means the remark has no place.
struct Diagnostic {
    Severity severity = Severity::kError;
    std::string message;
    int line = 0;
    int column = 0;

    friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

} // namespace alpa
