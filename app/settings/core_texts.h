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
/// The same as a sentence of its own: "The second step is 2 ms longer."
QString coreSentence(std::string_view english);
/// The patterns: of plans, "no plan fits in %1 per device; ...", and of files and runs.
const std::vector<const char*>& planPatterns();
const std::vector<const char*>& filePatterns();
/// All of them; the first that fits a text is its.
std::vector<const char*> corePatterns();

} // namespace alpa::app
