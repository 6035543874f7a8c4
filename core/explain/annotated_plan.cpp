#include "core/explain/annotated_plan.h"

#include "core/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace alpa
{
namespace
{

constexpr size_t kMostAxes = 3;
constexpr std::string_view kAxisNames = "xyz";

/// The axes of each dimension in a sharding text "{data.fsdp, -}", by number in the file's mesh.
std::vector<std::vector<size_t>> axesOf(const Graph& graph, const std::string& text)
{
    std::vector<std::vector<size_t>> dims;
    for (const std::string& dim : splitText(text.substr(1, text.size() - 2), ',')) {
        dims.emplace_back();
        const size_t begin = dim.find_first_not_of(' ');
        for (const std::string& name :
             splitText(begin == std::string::npos ? dim : dim.substr(begin), '.')) {
            for (size_t axis = 0; axis < graph.fileMesh.size(); ++axis) {
                if (graph.fileMesh[axis].name == name)
                    dims.back().push_back(axis);
            }
        }
    }
    return dims;
}

/// Axis that splits the batch: x of every mesh here. Nothing if the file says that none does, its
/// first one if it says nothing of batches.
std::optional<size_t> dataAxis(const Graph& graph)
{
    bool isSaid = false;
    for (const GraphInput& input : graph.inputs) {
        const std::string& sharding = graph.value(input.value).sharding;
        if (input.role != InputRole::kBatch || sharding.empty())
            continue;
        isSaid = true;
        const auto dims = axesOf(graph, sharding);
        if (!dims.empty() && !dims[0].empty())
            return dims[0].front();
    }
    return isSaid ? std::nullopt : std::optional<size_t>(0);
}

class AnnotationReader
{
public:
    explicit AnnotationReader(const Graph& graph)
        : graph_(graph)
    {
    }

    Result<AnnotatedPlan> read()
    {
        if (graph_.fileMesh.empty())
            return Error(ErrorCode::kInvalidInput, "the file says nothing of shardings");
        if (graph_.fileMesh.size() > kMostAxes)
            return Error(
                ErrorCode::kUnsupported,
                fmt::format("the file's shardings are over {} axes, meshes have at most {}",
                            graph_.fileMesh.size(), kMostAxes));
        orderAxes();
        PlanConstraints& constraints = result_.plan.constraints;
        result_.plan.name = graph_.name + " as annotated";
        constraints.fixedPp = 1;
        constraints.microbatches = 1;
        pinParameters();
        pinStates();
        pinOps();
        checkBatch();
        return std::move(result_);
    }

private:
    void orderAxes()
    {
        const std::optional<size_t> data = dataAxis(graph_);
        std::vector<int>& sizes = result_.plan.constraints.meshAxes;
        if (data || graph_.fileMesh.size() == kMostAxes)
            order_.push_back(data.value_or(0));
        else
            order_.push_back(graph_.fileMesh.size()); // An axis of one device that splits nothing.
        for (size_t axis = 0; axis < graph_.fileMesh.size(); ++axis) {
            if (axis != order_[0])
                order_.push_back(axis);
        }
        for (size_t place = 0; place < order_.size(); ++place) {
            if (order_[place] == graph_.fileMesh.size()) {
                sizes.push_back(1);
                continue;
            }
            const FileMeshAxis& axis = graph_.fileMesh[order_[place]];
            sizes.push_back(static_cast<int>(axis.size));
            result_.axes += fmt::format("{}{} is {}", result_.axes.empty() ? "" : ", ", axis.name,
                                        kAxisNames.substr(place, 1));
        }
        if (sizes.size() == 1)
            sizes.push_back(1);
    }

    /// Nothing if a dimension lists its axes against the order of the mesh here.
    std::optional<ShardingSpec> specOf(const std::string& sharding) const
    {
        const auto dims = axesOf(graph_, sharding);
        if (dims.size() > static_cast<size_t>(kMaxRank))
            return std::nullopt;
        ShardingSpec spec = ShardingSpec::replicated(static_cast<int>(dims.size()));
        for (size_t dim = 0; dim < dims.size(); ++dim) {
            size_t last = 0;
            for (const size_t axis : dims[dim]) {
                const auto place =
                    static_cast<size_t>(std::ranges::find(order_, axis) - order_.begin());
                if (place < last)
                    return std::nullopt;
                last = place;
                spec.dims[dim] =
                    static_cast<AxisSet>(spec.dims[dim] | axisBit(static_cast<int>(place)));
            }
        }
        return spec;
    }

    /// The axes over which a product is partial: those that split what it sums over in both
    /// operands. Files say how its sum is split, which partial or not is the same.
    AxisSet summedAxes(const Op& op) const
    {
        if (op.kind != OpKind::kDot)
            return 0;
        const auto specOfOperand = [&](size_t i) {
            const std::string& sharding = graph_.value(op.operands[i]).sharding;
            return sharding.empty() ? std::nullopt : specOf(sharding);
        };
        const auto lhs = specOfOperand(0);
        const auto rhs = specOfOperand(1);
        AxisSet summed = 0;
        const auto& a = std::get<DotAttributes>(op.attributes);
        for (size_t i = 0; lhs && rhs && i < a.lhsContracting.size(); ++i)
            summed = static_cast<AxisSet>(summed |
                                          (lhs->dims[static_cast<size_t>(a.lhsContracting[i])] &
                                           rhs->dims[static_cast<size_t>(a.rhsContracting[i])]));
        return summed;
    }

    std::optional<ShardingSpec> resultSpecOf(const Op& op) const
    {
        const std::string& sharding = graph_.value(op.results[0]).sharding;
        std::optional<ShardingSpec> spec = sharding.empty() ? std::nullopt : specOf(sharding);
        if (!spec)
            return spec;
        spec->partial = summedAxes(op);
        for (AxisSet& dim : spec->dims) // Split behind the sum.
            dim = static_cast<AxisSet>(dim & ~spec->partial);
        return spec;
    }

    void pinParameters()
    {
        int unsaid = 0;
        for (const GraphInput& input : graph_.inputs) {
            const Value& value = graph_.value(input.value);
            if (input.role != InputRole::kParameter || value.type.rank() == 0)
                continue;
            const auto spec = value.sharding.empty() ? std::nullopt : specOf(value.sharding);
            if (!spec) {
                ++unsaid;
                continue;
            }
            result_.plan.constraints.specs.push_back({.pattern = value.name, .spec = *spec});
            ++result_.parameters;
        }
        if (unsaid > 0)
            result_.notRecovered.push_back(fmt::format(
                "{} parameters have no sharding in the file: the planner chooses", unsaid));
    }

    /// Moments that are split over the data axis, as in ZeRO, though their parameters may not be.
    void pinStates()
    {
        int split = 0;
        int whole = 0; // Though they could be split.
        for (const GraphInput& input : graph_.inputs) {
            const Value& value = graph_.value(input.value);
            if (input.role != InputRole::kOptimizerState || value.type.rank() == 0 ||
                value.sharding.empty())
                continue;
            const auto spec = specOf(value.sharding);
            if (!spec)
                continue;
            if ((spec->splitAxes() & axisBit(0)) != 0)
                ++split;
            else if (canSplitMore(value.type, *spec))
                ++whole;
        }
        StorageRule& rule = result_.plan.constraints.stateStorage;
        if (split > 0 && whole > 0)
            result_.notRecovered.push_back(
                fmt::format("{} tensors of the optimizer's state are split over the data axis and "
                            "{} that could be are not: the planner chooses for each",
                            split, whole));
        else if (split > 0)
            rule = StorageRule::kSplit;
        else if (whole > 0)
            rule = StorageRule::kReplicated;
    }

    /// Over the data axis, into equal parts of what each device holds.
    bool canSplitMore(const TensorType& type, const ShardingSpec& spec) const
    {
        const std::vector<int>& sizes = result_.plan.constraints.meshAxes;
        for (size_t dim = 0; dim < type.dims.size(); ++dim) {
            int64_t parts = sizes[0];
            for (size_t axis = 1; axis < sizes.size(); ++axis)
                parts *= hasAxis(spec.dims[dim], static_cast<int>(axis)) ? sizes[axis] : 1;
            if (type.dims[dim] % parts == 0)
                return true;
        }
        return false;
    }

    /// A constraint names ops by scope and kind: only where all ops of that name are annotated
    /// alike.
    void pinOps()
    {
        std::map<std::string, std::optional<ShardingSpec>> byLabel;
        int ambiguous = 0;
        for (const Op& op : graph_.ops) {
            if (op.phase != Phase::kForward || op.results.empty() ||
                graph_.type(op.results[0]).rank() == 0)
                continue;
            const auto spec = resultSpecOf(op);
            const std::string label =
                graph_.scopePath(op.scope) + ":" + std::string(opKindName(op.kind));
            const auto [known, isNew] = byLabel.emplace(label, spec);
            if (!isNew && known->second != spec) {
                ambiguous += spec || known->second ? 1 : 0;
                known->second.reset();
            }
        }
        for (const auto& [label, spec] : byLabel) {
            if (!spec)
                continue;
            result_.plan.constraints.specs.push_back({.pattern = label, .spec = *spec});
            ++result_.ops;
        }
        if (ambiguous > 0)
            result_.notRecovered.push_back(fmt::format(
                "{} annotated values share their scope and kind with others: not constrained",
                ambiguous));
    }

    /// The batch is split over x and nothing else here.
    void checkBatch()
    {
        for (const GraphInput& input : graph_.inputs) {
            const Value& value = graph_.value(input.value);
            if (input.role != InputRole::kBatch || value.sharding.empty())
                continue;
            const auto spec = specOf(value.sharding);
            bool isOther = !spec;
            for (int dim = 0; spec && dim < spec->rank; ++dim)
                isOther = isOther || (dim == 0 ? spec->dims[0] & ~axisBit(0)
                                               : spec->dims[static_cast<size_t>(dim)]) != 0;
            if (isOther)
                result_.notRecovered.push_back(fmt::format(
                    "input {} is split as {} in the file: batches are split over x only",
                    value.name, value.sharding));
        }
    }

    const Graph& graph_;
    AnnotatedPlan result_;
    std::vector<size_t> order_; ///< The file's axis behind x, y, z; their number: none.
};

} // namespace

Result<AnnotatedPlan> planFromAnnotations(const Graph& graph)
{
    return AnnotationReader(graph).read();
}

} // namespace alpa
