#include "app/session/constraint_items.h"

#include "app/settings/qt_text.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <algorithm>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

using Kind = ConstraintItem::Kind;

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Constraints)
};

/// Scope of what concerns no part alone.
QString wholePlanText() { return Texts::tr("whole plan"); }

struct DegreeKind {
    Kind kind;
    std::optional<int> PlanConstraints::*field;
};
constexpr DegreeKind kDegrees[] = {{Kind::kMaxTp, &PlanConstraints::maxTp},
                                   {Kind::kMaxDp, &PlanConstraints::maxDp},
                                   {Kind::kMaxPp, &PlanConstraints::maxPp},
                                   {Kind::kFixedTp, &PlanConstraints::fixedTp},
                                   {Kind::kFixedDp, &PlanConstraints::fixedDp},
                                   {Kind::kFixedPp, &PlanConstraints::fixedPp},
                                   {Kind::kContextParallel, &PlanConstraints::contextParallel},
                                   {Kind::kMicrobatches, &PlanConstraints::microbatches},
                                   {Kind::kChunks, &PlanConstraints::chunks},
                                   {Kind::kRecomputedLayers, &PlanConstraints::recomputedLayers}};

/// Collects items in the planner's order: their texts come from listConstraints of the constraint
/// alone.
class ItemList
{
public:
    explicit ItemList(const PlanConstraints& all)
        : all_(all)
    {
    }

    template <typename Clear, typename Keep>
    void add(Kind kind, int index, const QString& scope, const QString& value, Clear clear,
             Keep keep)
    {
        ConstraintItem item;
        item.kind = kind;
        item.index = index;
        item.scope = scope;
        item.value = value;
        item.without = all_;
        clear(item.without);
        keep(item.alone);
        const std::vector<std::string> texts = listConstraints(item.alone);
        item.text = texts.empty() ? std::string() : texts.front();
        items.push_back(std::move(item));
    }
    template <typename Value>
    void addField(Kind kind, const QString& value, Value PlanConstraints::*field)
    {
        add(
            kind, 0, wholePlanText(), value,
            [&](PlanConstraints& c) { c.*field = PlanConstraints().*field; },
            [&](PlanConstraints& c) { c.*field = all_.*field; });
    }
    template <typename Entry, typename Describe>
    void addList(Kind kind, std::vector<Entry> PlanConstraints::*field, Describe describe)
    {
        for (size_t i = 0; i < (all_.*field).size(); ++i) {
            const auto [scope, value] = describe((all_.*field)[i]);
            add(
                kind, int(i), scope, value,
                [&](PlanConstraints& c) {
                    (c.*field).erase((c.*field).begin() + std::ptrdiff_t(i));
                },
                [&](PlanConstraints& c) { (c.*field).push_back((all_.*field)[i]); });
        }
    }

    std::vector<ConstraintItem> items;

private:
    const PlanConstraints& all_;
};

QString storageText(StorageRule rule)
{
    return rule == StorageRule::kSplit ? Texts::tr("split over data axis")
                                       : Texts::tr("replicated over data axis");
}

QString meshText(const std::vector<int>& axes)
{
    QStringList sizes;
    for (const int size : axes)
        sizes << QString::number(size);
    return sizes.join(u" x "_s);
}

/// Recomputation is two fields that people see as one choice.
void addRecomputation(ItemList& list, const PlanConstraints& all)
{
    if (!all.recomputation && !all.selectiveRecomputation)
        return;
    const QString value = all.recomputation == true            ? Texts::tr("full")
                          : all.selectiveRecomputation == true ? Texts::tr("selective")
                                                               : Texts::tr("none");
    list.add(
        Kind::kRecomputation, 0, wholePlanText(), value,
        [](PlanConstraints& c) {
            c.recomputation.reset();
            c.selectiveRecomputation.reset();
        },
        [&](PlanConstraints& c) {
            c.recomputation = all.recomputation;
            c.selectiveRecomputation = all.selectiveRecomputation;
        });
}

template <typename Entry>
void append(std::vector<Entry>& to, const std::vector<Entry>& from)
{
    for (const Entry& entry : from) {
        if (std::ranges::find(to, entry) == to.end())
            to.push_back(entry);
    }
}

} // namespace

bool ConstraintItem::isNamed(const std::string& name) const
{
    const std::vector<std::string> texts = listConstraints(alone);
    return std::ranges::find(texts, name) != texts.end();
}

