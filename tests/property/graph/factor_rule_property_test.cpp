// Factor rules against their meaning: an op evaluated in two parts along a factor gives the whole
// result, and an op that is linear in a group of operands maps sums to sums. The truth is the
// reference interpreter.
#include "core/graph/factor_rule.h"
#include "core/graph/graph_text.h"
#include "core/graph/verify.h"
#include "runtime/reference/evaluate_op.h"
#include "tests/support/property.h"
#include "tests/support/random_graph.h"

#include <algorithm>

namespace alpa
{
namespace
{

constexpr int kParts = 2;

std::vector<int64_t> stridesOf(const std::vector<int64_t>& dims)
{
    std::vector<int64_t> strides(dims.size(), 1);
    for (size_t dim = dims.size(); dim-- > 1;)
        strides[dim - 1] = strides[dim] * dims[dim];
    return strides;
}

/// Copies between a tensor and its part: dimension d of the part begins at starts[d] of the whole.
void copyPart(HostTensor& whole, HostTensor& part, const std::vector<int64_t>& starts,
              bool intoWhole)
{
    const std::vector<int64_t> wholeStrides = stridesOf(whole.type.dims);
    const std::vector<int64_t> partStrides = stridesOf(part.type.dims);
    for (size_t flat = 0; flat < part.values.size(); ++flat) {
        int64_t rest = static_cast<int64_t>(flat);
        int64_t place = 0;
        for (size_t dim = 0; dim < starts.size(); ++dim) {
            place += (rest / partStrides[dim] + starts[dim]) * wholeStrides[dim];
            rest %= partStrides[dim];
        }
        double& inWhole = whole.values[static_cast<size_t>(place)];
        (intoWhole ? inWhole : part.values[flat]) = intoWhole ? part.values[flat] : inWhole;
    }
}

/// Is `factor` the major factor of every dimension that has it?
bool isMajor(const std::vector<std::vector<DimFactors>>& tensors, int factor)
{
    for (const auto& tensor : tensors) {
        for (const DimFactors& dim : tensor) {
            if (std::ranges::find(dim, factor) != dim.end() && dim[0] != factor)
                return false;
        }
    }
    return true;
}

bool isSplit(const DimFactors& dim, int factor) { return !dim.empty() && dim[0] == factor; }

/// The type of one part and where part number `part` begins.
TensorType partType(const TensorType& type, const std::vector<DimFactors>& dims, int factor,
                    int part, std::vector<int64_t>& starts)
{
    TensorType local = type;
    starts.assign(dims.size(), 0);
    for (size_t dim = 0; dim < dims.size(); ++dim) {
        if (isSplit(dims[dim], factor)) {
            local.dims[dim] /= kParts;
            starts[dim] = part * local.dims[dim];
        }
    }
    return local;
}

/// Sizes written in the attributes shrink with the dimensions they speak of.
void shrinkAttributes(Op& op, const FactorRule& rule, int factor)
{
    for (size_t dim = 0; !rule.operands.empty() && dim < rule.operands[0].size(); ++dim) {
        if (!isSplit(rule.operands[0][dim], factor))
            continue;
        if (auto* slice = std::get_if<SliceAttributes>(&op.attributes))
            slice->limits[dim] /= kParts;
        if (auto* slice = std::get_if<DynamicSliceAttributes>(&op.attributes))
            slice->sizes[dim] /= kParts;
        if (auto* gather = std::get_if<GatherAttributes>(&op.attributes)) {
            if (gather->sliceSizes[dim] > 1)
                gather->sliceSizes[dim] /= kParts;
        }
    }
}

/// A device that holds some rows of a looked-up tensor yields zero for the rows of others: the same
/// as looking up in the whole tensor with the others' rows zeroed.
bool isLookup(const Op& op, const FactorRule& rule, int factor)
{
    if (op.kind != OpKind::kGather ||
        rule.factors[static_cast<size_t>(factor)].kind != FactorKind::kReduction)
        return false;
    return std::ranges::any_of(rule.operands[0],
                               [&](const DimFactors& dim) { return isSplit(dim, factor); });
}

class RuleChecker
{
public:
    RuleChecker(const Graph& graph, const Op& op, Rng& rng)
        : graph_(graph)
        , op_(op)
        , rule_(factorRule(graph, op))
    {
        for (const ValueId operand : op.operands) {
            HostTensor tensor = filledTensor(graph.type(operand), 0);
            for (double& value : tensor.values)
                value = isFloating(tensor.type.dtype) ? 2 * rng.uniform() - 1 : rng.below(3);
            // A zero operand of the graph is part of the rule.
            const OpId producer = graph.value(operand).producer;
            if (producer.isValid() && graph.op(producer).kind == OpKind::kConstant)
                tensor = evaluate(graph.op(producer), {})[0];
            operands_.push_back(std::move(tensor));
        }
        whole_ = evaluate(op, operands_);
    }

