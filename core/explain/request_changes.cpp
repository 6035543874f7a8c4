#include "core/explain/request_changes.h"

#include "core/base/text.h"
#include "core/plan/plan_json.h"

#include <fmt/format.h>

#include <algorithm>

namespace alpa
{
namespace
{

std::string optimizerName(const OptimizerOptions& optimizer)
{
    return std::string(nameIn(kOptimizers, optimizer.kind));
}

class ChangeList
{
public:
    ChangeList(const PlanRequest& before, const PlanRequest& after)
        : before_(before)
        , after_(after)
    {
    }

    std::vector<RequestChange> list()
    {
        if (!(before_.cluster == after_.cluster))
            add("cluster", before_.cluster.name, after_.cluster.name,
                [cluster = after_.cluster](PlanRequest& request) { request.cluster = cluster; });
        const PlanOptions& from = before_.options;
        const PlanOptions& to = after_.options;
        if (from.globalBatch != to.globalBatch)
            add("global batch", number(from.globalBatch, "the file's"),
                number(to.globalBatch, "the file's"),
                [batch = to.globalBatch](PlanRequest& request) {
                    request.options.globalBatch = batch;
                });
        if (from.layers != to.layers)
            add("layers", number(from.layers, "by the model"), number(to.layers, "by the model"),
                [layers = to.layers](PlanRequest& request) { request.options.layers = layers; });
        if (from.optimizer.kind != to.optimizer.kind)
            add("optimizer", optimizerName(from.optimizer), optimizerName(to.optimizer),
                [optimizer = to.optimizer](PlanRequest& request) {
                    request.options.optimizer = optimizer;
                });
        if (from.strategy != to.strategy)
            add("strategy", std::string(strategyName(from.strategy)),
                std::string(strategyName(to.strategy)),
                [strategy = to.strategy](PlanRequest& request) {
                    request.options.strategy = strategy;
                });
        addConstraints();
        return std::move(changes_);
    }

private:
    template <typename Number>
    static std::string number(const std::optional<Number>& value, const char* otherwise)
    {
        return value ? fmt::format("{}", *value) : otherwise;
    }

    void add(std::string name, std::string before, std::string after,
             std::function<void(PlanRequest&)> apply)
    {
        changes_.push_back({.name = std::move(name),
                            .before = std::move(before),
                            .after = std::move(after),
                            .apply = std::move(apply)});
    }

    /// Its text is that of constraints in which nothing else is asked.
    template <typename Field>
    void addField(const char* name, Field PlanConstraints::*field)
    {
        const PlanConstraints& from = before_.options.constraints;
        const PlanConstraints& to = after_.options.constraints;
        if (from.*field == to.*field)
            return;
        PlanConstraints only, then;
        only.*field = from.*field;
        then.*field = to.*field;
        add(name, formatConstraints(only), formatConstraints(then),
            [value = to.*field, field](PlanRequest& request) {
                request.options.constraints.*field = value;
            });
    }

    /// Entries of a list come and go one by one.
    template <typename Entry>
    void addEntries(std::vector<Entry> PlanConstraints::*field)
    {
        const auto& from = before_.options.constraints.*field;
        const auto& to = after_.options.constraints.*field;
        const auto describe = [field](const Entry& entry) {
            PlanConstraints only;
            only.*field = {entry};
            return formatConstraints(only);
        };
        for (const Entry& entry : from) {
            if (std::ranges::find(to, entry) == to.end())
                add(describe(entry), describe(entry), "none", [entry, field](PlanRequest& request) {
                    std::erase(request.options.constraints.*field, entry);
                });
        }
        for (const Entry& entry : to) {
            if (std::ranges::find(from, entry) == from.end())
                add(describe(entry), "none", describe(entry), [entry, field](PlanRequest& request) {
                    (request.options.constraints.*field).push_back(entry);
                });
        }
    }

    void addConstraints()
    {
        addField("max TP", &PlanConstraints::maxTp);
        addField("max DP", &PlanConstraints::maxDp);
        addField("max PP", &PlanConstraints::maxPp);
        addField("TP", &PlanConstraints::fixedTp);
        addField("DP", &PlanConstraints::fixedDp);
        addField("PP", &PlanConstraints::fixedPp);
        addField("CP", &PlanConstraints::contextParallel);
        addField("mesh axes", &PlanConstraints::meshAxes);
        const int mostBefore = before_.options.constraints.mostMeshAxes;
        const int mostAfter = after_.options.constraints.mostMeshAxes;
        if (mostBefore != mostAfter)
            add("most mesh axes", fmt::format("{}", mostBefore), fmt::format("{}", mostAfter),
                [mostAfter](PlanRequest& request) {
                    request.options.constraints.mostMeshAxes = mostAfter;
                });
        addField("memory", &PlanConstraints::memoryPerDevice);
        addField("microbatches", &PlanConstraints::microbatches);
        addField("schedule", &PlanConstraints::schedule);
        addEntries(&PlanConstraints::forbiddenSchedules);
        addField("chunks", &PlanConstraints::chunks);
        addField("recomputation", &PlanConstraints::recomputation);
        addField("selective recomputation", &PlanConstraints::selectiveRecomputation);
        addField("idle devices", &PlanConstraints::usesAllDevices);
        addField("recomputed layers", &PlanConstraints::recomputedLayers);
        addEntries(&PlanConstraints::forbiddenRecomputations);
        addField("parameter storage", &PlanConstraints::parameterStorage);
        addField("state storage", &PlanConstraints::stateStorage);
        addEntries(&PlanConstraints::specs);
        addEntries(&PlanConstraints::cuts);
        addEntries(&PlanConstraints::forbiddenCuts);
        addEntries(&PlanConstraints::stageMeshes);
    }

    const PlanRequest& before_;
    const PlanRequest& after_;
    std::vector<RequestChange> changes_;
};

} // namespace

std::vector<RequestChange> listChanges(const PlanRequest& before, const PlanRequest& after)
{
    return ChangeList(before, after).list();
}

std::vector<RequestChange> listRemovals(const PlanRequest& request)
{
    PlanRequest free = request;
    free.options.constraints = {};
    free.options.strategy = PlanStrategy::kAuto;
    return listChanges(request, free);
}

} // namespace alpa
