// Alpa's Theorem 1: submeshes that add up to the cluster can always be laid out.
#include "core/inter_op/submesh.h"
#include "tests/support/property.h"

namespace alpa
{
namespace
{

/// Random submeshes whose devices add up to at most the cluster's, exactly if `isExact`.
std::vector<SubmeshChoice> randomStages(Rng& rng, int hosts, int devicesPerHost, bool isExact)
{
    const auto all = enumerateSubmeshes(hosts, devicesPerHost, SubmeshSpace::kAll);
    int left = hosts * devicesPerHost;
    std::vector<SubmeshChoice> stages;
    while (left > 0 && (isExact || rng.chance(0.9))) {
        const auto count = static_cast<int>(all->size());
        const SubmeshChoice submesh = (*all)[static_cast<size_t>(rng.below(count))];
        if (submesh.devices() <= left) {
            stages.push_back(submesh);
            left -= submesh.devices();
        }
    }
    return stages;
}

TEST(PlaceSubmeshesProperty, CoversWithoutOverlapOrStraddling)
{
    forEachSeed(500, [](Rng& rng, int size) {
        const int hosts = rng.between(1, std::max(1, size / 2));
        const int devicesPerHost = rng.between(1, 16);
        const bool isExact = rng.chance(0.7);
        const auto stages = randomStages(rng, hosts, devicesPerHost, isExact);
        const auto placed = placeSubmeshes(stages, hosts, devicesPerHost);
        ASSERT_TRUE(placed.ok()) << placed.error().message;
        ASSERT_EQ(placed->size(), stages.size());
        std::vector<int> usersOf(static_cast<size_t>(hosts * devicesPerHost), 0);
        for (size_t stage = 0; stage < stages.size(); ++stage) {
            const PlacedSubmesh& place = (*placed)[stage];
            ASSERT_EQ(place.submesh, stages[stage]);
            ASSERT_TRUE(place.first >= 0 && place.end() <= hosts * devicesPerHost);
            if (place.submesh.devicesPerHost < devicesPerHost) {
                EXPECT_EQ(place.first / devicesPerHost, (place.end() - 1) / devicesPerHost);
            } else {
                EXPECT_EQ(place.first % devicesPerHost, 0);
            }
            for (int device = place.first; device < place.end(); ++device)
                ++usersOf[static_cast<size_t>(device)];
        }
        for (const int users : usersOf)
            ASSERT_LE(users, 1);
        if (isExact) {
            EXPECT_EQ(std::count(usersOf.begin(), usersOf.end(), 1), hosts * devicesPerHost);
        }
    });
}

} // namespace
} // namespace alpa
