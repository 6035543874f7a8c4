// Reads back the Chrome trace that a run wrote, of a million events in about a second: without a
// tree of JSON values.
#pragma once

#include "core/trace/trace.h"

#include <string_view>

namespace alpa
{

/// The trace that traceToChromeJson printed as `text`. Events that are no segment runs and no
/// launches (names, counters, other tools' rows) are skipped. Fails with kInvalidInput naming the
/// byte if the text is no JSON, holds no "traceEvents", or an event of ours lacks its place or
/// time. Linear in the text.
Result<Trace> parseChromeTrace(std::string_view text);

} // namespace alpa
