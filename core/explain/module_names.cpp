#include "core/explain/module_names.h"

namespace alpa
{

std::string moduleOf(const std::string& parameter)
{
    const std::string whole = parameter.substr(0, parameter.find('['));
    const size_t dot = whole.rfind('.');
    return dot == std::string::npos ? whole : whole.substr(0, dot);
}

std::optional<BlockName> blockOf(const std::string& module)
{
    const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
    for (size_t begin = 0; begin < module.size(); ++begin) {
        if (!isDigit(module[begin]))
            continue;
        size_t end = begin;
        while (end < module.size() && isDigit(module[end]))
            ++end;
        const bool endsComponent = end == module.size() || module[end] == '.';
        const bool begins = begin == 0 || module[begin - 1] == '.' || module[begin - 1] == '_';
        if (endsComponent && begins && end - begin < 7)
            return BlockName{module.substr(0, begin), std::stoi(module.substr(begin, end - begin)),
                             module.substr(end)};
        begin = end;
    }
    return std::nullopt;
}

} // namespace alpa
