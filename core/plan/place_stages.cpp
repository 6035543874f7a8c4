#include "core/plan/place_stages.h"

namespace alpa
{

Result<std::vector<Submesh>>
placeStages(const Cluster& cluster, const std::vector<SubmeshChoice>& stages, int devicesPerHost)
{
    std::vector<Submesh> places(stages.size());
    for (int kind = 0; kind < cluster.kindCount(); ++kind) {
        std::vector<SubmeshChoice> wanted;
        std::vector<size_t> stageOf;
        for (size_t stage = 0; stage < stages.size(); ++stage) {
            if (stages[stage].kind != kind)
                continue;
            SubmeshChoice submesh = stages[stage];
            submesh.kind = 0; // Placed among hosts that are all alike.
            wanted.push_back(submesh);
            stageOf.push_back(stage);
        }
        ASSIGN_OR_RETURN(const std::vector<PlacedSubmesh> placed,
                         placeSubmeshes(wanted, cluster.hostsOf(kind), devicesPerHost));
        for (size_t i = 0; i < placed.size(); ++i)
            places[stageOf[i]] = {.firstHost =
                                      cluster.firstHostOf(kind) + placed[i].first / devicesPerHost,
                                  .hosts = placed[i].submesh.hosts,
                                  .firstDevice = placed[i].first % devicesPerHost,
                                  .devicesPerHost = placed[i].submesh.devicesPerHost};
    }
    return places;
}

} // namespace alpa
