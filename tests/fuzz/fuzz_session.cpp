// Any bytes as a session file or as a line of its journal; what can be read can be written and read
// again.
#include "app/session/journal.h"
#include "app/session/saved_session.h"
#include "core/base/check.h"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    using namespace alpa::app;
    const std::string text(reinterpret_cast<const char*>(data), size);
    (void)journalStepFromLine(QByteArray::fromStdString(text)).has_value();
    const auto session = sessionFromJson(text);
    if (!session.ok())
        return 0;
    const std::string written = sessionToJson(*session, true);
    const auto again = sessionFromJson(written);
    CHECK(again.ok(), "what is written can be read");
    CHECK(sessionToJson(*again, true) == written, "what is read again is the same");
    return 0;
}