QString constraintTitle(const ConstraintItem& item)
{
    switch (item.kind) {
    case Kind::kMaxTp:
        return Texts::tr("Max TP");
    case Kind::kMaxDp:
        return Texts::tr("Max DP");
    case Kind::kMaxPp:
        return Texts::tr("Max PP");
    case Kind::kFixedTp:
        return Texts::tr("TP =");
    case Kind::kFixedDp:
        return Texts::tr("DP =");
    case Kind::kFixedPp:
        return Texts::tr("PP =");
    case Kind::kContextParallel:
        return Texts::tr("CP =");
    case Kind::kMesh:
        return Texts::tr("Mesh shape");
    case Kind::kMemory:
        return Texts::tr("Memory/device");
    case Kind::kMicrobatches:
        return Texts::tr("Microbatches");
    case Kind::kSchedule:
        return Texts::tr("Schedule");
    case Kind::kForbiddenSchedule:
        return Texts::tr("Not schedule");
    case Kind::kChunks:
        return Texts::tr("Chunks");
    case Kind::kRecomputation:
        return Texts::tr("Recomputation");
    case Kind::kRecomputedLayers:
        return Texts::tr("Recomputed layers");
    case Kind::kForbiddenRecomputation:
        return Texts::tr("Not recomputation");
    case Kind::kParameterStorage:
        return Texts::tr("Parameters kept");
    case Kind::kStateStorage:
        return Texts::tr("Optimizer kept");
    case Kind::kSpec:
        return item.alone.specs.front().forbids ? Texts::tr("Forbid sharding")
                                                : Texts::tr("Pin sharding");
    case Kind::kAllDevices:
        return Texts::tr("Idle devices");
    case Kind::kCut:
        return Texts::tr("Stage begins");
    case Kind::kForbiddenCut:
        return Texts::tr("No stage begins");
    case Kind::kStageMesh:
        return Texts::tr("Stage's devices");
    }
    return {};
}

std::vector<ConstraintItem> constraintItems(const PlanConstraints& all)
{
    ItemList list(all);
    const auto addDegree = [&](const DegreeKind& degree) {
        if (all.*degree.field)
            list.addField(degree.kind, QString::number(*(all.*degree.field)), degree.field);
    };
    const auto addDegreeOf = [&](Kind kind) {
        addDegree(*std::ranges::find(kDegrees, kind, &DegreeKind::kind));
    };
    for (const Kind kind : {Kind::kMaxTp, Kind::kMaxDp, Kind::kMaxPp, Kind::kFixedTp,
                            Kind::kFixedDp, Kind::kFixedPp, Kind::kContextParallel})
        addDegreeOf(kind);
    if (!all.meshAxes.empty())
        list.addField(Kind::kMesh, meshText(all.meshAxes), &PlanConstraints::meshAxes);
    if (all.memoryPerDevice)
        list.addField(Kind::kMemory, memoryText(*all.memoryPerDevice),
                      &PlanConstraints::memoryPerDevice);
    addDegreeOf(Kind::kMicrobatches);
    if (all.schedule)
        list.addField(Kind::kSchedule, scheduleTitle(*all.schedule), &PlanConstraints::schedule);
    list.addList(Kind::kForbiddenSchedule, &PlanConstraints::forbiddenSchedules,
                 [](ScheduleKind kind) { return std::pair(wholePlanText(), scheduleTitle(kind)); });
    addDegreeOf(Kind::kChunks);
    addRecomputation(list, all);
    addDegreeOf(Kind::kRecomputedLayers);
    list.addList(Kind::kForbiddenRecomputation, &PlanConstraints::forbiddenRecomputations,
                 [](RecomputationKind kind) {
                     return std::pair(wholePlanText(), toQt(recomputationName(kind)));
                 });
    if (all.parameterStorage != StorageRule::kFree)
        list.addField(Kind::kParameterStorage, storageText(all.parameterStorage),
                      &PlanConstraints::parameterStorage);
    if (all.stateStorage != StorageRule::kFree)
        list.addField(Kind::kStateStorage, storageText(all.stateStorage),
                      &PlanConstraints::stateStorage);
    list.addList(Kind::kSpec, &PlanConstraints::specs, [](const SpecConstraint& spec) {
        return std::pair(toQt(spec.pattern), toQt(formatSpec(spec.spec)));
    });
    if (all.usesAllDevices)
        list.addField(Kind::kAllDevices, Texts::tr("none"), &PlanConstraints::usesAllDevices);
    const auto layerText = [](int layer) {
        return std::pair(Texts::tr("layer %1").arg(layer), QString::number(layer));
    };
    list.addList(Kind::kCut, &PlanConstraints::cuts, layerText);
    list.addList(Kind::kForbiddenCut, &PlanConstraints::forbiddenCuts, layerText);
    list.addList(Kind::kStageMesh, &PlanConstraints::stageMeshes, [](const StageMesh& mesh) {
        return std::pair(Texts::tr("stage of layer %1").arg(mesh.layer), toQt(text(mesh)));
    });
    return std::move(list.items);
}

