#include "core/import/inliner.h"
#include "core/import/known_scalars.h"

namespace alpa
{
namespace
{

/// Loops that run longer are no layers of a model; they stay opaque.
constexpr int kMostIterations = 4096;
/// Of all loops of a file, in each other or one after the other.
constexpr size_t kMostIterationsInAll = 100'000;

} // namespace

/// Repeats the body of a while as long as its condition is known to hold; scan over layers becomes
/// the layers. Returns nothing, with the graph as it was, if the condition does not follow from
/// constants; poisoned values after an error.
std::optional<std::vector<ValueId>> Inliner::unrollLoop(const MlirOp& op, const Values& initial,
                                                        Frame& frame)
{
    const auto fits = [&](const MlirRegion& region) {
        return region.arguments.size() == initial.size();
    };
    if (op.regions.size() != 2 || !fits(op.regions[0]) || !fits(op.regions[1]))
        return std::nullopt;
    Graph& graph = result_.graph;
    const size_t opCount = graph.ops.size();
    const size_t valueCount = graph.values.size();
    const int opaqueCount = result_.opaqueCount;
    const std::string scope = scopePath(op, frame);
    Values carried = initial;
    for (int iteration = 0; iteration < kMostIterations; ++iteration) {
        if (++iterations_ > kMostIterationsInAll)
            stop(op.nameOffset, "the loops of the file run too often to be unrolled");
        const size_t opsBefore = graph.ops.size();
        const size_t valuesBefore = graph.values.size();
        const auto condition = convertRegion(op.regions[0], carried, frame);
        const bool isRead = condition && condition->size() == 1 && condition->front().isValid();
        const std::optional<double> holds =
            isRead ? knownScalar(graph, condition->front()) : std::optional<double>();
        const bool goesOn = holds.value_or(0.0) != 0.0;
        graph.ops.resize(opsBefore); // The condition has done its work.
        graph.values.resize(valuesBefore);
        std::optional<Values> next;
        if (goesOn) {
            frame.loops.push_back(UnrolledLoop{scope, iteration});
            next = convertRegion(op.regions[1], carried, frame);
            frame.loops.pop_back();
        }
        if (isStopped_ || (goesOn && !next))
            return poison(initial.size());
        if (!holds)
            break;
        if (!goesOn)
            return carried;
        if (!keepsTypes(op, initial, *next))
            return poison(initial.size());
        carried = foldCounters(op, *next, frame);
    }
    graph.ops.resize(opCount);
    graph.values.resize(valueCount);
    result_.opaqueCount = opaqueCount;
    return std::nullopt;
}

/// What an iteration returns must be of the types that it was given.
bool Inliner::keepsTypes(const MlirOp& op, const Values& initial, const Values& next)
{
    if (next.size() != initial.size()) {
        sink_.error(op.nameOffset, "the loop's body does not return as many values as it is given");
        return false;
    }
    for (size_t at = 0; at < next.size(); ++at) {
        if (!next[at].isValid())
            return false;
        if (result_.graph.type(next[at]) != result_.graph.type(initial[at])) {
            sink_.error(op.nameOffset,
                        "the loop's body returns a value of another type than it is given");
            return false;
        }
    }
    return true;
}

/// The region's operations with its arguments bound to `arguments`; what it returns, or nothing
/// after an error.
std::optional<std::vector<ValueId>> Inliner::convertRegion(const MlirRegion& region,
                                                           const Values& arguments, Frame& frame)
{
    std::vector<uint32_t> names; // Visible in the region only, and defined anew in every iteration.
    for (size_t at = 0; at < arguments.size(); ++at) {
        names.push_back(region.arguments[at].name);
        frame.bindings[names.back()] = Binding{{arguments[at]}, true};
    }
    std::optional<Values> returned;
    for (const MlirOp& op : region.ops) {
        if (isStopped_)
            break;
        if (!op.isBroken && op.name == "stablehlo.return") {
            Values values;
            if (resolveOperands(op, frame, values))
                returned = std::move(values);
            break;
        }
        convertOp(op, frame);
        for (const MlirValueDefinition& definition : op.results)
            names.push_back(definition.name);
    }
    for (const uint32_t name : names)
        frame.bindings[name] = Binding{};
    return returned;
}

/// Counters as constants, so that the next iteration knows them without following the chain from
/// the first.
std::vector<ValueId> Inliner::foldCounters(const MlirOp& op, Values values, const Frame& frame)
{
    Graph& graph = result_.graph;
    for (ValueId& value : values) {
        const TensorType type = graph.type(value);
        const OpId producer = graph.value(value).producer;
        const bool isCounter = type.rank() == 0 && !isFloating(type.dtype) && producer.isValid() &&
                               graph.op(producer).kind != OpKind::kConstant;
        const std::optional<double> known = isCounter ? knownScalar(graph, value) : std::nullopt;
        if (!known)
            continue;
        Op constant;
        constant.kind = OpKind::kConstant;
        constant.phase = phaseOf(op, frame);
        constant.scope = graph.scope(scopePath(op, frame));
        constant.sourceLine = source_.place(op.begin).line;
        constant.attributes = ConstantAttributes{{*known}};
        const OpId id = graph.addOp(std::move(constant), {type});
        value = graph.op(id).results.front();
    }
    return values;
}

} // namespace alpa