    /// How many factors were split.
    int checkFactors()
    {
        int count = 0;
        for (int factor = 0; factor < static_cast<int>(rule_.factors.size()); ++factor) {
            const Factor& f = rule_.factors[static_cast<size_t>(factor)];
            const bool isCheckable = f.kind != FactorKind::kBlocked && f.size % kParts == 0 &&
                                     isMajor(rule_.operands, factor) &&
                                     isMajor(rule_.results, factor);
            // Counting and dropping rows of others need offsets, which lowering adds.
            const bool needsOffset = op_.kind == OpKind::kIota || isScatteredRow(factor);
            if (isCheckable && !needsOffset) {
                checkFactor(factor);
                ++count;
            }
        }
        return count;
    }

    void checkLinearity(Rng& rng)
    {
        for (const std::vector<int>& group : rule_.linearGroups) {
            std::vector<HostTensor> first = operands_;
            std::vector<HostTensor> second = operands_;
            for (const int index : group) {
                const auto i = static_cast<size_t>(index);
                for (size_t k = 0; k < first[i].values.size(); ++k) {
                    const double part = 2 * rng.uniform() - 1;
                    first[i].values[k] = part;
                    second[i].values[k] -= part;
                }
            }
            const HostTensor a = evaluate(op_, first)[0];
            HostTensor sum = evaluate(op_, second)[0];
            for (size_t k = 0; k < sum.values.size(); ++k)
                sum.values[k] += a.values[k];
            EXPECT_LE(relativeDifference(sum, whole_[0]), 1e-9) << formatOp(graph_, op_);
        }
    }

private:
    std::vector<HostTensor> evaluate(const Op& op, const std::vector<HostTensor>& operands)
    {
        std::vector<const HostTensor*> pointers;
        for (const HostTensor& operand : operands)
            pointers.push_back(&operand);
        Result<std::vector<HostTensor>> results = evaluateOp(graph_, op, pointers, {});
        EXPECT_TRUE(results.ok()) << results.error().message;
        return results.ok() ? *results : std::vector<HostTensor>{};
    }

    bool isScatteredRow(int factor) const
    {
        if (op_.kind != OpKind::kScatter)
            return false;
        const auto& inserted = std::get<ScatterAttributes>(op_.attributes).insertedWindowDims;
        return std::ranges::any_of(inserted, [&](int dim) {
            return isSplit(rule_.operands[0][static_cast<size_t>(dim)], factor);
        });
    }

    std::vector<HostTensor> evaluatePart(int factor, int part)
    {
        // A graph of its own with the types of one device.
        Graph local;
        Op op = op_;
        op.operands.clear();
        op.scope = ScopeId();
        const bool zeroesOthers = isLookup(op_, rule_, factor);
        std::vector<HostTensor> operands;
        std::vector<int64_t> starts;
        for (size_t i = 0; i < operands_.size(); ++i) {
            HostTensor tensor{partType(operands_[i].type, rule_.operands[i], factor, part, starts),
                              {}};
            tensor.values.resize(static_cast<size_t>(tensor.type.elementCount()));
            copyPart(operands_[i], tensor, starts, false);
            if (zeroesOthers && i == 0) {
                HostTensor masked = filledTensor(operands_[i].type, 0);
                copyPart(masked, tensor, starts, true);
                tensor = std::move(masked);
            }
            op.operands.push_back(local.addInput("", tensor.type, InputRole::kBatch));
            operands.push_back(std::move(tensor));
        }
        if (!zeroesOthers)
            shrinkAttributes(op, rule_, factor);
        std::vector<TensorType> resultTypes;
        for (size_t i = 0; i < whole_.size(); ++i)
            resultTypes.push_back(partType(whole_[i].type, rule_.results[i], factor, part, starts));
        const OpId id = local.addOp(std::move(op), resultTypes);
        const Status status = checkGraph(local);
        EXPECT_TRUE(status.ok()) << status.error().message << " in a part of "
                                 << formatOp(graph_, op_);
        if (!status.ok())
            return {};
        std::vector<const HostTensor*> pointers;
        for (const HostTensor& operand : operands)
            pointers.push_back(&operand);
        Result<std::vector<HostTensor>> results = evaluateOp(local, local.op(id), pointers, {});
        EXPECT_TRUE(results.ok());
        return results.ok() ? *results : std::vector<HostTensor>{};
    }