PlanConstraints mergeConstraints(PlanConstraints base, const PlanConstraints& added)
{
    for (const DegreeKind& degree : kDegrees) {
        if (added.*degree.field)
            base.*degree.field = added.*degree.field;
    }
    if (!added.meshAxes.empty())
        base.meshAxes = added.meshAxes;
    if (added.memoryPerDevice)
        base.memoryPerDevice = added.memoryPerDevice;
    if (added.schedule)
        base.schedule = added.schedule;
    if (added.recomputation || added.selectiveRecomputation) {
        base.recomputation = added.recomputation;
        base.selectiveRecomputation = added.selectiveRecomputation;
    }
    if (added.parameterStorage != StorageRule::kFree)
        base.parameterStorage = added.parameterStorage;
    if (added.stateStorage != StorageRule::kFree)
        base.stateStorage = added.stateStorage;
    append(base.forbiddenSchedules, added.forbiddenSchedules);
    append(base.forbiddenRecomputations, added.forbiddenRecomputations);
    base.usesAllDevices = base.usesAllDevices || added.usesAllDevices;
    append(base.specs, added.specs);
    append(base.cuts, added.cuts);
    append(base.forbiddenCuts, added.forbiddenCuts);
    for (const StageMesh& mesh : added.stageMeshes)
        setStageMesh(base, mesh);
    return base;
}

void setStageMesh(PlanConstraints& constraints, const StageMesh& mesh)
{
    std::erase_if(constraints.stageMeshes,
                  [&](const StageMesh& old) { return old.layer == mesh.layer; });
    constraints.stageMeshes.push_back(mesh);
    std::ranges::sort(constraints.stageMeshes, {}, &StageMesh::layer);
}

bool hasTypedValue(const ConstraintItem& item)
{
    static constexpr Kind kChoices[] = {Kind::kSchedule,         Kind::kForbiddenSchedule,
                                        Kind::kRecomputation,    Kind::kForbiddenRecomputation,
                                        Kind::kParameterStorage, Kind::kStateStorage,
                                        Kind::kAllDevices};
    return std::ranges::find(kChoices, item.kind) == std::end(kChoices);
}

std::optional<PlanConstraints> withValue(const ConstraintItem& item, const PlanConstraints& all,
                                         const QString& value)
{
    PlanConstraints next = all;
    const auto index = static_cast<size_t>(item.index);
    bool isNumber = false;
    const int number = value.trimmed().toInt(&isNumber);
    for (const DegreeKind& degree : kDegrees) {
        if (degree.kind != item.kind)
            continue;
        if (!isNumber || number < (item.kind == Kind::kChunks ? 2 : 1))
            return std::nullopt;
        next.*degree.field = number;
        return next;
    }
    if (item.kind == Kind::kMemory) {
        const double gib =
            QString(value).remove(u"GiB"_s, Qt::CaseInsensitive).trimmed().toDouble(&isNumber);
        if (!isNumber || gib <= 0)
            return std::nullopt;
        next.memoryPerDevice = gibibytes(gib);
        return next;
    }
    if (item.kind == Kind::kMesh) {
        static const QRegularExpression between(u"\\s*[x×,]\\s*"_s);
        next.meshAxes.clear();
        for (const QString& part : value.trimmed().split(between)) {
            const int size = part.toInt(&isNumber);
            if (!isNumber || size < 1)
                return std::nullopt;
            next.meshAxes.push_back(size);
        }
        return next.meshAxes.size() == 2 || next.meshAxes.size() == 3 ? std::optional(next)
                                                                      : std::nullopt;
    }
    if (item.kind == Kind::kSpec) {
        const Result<ShardingSpec> spec = parseSpec(fromQt(value.trimmed()));
        if (!spec.ok())
            return std::nullopt;
        next.specs[index].spec = *spec;
        return next;
    }
    if (item.kind == Kind::kStageMesh) {
        const Result<StageMesh> mesh =
            parseStageMesh(next.stageMeshes[index].layer, fromQt(value.trimmed()));
        if (!mesh.ok())
            return std::nullopt;
        next.stageMeshes[index] = *mesh;
        return next;
    }
    if ((item.kind == Kind::kCut || item.kind == Kind::kForbiddenCut) && isNumber && number >= 1) {
        (item.kind == Kind::kCut ? next.cuts : next.forbiddenCuts)[index] = number;
        return next;
    }
    return std::nullopt;
}

bool concernsWholePlan(const ConstraintItem& item) { return item.scope == wholePlanText(); }

} // namespace alpa::app
