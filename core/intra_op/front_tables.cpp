#include "core/intra_op/front_tables.h"

#include "core/base/check.h"
#include "core/intra_op/odometer.h"

#include <algorithm>
#include <optional>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

constexpr int kPriceSteps = 6;               ///< Each costs a pass over all tables.
constexpr int kMostPasses = kPriceSteps + 2; ///< Back to the best price, and outwards.

/// Where `node` stands in `among`, which has it.
size_t positionIn(const std::vector<int>& among, int node)
{
    return static_cast<size_t>(std::ranges::find(among, node) - among.begin());
}

std::vector<int> cliqueOf(const EliminationPlan& plan, int node)
{
    std::vector<int> clique = plan.scope[at(node)];
    clique.push_back(node);
    return clique;
}

} // namespace

FrontTables::FrontTables(const IlpCore& core, const EliminationPlan& plan, int64_t mostWork)
    : core_(core)
    , use_(core.labelTotal(), 0.0)
    , places_(plan.order.size() + 1)
    , mostOfPass_(mostWork / kMostPasses)
{
    CHECK(core.timeCount() == 1, "one limit");
    for (int i = 0; i < core.nodeCount; ++i) {
        for (int u = core.usageBegin[at(i)]; u < core.usageBegin[at(i) + 1]; ++u) {
            for (size_t s = 0; s < at(core.labelCount[at(i)]); ++s)
                use_[core.labelOffset[at(i)] + s] += core.usageBytes[core.usages[at(u)].bytes + s];
        }
    }
    findKinds();
    std::vector<size_t> position(at(core.nodeCount));
    for (size_t i = 0; i < plan.order.size(); ++i)
        position[at(plan.order[i])] = i;
    std::vector<std::vector<int>> edgesOf(plan.order.size());
    for (int e = 0; e < core.edgeCount(); ++e) {
        const IlpCore::Edge& edge = core.edges[at(e)];
        edgesOf[std::min(position[at(edge.from)], position[at(edge.to)])].push_back(e);
    }
    for (size_t i = 0; i < plan.order.size(); ++i) {
        places_[i].node = plan.order[i];
        if (!addPlace(plan, i, edgesOf[i]))
            return;
        size_t next = plan.order.size();
        for (const int neighbour : plan.scope[at(plan.order[i])])
            next = std::min(next, position[at(neighbour)]);
        places_[next].inputs.push_back(i);
    }
    addRoot();
    areMade_ = true;
}

void FrontTables::findKinds()
{
    std::map<std::vector<double>, size_t> kinds;
    for (int i = 0; i < core_.nodeCount; ++i) {
        const auto begin = static_cast<std::ptrdiff_t>(core_.labelOffset[at(i)]);
        const std::ptrdiff_t end = begin + core_.labelCount[at(i)];
        std::vector<double> numbers(core_.costs.begin() + begin, core_.costs.begin() + end);
        numbers.insert(numbers.end(), use_.begin() + begin, use_.begin() + end);
        kindOf_.push_back(kinds.try_emplace(std::move(numbers), kinds.size()).first->second);
    }
    for (const IlpCore::Matrix& matrix : core_.matrices) {
        const auto begin =
            core_.matrixEntries.begin() + static_cast<std::ptrdiff_t>(matrix.entries);
        std::vector<double> numbers{static_cast<double>(matrix.rows)};
        numbers.insert(numbers.end(), begin,
                       begin + static_cast<std::ptrdiff_t>(matrix.stride * at(matrix.rows)));
        kindOfMatrix_.push_back(kinds.try_emplace(std::move(numbers), kinds.size()).first->second);
    }
}

/// Gives a place that has its inputs a table: that of an earlier place with the same numbers, or
/// its own. False: too much work.
bool FrontTables::addPlace(const EliminationPlan& plan, size_t index, const std::vector<int>& edges)
{
    Place& place = places_[index];
    const std::vector<int> clique = cliqueOf(plan, place.node);
    Key key{kindOf_[at(place.node)], clique.size(), edges.size()};
    for (const int node : clique)
        key.push_back(at(core_.labelCount[at(node)]));
    for (const int e : edges) {
        const IlpCore::Edge& edge = core_.edges[at(e)];
        key.push_back(kindOfMatrix_[at(edge.matrix)]);
        key.push_back(positionIn(clique, edge.from));
        key.push_back(positionIn(clique, edge.to));
    }
    for (const size_t input : place.inputs) {
        key.push_back(places_[input].table);
        for (const int node : plan.scope[at(places_[input].node)])
            key.push_back(positionIn(clique, node));
    }
    const auto [known, isNew] = tableOf_.try_emplace(std::move(key), tables_.size());
    place.table = known->second;
    if (!isNew)
        return true;
    double numbers = static_cast<double>(1 + place.inputs.size());
    for (const int node : clique)
        numbers *= core_.labelCount[at(node)];
    if (numbers > static_cast<double>(mostOfPass_ - workOfPass_))
        return false;
    tables_.push_back(makeTable(plan, place, edges));
    workOfPass_ += tables_.back().work();
    return true;
}

FrontTable FrontTables::makeTable(const EliminationPlan& plan, const Place& place,
                                  const std::vector<int>& edges) const
{
    const std::vector<int> clique = cliqueOf(plan, place.node);
    FrontTable table;
    table.uses = use_.data() + core_.labelOffset[at(place.node)];
    table.labels = at(core_.labelCount[at(place.node)]);
    for (const int neighbour : plan.scope[at(place.node)])
        table.rows *= at(core_.labelCount[at(neighbour)]);
    addCosts(table, clique, edges);
    table.ownLeastUse = *std::min_element(table.uses, table.uses + table.labels);
    table.leastUse = table.ownLeastUse;
    for (const size_t input : place.inputs) {
        const Place& from = places_[input];
        table.inputs.push_back(from.table);
        table.rowOfInput.push_back(offsetsIn(clique, plan.scope[at(from.node)]));
        table.leastUse += tables_[from.table].leastUse;
    }
    return table;
}