    void checkFactor(int factor)
    {
        const Factor& f = rule_.factors[static_cast<size_t>(factor)];
        std::vector<HostTensor> combined = whole_;
        for (int part = 0; part < kParts; ++part) {
            std::vector<HostTensor> results = evaluatePart(factor, part);
            if (results.size() != whole_.size())
                return;
            for (size_t i = 0; i < results.size(); ++i) {
                std::vector<int64_t> starts;
                partType(whole_[i].type, rule_.results[i], factor, part, starts);
                if (f.kind == FactorKind::kPassThrough)
                    copyPart(combined[i], results[i], starts, true);
                else if (part == 0)
                    combined[i] = results[i];
                else
                    combine(combined[i], results[i], f.reduction);
            }
        }
        for (size_t i = 0; i < whole_.size(); ++i)
            EXPECT_LE(relativeDifference(combined[i], whole_[i]), 1e-9)
                << formatOp(graph_, op_) << "\n"
                << formatRule(rule_) << "\nfactor b" << factor;
    }

    static void combine(HostTensor& into, const HostTensor& from, ReduceKind kind)
    {
        for (size_t k = 0; k < into.values.size(); ++k) {
            double& x = into.values[k];
            const double y = from.values[k];
            x = kind == ReduceKind::kAdd       ? x + y
                : kind == ReduceKind::kMaximum ? std::max(x, y)
                                               : std::min(x, y);
        }
    }

