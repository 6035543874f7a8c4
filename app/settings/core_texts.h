// The core's sentences in the language of the window. The core writes English; the sentences that
// the window shows are known here as patterns, each with its translation.
#pragma once

#include <QString>

#include <string_view>
#include <vector>

namespace alpa::app
{

/// Of a sentence, or of several joined by "; ". What a pattern leaves open, names and numbers or
/// other sentences, is translated in turn. What no pattern fits stays as it is.
QString coreText(std::string_view english);
/// The patterns: "no plan fits in %1 per device; ...".
const std::vector<const char*>& corePatterns();

} // namespace alpa::app