void FrontTables::addRoot()
{
    FrontTable root;
    root.fixed = {core_.base};
    for (const size_t input : places_.back().inputs) {
        root.inputs.push_back(places_[input].table);
        root.rowOfInput.push_back({0});
        root.leastUse += tables_[places_[input].table].leastUse;
    }
    places_.back().table = tables_.size();
    tables_.push_back(std::move(root));
}

/// Per entry of a table over `clique`, the offset in one over `scope`.
std::vector<uint32_t> FrontTables::offsetsIn(const std::vector<int>& clique,
                                             const std::vector<int>& scope) const
{
    size_t entries = 1;
    for (const int node : clique)
        entries *= at(core_.labelCount[at(node)]);
    const std::vector<size_t> strides = Odometer::strides(core_, clique, scope);
    Odometer odometer(core_, clique);
    std::vector<uint32_t> offsets(entries);
    size_t offset = 0;
    for (uint32_t& each : offsets) {
        each = static_cast<uint32_t>(offset);
        odometer.advance(offset, strides);
    }
    return offsets;
}

void FrontTables::addCosts(FrontTable& table, const std::vector<int>& clique,
                           const std::vector<int>& edges) const
{
    const double* costs = core_.costs.data() + core_.labelOffset[at(clique.back())];
    for (size_t row = 0; row < table.rows; ++row)
        table.fixed.insert(table.fixed.end(), costs, costs + table.labels);
    for (const int e : edges) {
        const IlpCore::Edge& edge = core_.edges[at(e)];
        const std::vector<uint32_t> offsets = offsetsIn(clique, {edge.from, edge.to});
        const size_t columns = at(core_.labelCount[at(edge.to)]);
        for (size_t entry = 0; entry < offsets.size(); ++entry)
            table.fixed[entry] +=
                core_.row(e, static_cast<int>(offsets[entry] / columns))[offsets[entry] % columns];
    }
}

/// Fills totals and messages at this price; the root's message is the bound.
void FrontTables::passInwards(double price)
{
    for (FrontTable& table : tables_) {
        table.total = table.fixed;
        table.message.resize(table.rows);
        table.messageUse.resize(table.rows);
        for (size_t row = 0; row < table.rows; ++row) {
            size_t best = 0;
            for (size_t s = 0; s < table.labels; ++s) {
                const size_t entry = row * table.labels + s;
                double& total = table.total[entry];
                total += table.uses ? price * table.uses[s] : -price * core_.capacity[0];
                for (size_t input = 0; input < table.inputs.size(); ++input)
                    total += tables_[table.inputs[input]].message[table.rowOfInput[input][entry]];
                best = total < table.total[row * table.labels + best] ? s : best;
            }
            const size_t entry = row * table.labels + best;
            table.message[row] = table.total[entry];
            double use = table.uses ? table.uses[best] : 0;
            for (size_t input = 0; input < table.inputs.size(); ++input)
                use += tables_[table.inputs[input]].messageUse[table.rowOfInput[input][entry]];
            table.messageUse[row] = use;
        }
        work_ += table.work();
    }
}

void FrontTables::findPrice(double price)
{
    struct Line {
        double price = 0, bound = 0, slope = 0;
    };
    std::optional<Line> below, above; // Of the maximum.
    Line best{0, -kForbidden, 0};
    double current = price;
    for (int step = 0; step < kPriceSteps; ++step) {
        passInwards(current);
        const Line line{current, root().message[0], root().messageUse[0] - core_.capacity[0]};
        if (line.bound > best.bound)
            best = line;
        (line.slope > 0 ? below : above) = line;
        if (!(line.bound < kForbidden) || line.slope == 0 || (current == 0 && !below))
            break;
        if (below && above) {
            current = (below->bound - below->slope * below->price - above->bound +
                       above->slope * above->price) /
                      (above->slope - below->slope);
            if (!(current > below->price && current < above->price))
                break;
        } else {
            current = below ? 2 * current : current / 2;
            if (current == 0)
                break;
        }
    }
    if (current != best.price || root().message[0] != best.bound)
        passInwards(best.price);
}

void FrontTables::findOutside()
{
    for (FrontTable& table : tables_)
        table.outside.assign(table.rows, kForbidden);
    tables_.back().outside = {0};
    // Whoever reads a table comes after it: when its turn comes, all that is outside is known.
    for (size_t t = tables_.size(); t-- > 0;) {
        FrontTable& table = tables_[t];
        if (table.uses) {
            for (size_t row = 0; row < table.rows; ++row)
                table.outside[row] = table.message[row] < kForbidden
                                         ? table.outside[row] - table.message[row]
                                         : kForbidden;
        }
        for (size_t input = 0; input < table.inputs.size(); ++input) {
            std::vector<double>& outside = tables_[table.inputs[input]].outside;
            for (size_t entry = 0; entry < table.total.size(); ++entry) {
                double& least = outside[table.rowOfInput[input][entry]];
                least = std::min(least, table.total[entry] + table.outside[entry / table.labels]);
            }
        }
        work_ += table.work();
    }
}

} // namespace alpa
