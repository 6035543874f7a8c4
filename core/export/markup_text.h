// Text inside XML and HTML.
#pragma once

#include <string>
#include <string_view>

namespace alpa
{

/// `text` as the content of an element or a quoted attribute: &, <, > and " as entities.
std::string markupText(std::string_view text);

} // namespace alpa
