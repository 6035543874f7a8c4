#include "core/training/split_projections.h"

#include "core/base/check.h"
#include "core/graph/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <utility>

namespace alpa
{
namespace
{

/// Where a value is cut: along `dim` at bounds[0] = 0 < bounds[1] < ... < its size.
struct Cut {
    int dim = 0;
    std::vector<int64_t> bounds;
    size_t parts() const { return bounds.size() - 1; }
    friend bool operator==(const Cut&, const Cut&) = default;
};

/// A value that must be cut for a fused projection, and how.
struct CutValue {
    ValueId value;
    Cut cut;
};

int64_t product(std::span<const int64_t> sizes)
{
    return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

/// The cut of a reshape's operand of sizes `from` that gives `cut` of its result of sizes `to`.
/// In row-major order both are ranges of blocks, repeated as often as the dimensions before say.
std::optional<Cut> cutOfReshaped(const std::vector<int64_t>& from, const std::vector<int64_t>& to,
                                 const Cut& cut)
{
    const auto at = static_cast<size_t>(cut.dim);
    const int64_t repeats = product(std::span(to).first(at));
    const int64_t block = product(std::span(to).subspan(at + 1));
    int64_t outer = 1;
    for (size_t dim = 0; dim < from.size(); outer *= from[dim++]) {
        if (outer != repeats || from[dim] == 1)
            continue;
        const int64_t inner = product(std::span(from).subspan(dim + 1));
        Cut result{static_cast<int>(dim), {}};
        for (const int64_t bound : cut.bounds) {
            if (bound * block % inner != 0)
                return std::nullopt;
            result.bounds.push_back(bound * block / inner);
        }
        return result;
    }
    return std::nullopt;
}

/// The operand and its dimension that become dimension `dim` of a dot's result; nothing for batch
/// dimensions, which both operands have.
std::optional<std::pair<size_t, int>> freeDimOfDot(const DotAttributes& dot, int lhsRank,
                                                   int rhsRank, int dim)
{
    int next = static_cast<int>(dot.lhsBatch.size());
    const auto find = [&](int rank, const std::vector<int>& batch,
                          const std::vector<int>& contracting) -> std::optional<int> {
        for (int d = 0; d < rank; ++d) {
            if (std::ranges::find(batch, d) != batch.end() ||
                std::ranges::find(contracting, d) != contracting.end())
                continue;
            if (next++ == dim)
                return d;
        }
        return std::nullopt;
    };
    if (const auto lhs = find(lhsRank, dot.lhsBatch, dot.lhsContracting))
        return std::pair(size_t{0}, *lhs);
    if (const auto rhs = find(rhsRank, dot.rhsBatch, dot.rhsContracting))
        return std::pair(size_t{1}, *rhs);
    return std::nullopt;
}

class Splitter
{
public:
    explicit Splitter(const Graph& graph)
        : graph_(graph)
        , users_(valueUsers(graph))
        , isOutput_(graph.values.size(), 0)
        , cutOf_(graph.values.size(), kWhole)
        , values_(graph.values.size())
        , parts_(graph.values.size())
    {
        for (const GraphOutput& output : graph.outputs)
            isOutput_[output.value.index()] = 1;
    }

    void find()
    {
        for (size_t value = 0; value < graph_.values.size(); ++value) {
            const std::optional<Cut> cut = cutBySlices(ValueId(value));
            if (cut)
                tryToCut(ValueId(value), *cut);
        }
    }

    SplitModel rewrite()
    {
        SplitModel model;
        model.graph.name = graph_.name;
        model.graph.scopes = graph_.scopes;
        for (const GraphInput& input : graph_.inputs)
            addInput(model, input);
        for (const Op& op : graph_.ops)
            addOp(model.graph, op);
        for (GraphOutput output : graph_.outputs) {
            output.value = values_[output.value.index()];
            model.graph.addOutput(std::move(output));
        }
        return model;
    }

    bool hasFound() const { return !cuts_.empty(); }

private:
    static constexpr int kWhole = -1;

    const Graph& graph_;
    std::vector<std::vector<OpId>> users_;
    std::vector<uint8_t> isOutput_;
    std::vector<CutValue> cuts_;
    std::vector<int> cutOf_;                  ///< Per value: index into cuts_, or kWhole.
    std::vector<ValueId> values_;             ///< Per value that stays whole: in the result.
    std::vector<std::vector<ValueId>> parts_; ///< Per cut value: in the result.

    // --- search ----------------------------------------------------------------------------------

    /// The cut of `value` if two slices or more share it out along one dimension and nothing else
    /// reads it.
    std::optional<Cut> cutBySlices(ValueId value) const
    {
        const std::vector<OpId>& users = users_[value.index()];
        if (users.size() < 2 || isOutput_[value.index()] != 0 ||
            !graph_.value(value).producer.isValid())
            return std::nullopt;
        const std::vector<int64_t>& dims = graph_.type(value).dims;
        std::optional<int> dim;
        std::vector<std::pair<int64_t, int64_t>> ranges;
        for (const OpId user : users) {
            const Op& op = graph_.op(user);
            if (op.kind != OpKind::kSlice)
                return std::nullopt;
            const auto& slice = std::get<SliceAttributes>(op.attributes);
            for (size_t d = 0; d < dims.size(); ++d) {
                if (slice.starts[d] == 0 && slice.limits[d] == dims[d] && slice.strides[d] == 1)
                    continue;
                if (slice.strides[d] != 1 ||
                    dim.value_or(static_cast<int>(d)) != static_cast<int>(d))
                    return std::nullopt;
                dim = static_cast<int>(d);
            }
            if (!dim)
                return std::nullopt;
            const auto at = static_cast<size_t>(*dim);
            ranges.emplace_back(slice.starts[at], slice.limits[at]);
        }
        std::ranges::sort(ranges);
        const auto repeated = std::ranges::unique(ranges);
        ranges.erase(repeated.begin(), repeated.end());
        Cut cut{*dim, {0}};
        for (const auto& [begin, end] : ranges) {
            if (begin != cut.bounds.back() || end <= begin)
                return std::nullopt;
            cut.bounds.push_back(end);
        }
        const bool isCovered = cut.bounds.back() == dims[static_cast<size_t>(*dim)];
        return isCovered && cut.parts() >= 2 ? std::optional(std::move(cut)) : std::nullopt;
    }

    /// Adds `root` and all that must be cut with it to cuts_, if that ends at parameters.
    void tryToCut(ValueId root, const Cut& cut)
    {
        std::vector<CutValue> found{{root, cut}};
        bool hasDot = false;
        bool isPossible = true;
        cutOf_[root.index()] = static_cast<int>(cuts_.size());
        for (size_t i = 0; i < found.size() && isPossible; ++i) {
            const OpId producer = graph_.value(found[i].value).producer;
            if (!producer.isValid())
                continue;
            const Op& op = graph_.op(producer);
            hasDot = hasDot || op.kind == OpKind::kDot;
            isPossible = cutOperands(op, Cut(found[i].cut), found);
        }
        isPossible = isPossible && hasDot && readsNothingTwice(found);
        if (!isPossible) {
            for (const CutValue& value : found)
                cutOf_[value.value.index()] = kWhole;
            return;
        }
        cuts_.insert(cuts_.end(), std::make_move_iterator(found.begin()),
                     std::make_move_iterator(found.end()));
    }

    /// Adds the operands that must be cut for `cut` of op's result. False if there is no such cut.
    bool cutOperands(const Op& op, const Cut& cut, std::vector<CutValue>& found)
    {
        const auto dims = [&](size_t operand) -> const std::vector<int64_t>& {
            return graph_.type(op.operands[operand]).dims;
        };
        const auto at = static_cast<size_t>(cut.dim);
        if (isElementwise(op.kind)) {
            for (size_t operand = 0; operand < op.operands.size(); ++operand) {
                if (!dims(operand).empty() && !addCut(op.operands[operand], cut, found))
                    return false; // Scalars stand for all elements (clamp's bounds).
            }
            return true;
        }
        if (op.kind == OpKind::kConstant)
            return std::get<ConstantAttributes>(op.attributes).values.size() == 1;
        if (op.kind == OpKind::kBroadcast) {
            const std::vector<int>& to = std::get<DimsAttributes>(op.attributes).dims;
            const auto source = std::ranges::find(to, cut.dim);
            const auto from = static_cast<size_t>(source - to.begin());
            if (source == to.end() || dims(0)[from] != cut.bounds.back())
                return true; // Every part repeats the same operand.
            return addCut(op.operands[0], {static_cast<int>(from), cut.bounds}, found);
        }
        if (op.kind == OpKind::kTranspose) {
            const int from = std::get<DimsAttributes>(op.attributes).dims[at];
            return addCut(op.operands[0], {from, cut.bounds}, found);
        }
        if (op.kind == OpKind::kReshape) {
            const auto from = cutOfReshaped(dims(0), graph_.type(op.results[0]).dims, cut);
            return from && addCut(op.operands[0], *from, found);
        }
        if (op.kind == OpKind::kDot) {
            const auto from = freeDimOfDot(std::get<DotAttributes>(op.attributes),
                                           static_cast<int>(dims(0).size()),
                                           static_cast<int>(dims(1).size()), cut.dim);
            return from && addCut(op.operands[from->first], {from->second, cut.bounds}, found);
        }
        return false;
    }

    bool addCut(ValueId value, const Cut& cut, std::vector<CutValue>& found)
    {
        if (cutOf_[value.index()] != kWhole) {
            const auto first = static_cast<int>(cuts_.size());
            const int known = cutOf_[value.index()] - first; // Below 0: of another projection.
            return known >= 0 && found[static_cast<size_t>(known)].cut == cut;
        }
        const bool isOnlyHere = users_[value.index()].size() == 1 && isOutput_[value.index()] == 0;
        const bool isPossible = graph_.value(value).producer.isValid() ||
                                graph_.inputRole(value) == InputRole::kParameter;
        if (!isOnlyHere || !isPossible)
            return false;
        cutOf_[value.index()] = static_cast<int>(cuts_.size() + found.size());
        found.push_back({value, cut});
        return true;
    }

    /// False if an op needs the same value both cut and whole: dot(w, w).
    bool readsNothingTwice(const std::vector<CutValue>& found) const
    {
        return std::ranges::none_of(found, [&](const CutValue& value) {
            const OpId producer = graph_.value(value.value).producer;
            if (!producer.isValid() || graph_.op(producer).kind != OpKind::kDot)
                return false;
            const std::vector<ValueId>& operands = graph_.op(producer).operands;
            return cutOf_[operands[0].index()] != kWhole && cutOf_[operands[1].index()] != kWhole;
        });
    }

    // --- rewriting -------------------------------------------------------------------------------

    const Cut& cutOf(ValueId value) const
    {
        return cuts_[static_cast<size_t>(cutOf_[value.index()])].cut;
    }
    bool isCut(ValueId value) const { return cutOf_[value.index()] != kWhole; }

    TensorType partType(ValueId value, size_t part) const
    {
        const Cut& cut = cutOf(value);
        TensorType type = graph_.type(value);
        type.dims[static_cast<size_t>(cut.dim)] = cut.bounds[part + 1] - cut.bounds[part];
        return type;
    }

    void addInput(SplitModel& model, const GraphInput& input)
    {
        const Value& value = graph_.value(input.value);
        if (!isCut(input.value)) {
            values_[input.value.index()] = model.graph.addInput(value.name, value.type, input.role);
            return;
        }
        const Cut& cut = cutOf(input.value);
        for (size_t part = 0; part < cut.parts(); ++part) {
            const ParameterView view{
                fmt::format("{}[{}:{}]", value.name, cut.bounds[part], cut.bounds[part + 1]),
                value.name, cut.dim, cut.bounds[part], cut.bounds[part + 1]};
            parts_[input.value.index()].push_back(
                model.graph.addInput(view.input, partType(input.value, part), input.role));
            model.views.push_back(view);
        }
    }

    void addOp(Graph& graph, const Op& op)
    {
        if (!op.results.empty() && isCut(op.results[0]))
            return addParts(graph, op);
        if (op.kind == OpKind::kSlice && isCut(op.operands[0])) {
            const Cut& cut = cutOf(op.operands[0]);
            const int64_t begin =
                std::get<SliceAttributes>(op.attributes).starts[static_cast<size_t>(cut.dim)];
            const auto part = std::ranges::find(cut.bounds, begin) - cut.bounds.begin();
            values_[op.results[0].index()] =
                parts_[op.operands[0].index()][static_cast<size_t>(part)];
            return;
        }
        Op copy = op;
        for (ValueId& operand : copy.operands)
            operand = values_[operand.index()];
        std::vector<TensorType> types;
        for (const ValueId result : op.results)
            types.push_back(graph_.type(result));
        const OpId id = graph.addOp(std::move(copy), std::move(types));
        for (size_t i = 0; i < op.results.size(); ++i)
            values_[op.results[i].index()] = graph.op(id).results[i];
    }

    /// Every kind that cutOperands knows has attributes that hold for any size of the cut.
    void addParts(Graph& graph, const Op& op)
    {
        const ValueId result = op.results[0];
        for (size_t part = 0; part < cutOf(result).parts(); ++part) {
            Op copy = op;
            for (ValueId& operand : copy.operands)
                operand = isCut(operand) ? parts_[operand.index()][part] : values_[operand.index()];
            const OpId id = graph.addOp(std::move(copy), {partType(result, part)});
            parts_[result.index()].push_back(graph.op(id).results[0]);
        }
    }
};

/// Calls copy(offset in the source, offset in the part, bytes) for every contiguous run of a view.
template <typename Copy>
void forEachRun(const ParameterView& view, std::span<const int64_t> sourceDims,
                int64_t elementBytes, const Copy& copy)
{
    const auto dim = static_cast<size_t>(view.dim);
    CHECK(dim < sourceDims.size() && view.begin >= 0 && view.begin <= view.end &&
              view.end <= sourceDims[dim],
          "a view lies inside its parameter");
    const int64_t inner = product(sourceDims.subspan(dim + 1)) * elementBytes;
    const int64_t run = (view.end - view.begin) * inner;
    const int64_t outer = product(sourceDims.first(dim));
    for (int64_t i = 0; i < outer; ++i)
        copy(static_cast<size_t>((i * sourceDims[dim] + view.begin) * inner),
             static_cast<size_t>(i * run), static_cast<size_t>(run));
}

} // namespace

Result<SplitModel> splitFusedProjections(const Graph& loss)
{
    const bool isStep = std::ranges::any_of(
        loss.outputs, [](const GraphOutput& output) { return output.alias.isValid(); });
    if (isStep) // Updates refer to whole parameters.
        return SplitModel{loss, {}};
    Splitter splitter(loss);
    splitter.find();
    if (!splitter.hasFound())
        return SplitModel{loss, {}};
    SplitModel model = splitter.rewrite();
    RETURN_IF_ERROR(checkGraph(model.graph));
    return model;
}

std::optional<ParameterView> viewOfInput(std::span<const ParameterView> views,
                                         std::string_view name)
{
    for (const ParameterView& view : views) {
        if (!name.starts_with(view.input))
            continue;
        const std::string_view state = name.substr(view.input.size());
        if (!state.empty() && state.front() != '.')
            continue;
        ParameterView found = view;
        found.input = name;
        found.source += state;
        return found;
    }
    return std::nullopt;
}

std::vector<int64_t> viewDims(const ParameterView& view, std::vector<int64_t> sourceDims)
{
    CHECK(static_cast<size_t>(view.dim) < sourceDims.size(), "a view names a dimension");
    sourceDims[static_cast<size_t>(view.dim)] = view.end - view.begin;
    return sourceDims;
}

std::vector<std::byte> readView(const ParameterView& view, std::span<const std::byte> source,
                                std::span<const int64_t> sourceDims, int64_t elementBytes)
{
    CHECK(source.size() == static_cast<size_t>(product(sourceDims) * elementBytes),
          "the bytes are those of the whole parameter");
    const std::vector<int64_t> dims = viewDims(view, {sourceDims.begin(), sourceDims.end()});
    std::vector<std::byte> part(static_cast<size_t>(product(dims) * elementBytes));
    forEachRun(view, sourceDims, elementBytes, [&](size_t from, size_t to, size_t bytes) {
        if (bytes > 0)
            std::memcpy(part.data() + to, source.data() + from, bytes);
    });
    return part;
}

void writeView(const ParameterView& view, std::span<const std::byte> part,
               std::span<std::byte> source, std::span<const int64_t> sourceDims,
               int64_t elementBytes)
{
    const std::vector<int64_t> dims = viewDims(view, {sourceDims.begin(), sourceDims.end()});
    CHECK(part.size() == static_cast<size_t>(product(dims) * elementBytes) &&
              source.size() == static_cast<size_t>(product(sourceDims) * elementBytes),
          "the bytes are those of the part and of the whole parameter");
    forEachRun(view, sourceDims, elementBytes, [&](size_t to, size_t from, size_t bytes) {
        if (bytes > 0)
            std::memcpy(source.data() + to, part.data() + from, bytes);
    });
}

} // namespace alpa
