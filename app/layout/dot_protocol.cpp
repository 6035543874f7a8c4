#include "app/layout/dot_protocol.h"

#include <cstdio>
#include <cstring>

namespace alpa::app
{

namespace
{

constexpr double kPointsPerInch = 72; ///< Graphviz takes sizes in inches and answers in points.

void appendNumber(std::string& text, double number)
{
    char buffer[32];
    std::snprintf(buffer, sizeof(buffer), "%.4f", number);
    text += buffer;
}

template <typename Number>
void put(std::string& bytes, Number number)
{
    char raw[sizeof(Number)];
    std::memcpy(raw, &number, sizeof(Number));
    bytes.append(raw, sizeof(Number));
}

/// Reads numbers off the front of a buffer; `isBad` once it was too short.
struct Reader {
    std::string_view bytes;
    bool isBad = false;

    template <typename Number>
    Number take()
    {
        Number number{};
        if (bytes.size() < sizeof(Number)) {
            isBad = true;
            return number;
        }
        std::memcpy(&number, bytes.data(), sizeof(Number));
        bytes.remove_prefix(sizeof(Number));
        return number;
    }
    LayoutPoint takePoint()
    {
        const float x = take<float>();
        const float y = take<float>();
        return {double(x), double(y)};
    }
};

} // namespace

std::string writeDot(const LayoutGraph& graph, bool isLimited)
{
    std::string text = "digraph{rankdir=TB;ranksep=";
    appendNumber(text, kRankGap / kPointsPerInch);
    text += ";nodesep=";
    appendNumber(text, kNodeGap / kPointsPerInch);
    if (isLimited)
        text += ";nslimit=1;nslimit1=1;mclimit=0.3";
    text += ";node[shape=box,fixedsize=true,label=\"\"];edge[dir=none];";
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        text.append("n").append(std::to_string(i)).append("[width=");
        appendNumber(text, graph.nodes[i].width / kPointsPerInch);
        text += ",height=";
        appendNumber(text, graph.nodes[i].height / kPointsPerInch);
        text += "];";
    }
    for (size_t e = 0; e < graph.edges.size(); ++e) {
        text.append("n").append(std::to_string(graph.edges[e].from));
        text.append("->n").append(std::to_string(graph.edges[e].to));
        text.append("[id=\"").append(std::to_string(e)).append("\"];");
    }
    text += "}";
    return text;
}

std::string encodeLayout(const GraphLayout& layout)
{
    std::string bytes;
    const auto putPoint = [&](LayoutPoint point) {
        put(bytes, static_cast<float>(point.x));
        put(bytes, static_cast<float>(point.y));
    };
    putPoint({layout.width, layout.height});
    put(bytes, static_cast<uint32_t>(layout.centers.size()));
    for (const LayoutPoint& center : layout.centers)
        putPoint(center);
    put(bytes, static_cast<uint32_t>(layout.curves.size()));
    for (const auto& curve : layout.curves) {
        put(bytes, static_cast<uint32_t>(curve.size()));
        for (const LayoutPoint& point : curve)
            putPoint(point);
    }
    return bytes;
}

std::optional<GraphLayout> decodeLayout(std::string_view bytes, size_t nodes, size_t edges)
{
    Reader reader{bytes};
    GraphLayout layout;
    const LayoutPoint size = reader.takePoint();
    layout.width = size.x;
    layout.height = size.y;
    if (reader.take<uint32_t>() != nodes)
        return std::nullopt;
    for (size_t i = 0; i < nodes && !reader.isBad; ++i)
        layout.centers.push_back(reader.takePoint());
    if (reader.take<uint32_t>() != edges)
        return std::nullopt;
    for (size_t e = 0; e < edges && !reader.isBad; ++e) {
        const uint32_t points = reader.take<uint32_t>();
        layout.curves.emplace_back();
        for (uint32_t p = 0; p < points && !reader.isBad; ++p)
            layout.curves.back().push_back(reader.takePoint());
    }
    if (reader.isBad || !reader.bytes.empty())
        return std::nullopt;
    return layout;
}

} // namespace alpa::app