    const Graph& graph_;
    const Op& op_;
    FactorRule rule_;
    std::vector<HostTensor> operands_;
    std::vector<HostTensor> whole_;
};

TEST(FactorRuleProperty, PartsOfRandomOpsMakeTheWhole)
{
    int factors = 0;
    forEachSeed(150, [&](Rng& rng, int size) {
        const Graph graph = randomGraph(rng, size);
        for (const Op& op : graph.ops) {
            RuleChecker checker(graph, op, rng);
            factors += checker.checkFactors();
            checker.checkLinearity(rng);
        }
    });
    if (std::getenv("TEST_SEED") == nullptr) {
        EXPECT_GT(factors, 1000);
    }
}

// Kinds that random graphs lack. %0 is zero where its name says so.
constexpr const char* kRareOps = R"(graph "rare"
@0 ""
%0:f32[8,4] "table" = parameter
%1:s32[4,2,1] "indices" = batch
%2:f32[4,2,4] "updates" = batch
%3:f32[4,6,8] "x" = batch
%4:s32[4,6,1,1] "along" = batch
%5:f32[4,6,1] "alongUpdates" = batch
%6:s32[] "start" = batch
%7:f32[4,6,4] "part" = batch
%8:f32[4,6,6,2] "image" = batch
%9:f32[3,3,2,8] "kernel" = parameter
%10:f32[1,1,2,8] "pointwise" = parameter
%11:f32[4,3,6,2] "pooled" = batch
%12:f32[8,4] = constant value=0 @0
%13:f32[] = constant value=0 @0
%14:f32[4,2,4] = gather %0 %1 offset_dims=[2] collapsed_slice_dims=[0] start_index_map=[0] index_vector_dim=2 slice_sizes=[1,4] @0
%15:f32[4,2,2] = gather %0 %1 offset_dims=[2] collapsed_slice_dims=[0] start_index_map=[0] index_vector_dim=2 slice_sizes=[1,2] @0
%16:f32[4,6,1] = gather %3 %4 collapsed_slice_dims=[2] operand_batching_dims=[0,1] indices_batching_dims=[0,1] start_index_map=[2] index_vector_dim=3 slice_sizes=[1,1,1] @0
%17:f32[8,4] = scatter %12 %1 %2 update_window_dims=[2] inserted_window_dims=[0] scatter_dims_to_operand_dims=[0] index_vector_dim=2 kind=add @0
%18:f32[8,4] = scatter %0 %1 %2 update_window_dims=[2] inserted_window_dims=[0] scatter_dims_to_operand_dims=[0] index_vector_dim=2 kind=add @0
%19:f32[8,4] = scatter %0 %1 %2 update_window_dims=[2] inserted_window_dims=[0] scatter_dims_to_operand_dims=[0] index_vector_dim=2 kind=maximum @0
%20:f32[4,6,8] = scatter %3 %4 %5 inserted_window_dims=[2] input_batching_dims=[0,1] indices_batching_dims=[0,1] scatter_dims_to_operand_dims=[2] index_vector_dim=3 kind=add @0
%21:f32[4,6,4] = dynamic_slice %3 %6 %6 %6 sizes=[4,6,4] @0
%22:f32[4,6,8] = dynamic_update_slice %3 %7 %6 %6 %6 @0
%23:f32[4,3,3,8] = convolution %8 %9 strides=[2,2] padding_low=[1,1] padding_high=[1,1] lhs_dilation=[1,1] rhs_dilation=[1,1] reversal=[0,0] input_batch=0 input_feature=3 input_spatial=[1,2] kernel_input_feature=2 kernel_output_feature=3 kernel_spatial=[0,1] output_batch=0 output_feature=3 output_spatial=[1,2] @0
%24:f32[4,6,6,8] = convolution %8 %10 strides=[1,1] padding_low=[0,0] padding_high=[0,0] lhs_dilation=[1,1] rhs_dilation=[1,1] reversal=[0,0] input_batch=0 input_feature=3 input_spatial=[1,2] kernel_input_feature=2 kernel_output_feature=3 kernel_spatial=[0,1] output_batch=0 output_feature=3 output_spatial=[1,2] @0
%25:f32[4,3,6,2] = reduce_window %8 kind=add window=[1,2,1,1] strides=[1,2,1,1] padding_low=[0,0,0,0] padding_high=[0,0,0,0] @0
%26:f32[4,3,6,2] = reduce_window %8 kind=maximum window=[1,2,1,1] strides=[1,2,1,1] padding_low=[0,0,0,0] padding_high=[0,0,0,0] @0
%27:f32[4,6,6,2] = select_and_scatter %8 %11 kind=maximum window=[1,2,1,1] strides=[1,2,1,1] padding_low=[0,0,0,0] padding_high=[0,0,0,0] @0
%28:f32[4,6,8] %29:f32[4,6,8] = sort %3 %3 dim=2 @0
%30:f32[4,6,8] = reverse %3 dims=[1] @0
%31:f32[4,9,8] = pad %3 %13 low=[0,2,0] high=[0,1,0] interior=[0,0,0] @0
%32:f32[4,2,3,8] = reshape %3 @0
%33:f32[12,16] = reshape %3 @0
%34:f32[4,6,8] = clamp %13 %3 %13 @0
%35:f64[4,6,8] = convert %3 @0
%36:f32[4,8] = reduce %3 kind=minimum dims=[1] @0
%37:f32[4,6,8] = accumulate %3 @0
%38:f32[6,4,8] = reshape %3 @0
%39:f32[2,4,24] = reshape %3 @0
%40:f32[4,4,4,8] = convolution %8 %9 strides=[1,1] padding_low=[0,0] padding_high=[0,0] lhs_dilation=[1,1] rhs_dilation=[1,1] reversal=[0,0] input_batch=0 input_feature=3 input_spatial=[1,2] kernel_input_feature=2 kernel_output_feature=3 kernel_spatial=[0,1] output_batch=0 output_feature=3 output_spatial=[1,2] @0
)";

TEST(FactorRuleProperty, PartsOfRareOpsMakeTheWhole)
{
    const Result<Graph> graph = parseGraph(kRareOps);
    ASSERT_TRUE(graph.ok()) << graph.error().message;
    const Status status = checkGraph(*graph);
    ASSERT_TRUE(status.ok()) << status.error().message;
    forEachSeed(20, [&](Rng& rng, int) {
        int factors = 0;
        for (const Op& op : graph->ops) {
            RuleChecker checker(*graph, op, rng);
            factors += checker.checkFactors();
            checker.checkLinearity(rng);
        }
        EXPECT_GT(factors, 50);
    });
}

} // namespace
} // namespace alpa
