#include "core/intra_op/spec_tables.h"

#include "core/base/check.h"

#include <algorithm>
#include <cstring>

namespace alpa
{
namespace
{

/// Three table indices in one key. Each stays far below 2^21.
uint64_t key(int a, int b, int c)
{
    DCHECK(a < (1 << 21) && b < (1 << 21) && c < (1 << 21), "table index fits 21 bits");
    return (static_cast<uint64_t>(a) << 42) | (static_cast<uint64_t>(b) << 21) |
           static_cast<uint64_t>(c);
}

std::string bytesOf(const std::vector<ShardingSpec>& list)
{
    std::string bytes;
    bytes.reserve(list.size() * (kMaxRank + 3));
    for (const ShardingSpec& spec : list) {
        bytes.append(reinterpret_cast<const char*>(spec.dims.data()), spec.dims.size());
        bytes.push_back(static_cast<char>(spec.rank));
        bytes.push_back(static_cast<char>(spec.partial));
        bytes.push_back(static_cast<char>(spec.partialKind));
    }
    return bytes;
}

std::string ruleKey(const FactorRule& rule)
{
    std::string text;
    const auto put = [&text](int64_t number) {
        char buffer[sizeof(number)];
        std::memcpy(buffer, &number, sizeof(number));
        text.append(buffer, sizeof(number));
    };
    const auto putSide = [&](const std::vector<std::vector<DimFactors>>& side) {
        put(static_cast<int64_t>(side.size()));
        for (const auto& tensor : side) {
            put(static_cast<int64_t>(tensor.size()));
            for (const DimFactors& dim : tensor) {
                put(static_cast<int64_t>(dim.size()));
                for (const int factor : dim)
                    put(factor);
            }
        }
    };
    put(static_cast<int64_t>(rule.factors.size()));
    for (const Factor& factor : rule.factors) {
        put(factor.size);
        put(static_cast<int64_t>(factor.kind) * 16 + static_cast<int64_t>(factor.reduction));
    }
    putSide(rule.operands);
    putSide(rule.results);
    for (const auto& group : rule.linearGroups) {
        put(-1);
        for (const int operand : group)
            put(operand);
    }
    return text;
}

} // namespace

GraphRules collectRules(const Graph& graph)
{
    GraphRules result;
    result.ofOp.reserve(graph.ops.size());
    std::unordered_map<std::string, int> ids;
    for (const Op& op : graph.ops) {
        FactorRule rule = factorRule(graph, op);
        const auto [place, isNew] =
            ids.try_emplace(ruleKey(rule), static_cast<int>(result.rules.size()));
        if (isNew)
            result.rules.push_back(std::move(rule));
        result.ofOp.push_back(place->second);
    }
    result.batch = findBatchDims(graph, result.rules, result.ofOp);
    return result;
}

SpecTables::SpecTables(const Cluster& cluster, const DeviceMesh& mesh, const GraphRules& rules)
    : mesh_(mesh)
    , rules_(rules)
    , resharder_(cluster, mesh)
{
    for (const MeshAxis& axis : mesh_.axes)
        axisSizes_.push_back(axis.size);
}

SpecListId SpecTables::intern(const std::vector<ShardingSpec>& list)
{
    const auto [place, isNew] =
        listIds_.try_emplace(bytesOf(list), static_cast<int>(lists_.size()));
    if (isNew) {
        lists_.push_back(list);
        hasPartial_.push_back(
            std::ranges::any_of(list, [](const ShardingSpec& spec) { return spec.partial != 0; }));
    }
    return place->second;
}

SpecListId SpecTables::resolved(SpecListId id)
{
    if (!hasPartial(id))
        return id;
    std::vector<ShardingSpec> specs = list(id);
    for (ShardingSpec& spec : specs) {
        spec.partial = 0;
        spec.partialKind = ReduceKind::kAdd;
    }
    return intern(specs);
}

double SpecTables::shareOf(const Strategy& strategy) const
{
    double share = 1;
    for (size_t axis = 0; axis < axisSizes_.size(); ++axis) {
        if (strategy.axisFactor[axis] != Strategy::kUnused)
            share /= axisSizes_[axis];
    }
    return share;
}

void SpecTables::append(Carried& carried, std::vector<std::vector<ShardingSpec>>& operands,
                        std::vector<ShardingSpec>& produced, const FactorRule& rule,
                        const Strategy& strategy, int passedOperand, AxisSet passedPartial)
{
    std::optional<OpSharding> sharding = shardingOf(rule, strategy, axisSizes_);
    Strategy used = strategy;
    if (!sharding) {
        // Nothing of it is possible: every device does the whole op.
        used = Strategy{};
        sharding = shardingOf(rule, used, axisSizes_);
        CHECK(sharding.has_value(), "replication is always possible");
    }
    // Partial sums may only pass along axes that the op does not split itself.
    AxisSet busy = 0;
    for (size_t axis = 0; axis < axisSizes_.size(); ++axis) {
        if (used.axisFactor[axis] != Strategy::kUnused)
            busy = static_cast<AxisSet>(busy | axisBit(static_cast<int>(axis)));
    }
    const AxisSet passed = static_cast<AxisSet>(passedPartial & ~busy);
    if (passed != 0) {
        sharding->operands[static_cast<size_t>(passedOperand)].partial = passed;
        sharding->results[0].partial = static_cast<AxisSet>(sharding->results[0].partial | passed);
    }
    for (size_t o = 0; o < operands.size(); ++o)
        operands[o].push_back(sharding->operands[o]);
    produced.push_back(sharding->results[0]);
    carried.share.push_back(shareOf(used));
}

const Carried& SpecTables::followOperand(int rule, int operand, SpecListId list)
{
    const uint64_t id = key(rule, operand + 1, list);
    if (const auto known = followed_.find(id); known != followed_.end())
        return known->second;
    const FactorRule& factors = rules_.rules[static_cast<size_t>(rule)];
    const bool isLinear = linearGroupOf(factors, operand) == std::vector<int>{operand};
    Carried carried;
    std::vector<std::vector<ShardingSpec>> operands(factors.operands.size());
    std::vector<ShardingSpec> produced;
    const std::vector<ShardingSpec> specs = this->list(list);
    for (const ShardingSpec& spec : specs) {
        const Strategy strategy = strategyFromOperand(factors, operand, spec, axisSizes_);
        const AxisSet passed =
            isLinear && spec.partialKind == ReduceKind::kAdd ? spec.partial : AxisSet{0};
        append(carried, operands, produced, factors, strategy, operand, passed);
    }
    for (const auto& specsOfOperand : operands)
        carried.operands.push_back(intern(specsOfOperand));
    carried.produced = intern(produced);
    return followed_.emplace(id, std::move(carried)).first->second;
}

const Carried& SpecTables::followResult(int rule, SpecListId list)
{
    const uint64_t id = key(rule, 0, list);
    if (const auto known = followed_.find(id); known != followed_.end())
        return known->second;
    const FactorRule& factors = rules_.rules[static_cast<size_t>(rule)];
    Carried carried;
    std::vector<std::vector<ShardingSpec>> operands(factors.operands.size());
    std::vector<ShardingSpec> produced;
    const std::vector<ShardingSpec> specs = this->list(list);
    for (const ShardingSpec& spec : specs)
        append(carried, operands, produced, factors,
               strategyFromResult(factors, 0, spec, axisSizes_), 0, 0);
    for (const auto& specsOfOperand : operands)
        carried.operands.push_back(intern(specsOfOperand));
    carried.produced = intern(produced);
    return followed_.emplace(id, std::move(carried)).first->second;
}

Carried SpecTables::decide(int rule, const std::vector<Strategy>& strategies)
{
    const FactorRule& factors = rules_.rules[static_cast<size_t>(rule)];
    Carried carried;
    std::vector<std::vector<ShardingSpec>> operands(factors.operands.size());
    std::vector<ShardingSpec> produced;
    for (const Strategy& strategy : strategies)
        append(carried, operands, produced, factors, strategy, 0, 0);
    for (const auto& specsOfOperand : operands)
        carried.operands.push_back(intern(specsOfOperand));
    carried.produced = intern(produced);
    return carried;
}

int SpecTables::typeId(const TensorType& type)
{
    std::string text(1, static_cast<char>(type.dtype));
    text.append(reinterpret_cast<const char*>(type.dims.data()),
                type.dims.size() * sizeof(int64_t));
    return typeIds_.try_emplace(std::move(text), static_cast<int>(typeIds_.size())).first->second;
}

int SpecTables::matrix(const TensorType& type, SpecListId from, SpecListId to)
{
    const auto [place, isNew] =
        matrixIds_.try_emplace(key(typeId(type), from, to), static_cast<int>(matrices_.size()));
    if (!isNew)
        return place->second;
    Matrix matrix{
        .rows = strategies(from), .columns = strategies(to), .entries = {}, .isZero = true};
    matrix.entries.reserve(static_cast<size_t>(matrix.rows) * static_cast<size_t>(matrix.columns));
    for (const ShardingSpec& source : list(from)) {
        for (const ShardingSpec& target : list(to)) {
            const double seconds =
                source == target ? 0.0 : resharder_.time(type, source, target).count;
            matrix.isZero = matrix.isZero && seconds == 0.0;
            matrix.entries.push_back(seconds);
        }
    }
    matrices_.push_back(std::move(matrix));
    return place->second;
}

const std::vector<double>& SpecTables::diagonal(const TensorType& type, SpecListId from,
                                                SpecListId to)
{
    const uint64_t id = key(typeId(type), from, to);
    if (const auto known = diagonals_.find(id); known != diagonals_.end())
        return known->second;
    std::vector<double> seconds;
    bool isZero = true;
    for (size_t k = 0; k < list(from).size(); ++k) {
        const ShardingSpec& source = list(from)[k];
        const ShardingSpec& target = list(to)[k];
        seconds.push_back(source == target ? 0.0 : resharder_.time(type, source, target).count);
        isZero = isZero && seconds.back() == 0.0;
    }
    if (isZero)
        seconds.clear();
    return diagonals_.emplace(id, std::move(seconds)).first->second;
}

Bytes SpecTables::size() const
{
    size_t bytes = 0;
    for (const auto& list : lists_)
        bytes += 2 * list.size() * sizeof(ShardingSpec);
    for (const Matrix& matrix : matrices_)
        bytes += matrix.entries.size() * sizeof(double);
    for (const auto& [id, carried] : followed_)
        bytes += sizeof(Carried) + carried.share.size() * sizeof(double);
    return Bytes(static_cast<int64_t>(bytes));
}

const std::vector<int64_t>& SpecTables::localBytes(const TensorType& type, SpecListId specs)
{
    const uint64_t id = key(typeId(type), specs, 0);
    if (const auto known = localBytes_.find(id); known != localBytes_.end())
        return known->second;
    std::vector<int64_t> bytes;
    for (const ShardingSpec& spec : list(specs))
        bytes.push_back(type.bytes().count / mesh_.groupSize(spec.splitAxes()));
    return localBytes_.emplace(id, std::move(bytes)).first->second;
}

} // namespace alpa
