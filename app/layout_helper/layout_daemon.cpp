// alpa-layoutd: lays out dot texts from stdin until it ends (dot_protocol.h). A process of its own
// because libgvc can neither be cancelled nor used from two threads: to cancel, the window kills
// it.
#include "app/layout/dot_protocol.h"

#include <graphviz/gvc.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

extern "C" {
// The only plugin: without it gvContext would load fonts and renderers that nobody needs (12 ms).
extern gvplugin_library_t gvplugin_dot_layout_LTX_library;
}

namespace
{

constexpr uint32_t kLargestRequest = 64u << 20;
constexpr rlim_t kMemoryLimit = ALPA_LAYOUT_MEMORY; ///< Bytes of addresses.

bool readExactly(void* target, size_t size) { return std::fread(target, 1, size, stdin) == size; }

alpa::app::LayoutPoint toPoint(pointf point, double height) { return {point.x, height - point.y}; }

/// The bounding box is filled by gvLayout; Graphviz' y grows upwards.
alpa::app::GraphLayout readLayout(Agraph_t* graph)
{
    alpa::app::GraphLayout layout;
    layout.width = GD_bb(graph).UR.x;
    layout.height = GD_bb(graph).UR.y;
    layout.centers.resize(static_cast<size_t>(agnnodes(graph)));
    layout.curves.resize(static_cast<size_t>(agnedges(graph)));
    char idName[] = "id";
    for (Agnode_t* node = agfstnode(graph); node != nullptr; node = agnxtnode(graph, node)) {
        const auto number = static_cast<size_t>(std::strtoul(agnameof(node) + 1, nullptr, 10));
        if (number < layout.centers.size())
            layout.centers[number] = toPoint(ND_coord(node), layout.height);
        for (Agedge_t* edge = agfstout(graph, node); edge != nullptr;
             edge = agnxtout(graph, edge)) {
            const char* id = agget(edge, idName);
            const auto index =
                id == nullptr ? layout.curves.size() : size_t{std::strtoul(id, nullptr, 10)};
            const splines* spline = ED_spl(edge);
            if (index >= layout.curves.size() || spline == nullptr || spline->size == 0)
                continue;
            const bezier& curve = spline->list[0];
            for (int p = 0; p < curve.size; ++p)
                layout.curves[index].push_back(toPoint(curve.list[p], layout.height));
        }
    }
    return layout;
}

std::string answer(GVC_t* context, const std::string& text)
{
    Agraph_t* graph = agmemread(text.c_str());
    if (graph == nullptr)
        return {};
    std::string bytes;
    if (gvLayout(context, graph, "dot") == 0)
        bytes = alpa::app::encodeLayout(readLayout(graph));
    gvFreeLayout(context, graph);
    agclose(graph);
    return bytes;
}

/// The helper must neither outlive the window nor starve the machine.
void limitProcess()
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit memory{kMemoryLimit, kMemoryLimit};
    setrlimit(RLIMIT_AS, &memory);
    if (nice(5) == -1) {
        // Not allowed: no harm.
    }
}

} // namespace

int main()
{
    limitProcess();
    char name[] = "gvplugin_dot_layout_LTX_library";
    lt_symlist_t plugins[] = {{name, &gvplugin_dot_layout_LTX_library}, {nullptr, nullptr}};
    GVC_t* context = gvContextPlugins(plugins, 0);
    if (context == nullptr)
        return EXIT_FAILURE;
    uint32_t length = 0;
    while (readExactly(&length, sizeof(length))) {
        if (length > kLargestRequest)
            return EXIT_FAILURE;
        std::string text(length, '\0');
        if (!readExactly(text.data(), length))
            return EXIT_FAILURE;
        const std::string bytes = answer(context, text);
        const auto size = static_cast<uint32_t>(bytes.size());
        std::fwrite(&size, sizeof(size), 1, stdout);
        std::fwrite(bytes.data(), 1, bytes.size(), stdout);
        std::fflush(stdout);
    }
    return EXIT_SUCCESS;
}
