#include "app/session/constraint_items.h"

#include <algorithm>

#include "app/settings/qt_text.h"

#include <QCoreApplication>
#include <QRegularExpression>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

using Kind = ConstraintItem::Kind;

struct Texts {
    Q_DECLARE_TR_FUNCTIONS(Constraints)
};

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
                                   {Kind::kMicrobatches, &PlanConstraints::microbatches},
                                   {Kind::kChunks, &PlanConstraints::chunks}};

/// Collects items in the planner's order: their texts come from listConstraints of the constraint alone.
class ItemList
{
public:
    explicit ItemList(const PlanConstraints& all) : all_(all) {}

    template <typename Clear, typename Keep>
    void add(Kind kind, int index, const QString& scope, const QString& value, Clear clear, Keep keep)
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
        add(kind, 0, Texts::tr("whole plan"), value, [&](PlanConstraints& c) { c.*field = PlanConstraints().*field; },
            [&](PlanConstraints& c) { c.*field = all_.*field; });
    }
    template <typename Entry, typename Describe>
    void addList(Kind kind, std::vector<Entry> PlanConstraints::*field, Describe describe)
    {
        for (size_t i = 0; i < (all_.*field).size(); ++i) {
            const auto [scope, value] = describe((all_.*field)[i]);
            add(kind, int(i), scope, value,
                [&](PlanConstraints& c) { (c.*field).erase((c.*field).begin() + std::ptrdiff_t(i)); },
                [&](PlanConstraints& c) { (c.*field).push_back((all_.*field)[i]); });
        }
    }

    std::vector<ConstraintItem> items;

private:
    const PlanConstraints& all_;
};

QString storageText(StorageRule rule)
{
    return rule == StorageRule::kSplit ? Texts::tr("split over data axis") : Texts::tr("replicated over data axis");
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
    list.add(Kind::kRecomputation, 0, Texts::tr("whole plan"), value,
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

ConstraintState limitState(double value, double limit)
{
    return value > limit ? ConstraintState::kViolated : value == limit ? ConstraintState::kBinding : ConstraintState::kMet;
}

ConstraintState fixedState(int value, int wanted)
{
    return value == wanted ? ConstraintState::kBinding : ConstraintState::kViolated;
}

ConstraintState memoryState(const ParallelPlan& plan, Bytes limit)
{
    bool isBinding = false;
    for (size_t stage = 0; stage < plan.stages.size(); ++stage) {
        if (plan.deviceMemory(stage) > limit)
            return ConstraintState::kViolated;
        isBinding = isBinding || plan.stages[stage].certificate.memoryBinds;
    }
    return isBinding ? ConstraintState::kBinding : ConstraintState::kMet;
}

bool beginsAt(const ParallelPlan& plan, int layer)
{
    return std::ranges::any_of(plan.stages, [&](const PlanStage& stage) { return stage.firstLayer == layer; });
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
    case Kind::kParameterStorage:
        return Texts::tr("Parameters kept");
    case Kind::kStateStorage:
        return Texts::tr("Optimizer kept");
    case Kind::kSpec:
        return item.alone.specs.front().forbids ? Texts::tr("Forbid sharding") : Texts::tr("Pin sharding");
    case Kind::kCut:
        return Texts::tr("Stage begins");
    case Kind::kForbiddenCut:
        return Texts::tr("No stage begins");
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
    for (int i = 0; i < 6; ++i)
        addDegree(kDegrees[i]);
    if (!all.meshAxes.empty())
        list.addField(Kind::kMesh, meshText(all.meshAxes), &PlanConstraints::meshAxes);
    if (all.memoryPerDevice)
        list.addField(Kind::kMemory, memoryText(*all.memoryPerDevice), &PlanConstraints::memoryPerDevice);
    addDegree(kDegrees[6]);
    if (all.schedule)
        list.addField(Kind::kSchedule, scheduleTitle(*all.schedule), &PlanConstraints::schedule);
    list.addList(Kind::kForbiddenSchedule, &PlanConstraints::forbiddenSchedules,
                 [](ScheduleKind kind) { return std::pair(Texts::tr("whole plan"), scheduleTitle(kind)); });
    addDegree(kDegrees[7]);
    addRecomputation(list, all);
    if (all.parameterStorage != StorageRule::kFree)
        list.addField(Kind::kParameterStorage, storageText(all.parameterStorage), &PlanConstraints::parameterStorage);
    if (all.stateStorage != StorageRule::kFree)
        list.addField(Kind::kStateStorage, storageText(all.stateStorage), &PlanConstraints::stateStorage);
    list.addList(Kind::kSpec, &PlanConstraints::specs, [](const SpecConstraint& spec) {
        return std::pair(toQt(spec.pattern), toQt(formatSpec(spec.spec)));
    });
    const auto layerText = [](int layer) { return std::pair(Texts::tr("layer %1").arg(layer), QString::number(layer)); };
    list.addList(Kind::kCut, &PlanConstraints::cuts, layerText);
    list.addList(Kind::kForbiddenCut, &PlanConstraints::forbiddenCuts, layerText);
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
    append(base.specs, added.specs);
    append(base.cuts, added.cuts);
    append(base.forbiddenCuts, added.forbiddenCuts);
    return base;
}

bool hasTypedValue(const ConstraintItem& item)
{
    return item.kind != Kind::kSchedule && item.kind != Kind::kForbiddenSchedule && item.kind != Kind::kRecomputation &&
           item.kind != Kind::kParameterStorage && item.kind != Kind::kStateStorage;
}

std::optional<PlanConstraints> withValue(const ConstraintItem& item, const PlanConstraints& all, const QString& value)
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
        const double gib = QString(value).remove(u"GiB"_s, Qt::CaseInsensitive).trimmed().toDouble(&isNumber);
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
        return next.meshAxes.size() == 2 || next.meshAxes.size() == 3 ? std::optional(next) : std::nullopt;
    }
    if (item.kind == Kind::kSpec) {
        const Result<ShardingSpec> spec = parseSpec(fromQt(value.trimmed()));
        if (!spec.ok())
            return std::nullopt;
        next.specs[index].spec = *spec;
        return next;
    }
    if ((item.kind == Kind::kCut || item.kind == Kind::kForbiddenCut) && isNumber && number >= 1) {
        (item.kind == Kind::kCut ? next.cuts : next.forbiddenCuts)[index] = number;
        return next;
    }
    return std::nullopt;
}

ConstraintState constraintState(const ConstraintItem& item, const GraphFacts* facts, const PlanEntry* obstacle)
{
    const ParallelPlan* plan = facts == nullptr ? nullptr : facts->plan.get();
    if (obstacle != nullptr && obstacle->noPlan &&
        std::ranges::any_of(obstacle->noPlan->clashing, [&](const std::string& text) { return item.isNamed(text); }))
        return ConstraintState::kConflicting;
    if (plan == nullptr)
        return ConstraintState::kUnknown;
    const PlanConstraints& asked = item.alone;
    const auto metIf = [](bool isMet) { return isMet ? ConstraintState::kMet : ConstraintState::kViolated; };
    switch (item.kind) {
    case Kind::kMaxTp:
        return limitState(facts->tensorParallel, *asked.maxTp);
    case Kind::kMaxDp:
        return limitState(facts->dataParallel, *asked.maxDp);
    case Kind::kMaxPp:
        return limitState(plan->pipelineParallel(), *asked.maxPp);
    case Kind::kFixedTp:
        return fixedState(facts->tensorParallel, *asked.fixedTp);
    case Kind::kFixedDp:
        return fixedState(facts->dataParallel, *asked.fixedDp);
    case Kind::kFixedPp:
        return fixedState(plan->pipelineParallel(), *asked.fixedPp);
    case Kind::kMicrobatches:
        return fixedState(plan->microbatches, *asked.microbatches);
    case Kind::kChunks:
        return fixedState(plan->chunks, *asked.chunks);
    case Kind::kMemory:
        return memoryState(*plan, *asked.memoryPerDevice);
    case Kind::kSchedule:
        return metIf(plan->schedule == *asked.schedule);
    case Kind::kForbiddenSchedule:
        return metIf(plan->schedule != asked.forbiddenSchedules.front());
    case Kind::kCut:
        return metIf(beginsAt(*plan, asked.cuts.front()));
    case Kind::kForbiddenCut:
        return metIf(!beginsAt(*plan, asked.forbiddenCuts.front()));
    case Kind::kMesh:
    case Kind::kRecomputation:
    case Kind::kParameterStorage:
    case Kind::kStateStorage:
    case Kind::kSpec: {
        // The planner obeys what it was asked; a plan made before the constraint says nothing.
        const std::vector<std::string> obeyed = listConstraints(plan->options.constraints);
        return std::ranges::find(obeyed, item.text) != obeyed.end() ? ConstraintState::kMet : ConstraintState::kUnknown;
    }
    }
    return ConstraintState::kUnknown;
}

QString constraintStateText(ConstraintState state)
{
    switch (state) {
    case ConstraintState::kUnknown:
        return Texts::tr("not planned");
    case ConstraintState::kMet:
        return Texts::tr("met");
    case ConstraintState::kBinding:
        return Texts::tr("at its limit");
    case ConstraintState::kViolated:
        return Texts::tr("violated");
    case ConstraintState::kConflicting:
        return Texts::tr("clashes");
    }
    return {};
}

} // namespace alpa::app
