#include "core/fusion/attention_match.h"

#include <algorithm>

namespace alpa::fusion
{
namespace
{

std::optional<ProductRoles> rolesOf(const TensorType& type, const std::vector<int>& batch,
                                    const std::vector<int>& contracting)
{
    if (type.rank() != 4 || batch.size() != 2 || contracting.size() != 1)
        return std::nullopt;
    ProductRoles roles{static_cast<size_t>(batch[0]), static_cast<size_t>(batch[1]),
                       static_cast<size_t>(contracting[0]), 0};
    roles.free = 0 + 1 + 2 + 3 - roles.batch - roles.head - roles.contracted;
    return roles;
}

AttentionShape::Strides stridesOf(const View& view, const std::array<size_t, 4>& roles)
{
    AttentionShape::Strides result{};
    for (size_t i = 0; i < 4; ++i)
        result[i] = view.strides[roles[i]];
    return result;
}

class Matcher
{
public:
    Matcher(StageGraph& graph, int maximum)
        : graph_(graph)
        , match_(graph)
        , ops_(match_.ops)
        , found_(match_.found)
        , maximum_(maximum)
    {
    }

    std::optional<Attention> run()
    {
        if (!matchScores() || !matchSoftmax() || !matchValues())
            return std::nullopt;
        if (!ops_.isClosed(match_.results) &&
            (!matchAttentionGradients(match_) || !ops_.isClosed(match_.results)))
            return std::nullopt;
        return place();
    }

private:
    /// From the row maximum up to the product of queries and keys.
    bool matchScores()
    {
        const Instruction& maximum = ops_.at(maximum_);
        match_.x = maximum.inputs[0];
        if (graph_.type(match_.x).rank() != 4 || graph_.type(match_.x).dtype != DType::kF32 ||
            std::get<ReduceAttributes>(maximum.attributes).dims != std::vector<int>{3})
            return false;
        ops_.cover(maximum_);
        const int convert = ops_.made(match_.x, OpKind::kConvert);
        if (convert < 0)
            return false;
        ops_.cover(convert);
        BufferId scores = ops_.at(convert).inputs[0];
        if (const int select = ops_.made(scores, OpKind::kSelect); select >= 0) {
            const std::optional<double> fill = ops_.constant(ops_.at(select).inputs[2]);
            if (!ops_.isCausalMask(ops_.at(select).inputs[0]) || !fill || *fill > -1e4)
                return false;
            found_.shape.isCausal = true;
            ops_.cover(select);
            scores = ops_.at(select).inputs[1];
        }
        match_.takeScale(scores, found_.shape.scale);
        const int product = ops_.made(scores, OpKind::kDot);
        return product >= 0 && matchScoresProduct(product);
    }

    bool matchScoresProduct(int product)
    {
        ops_.cover(product);
        const auto side = match_.sideOf(product, ops_.at(product).inputs[0]);
        if (!side)
            return false;
        const ProductRoles& q = side->own;
        const ProductRoles& k = side->others;
        match_.q = ops_.at(product).inputs[0];
        match_.k = ops_.at(product).inputs[1];
        const std::vector<int64_t>& dims = graph_.type(match_.q).dims;
        AttentionShape& shape = found_.shape;
        shape.dtype = graph_.type(match_.q).dtype;
        shape.batch = dims[q.batch];
        shape.heads = dims[q.head];
        shape.channels = dims[q.contracted];
        shape.queries = dims[q.free];
        shape.keys = graph_.type(match_.k).dims[k.free];
        match_.qRoles = {q.batch, q.head, q.free, q.contracted};
        match_.kRoles = {k.batch, k.head, k.free, k.contracted};
        return (shape.dtype == DType::kBF16 || shape.dtype == DType::kF16) &&
               shape.channels % 8 == 0 && shape.channels <= 128 && shape.queries > 1 &&
               shape.keys > 1 && (!shape.isCausal || shape.queries == shape.keys);
    }

    bool matchSoftmax()
    {
        const std::vector<int64_t>& dims = graph_.type(match_.x).dims;
        const int spread = ops_.spread(ops_.out(maximum_), dims);
        const int subtract = spread < 0 ? -1 : ops_.user(ops_.out(spread), OpKind::kSubtract);
        if (subtract < 0 || ops_.at(subtract).inputs[0] != match_.x)
            return false;
        const int exponential = ops_.user(ops_.out(subtract), OpKind::kExp);
        if (exponential < 0)
            return false;
        match_.exponential = ops_.out(exponential);
        const int sum = ops_.user(match_.exponential, OpKind::kReduce);
        if (sum < 0)
            return false;
        const auto& reduce = std::get<ReduceAttributes>(ops_.at(sum).attributes);
        if (reduce.kind != ReduceKind::kAdd || reduce.dims != std::vector<int>{3})
            return false;
        match_.sum = ops_.out(sum);
        const int spreadSum = ops_.spread(match_.sum, dims);
        int divide = -1;
        for (const int node : graph_.users(match_.exponential)) {
            if (ops_.is(node, OpKind::kDivide) && ops_.at(node).inputs[0] == match_.exponential)
                divide = node;
        }
        if (spreadSum < 0 || divide < 0)
            return false;
        match_.probabilities = ops_.out(divide);
        const int convert = ops_.user(match_.probabilities, OpKind::kConvert);
        if (convert < 0)
            return false;
        match_.weights = ops_.out(convert);
        for (const int node : {subtract, exponential, sum, divide, convert})
            ops_.cover(node);
        found_.statistics = match_.sum;
        return true;
    }

    /// The product with the values, and the transpose that follows it.
    bool matchValues()
    {
        for (const int node : graph_.users(match_.weights)) {
            if (!ops_.is(node, OpKind::kDot))
                continue;
            const auto side = match_.sideOf(node, match_.weights);
            if (!side || side->own.contracted != 3)
                continue;
            const ProductRoles& v = side->others;
            match_.v = side->other;
            match_.vRoles = {v.batch, v.head, v.contracted, v.free};
            match_.valuesNode = node;
            found_.forwardNode = node;
            ops_.cover(node);
            found_.o = match_.resultOf(ops_.out(node), side->results, found_.shape.o);
            return true;
        }
        return false;
    }

    BufferId operand(BufferId id, const std::array<size_t, 4>& roles,
                     AttentionShape::Strides& where)
    {
        View view = graph_.view(id);
        if (stridesOf(view, roles)[3] != 1) { // Kernels want the channels as neighbours.
            graph_.store(id);
            view = graph_.view(id);
        }
        where = stridesOf(view, roles);
        return view.source;
    }

    /// Gives memory to what the kernels read and write, and takes it from what lies inside.
    Attention place()
    {
        AttentionShape& shape = found_.shape;
        found_.q = operand(match_.q, match_.qRoles, shape.q);
        found_.k = operand(match_.k, match_.kRoles, shape.k);
        found_.v = operand(match_.v, match_.vRoles, shape.v);
        if (found_.hasBackward)
            found_.gradO = operand(match_.gradO, match_.gradORoles, shape.gradO);
        for (const int node : ops_.covered()) {
            found_.replaced.push_back(node);
            graph_.unstore(ops_.out(node));
        }
        graph_.store(found_.statistics);
        storeResult(found_.o);
        if (found_.hasBackward) {
            for (const BufferId id : {found_.gradQ, found_.gradK, found_.gradV})
                storeResult(id);
        }
        return found_;
    }

    /// The result lies as its reader wants it: a copy behind a reshape is needless.
    void storeResult(BufferId id)
    {
        graph_.store(id);
        for (const int node : graph_.users(id)) {
            if (!ops_.is(node, OpKind::kReshape) || graph_.isStore(node))
                continue;
            if (std::ranges::all_of(graph_.users(ops_.out(node)), [&](int user) {
                    return ops_.at(user).kind == InstructionKind::kCompute;
                }))
                graph_.unstore(ops_.out(node));
        }
    }

    StageGraph& graph_;
    AttentionMatch match_;
    OpPattern& ops_;
    Attention& found_;
    int maximum_;
};

} // namespace

std::optional<ProductSide> AttentionMatch::sideOf(int dot, BufferId own) const
{
    const Instruction& made = ops.at(dot);
    const auto& dims = std::get<DotAttributes>(made.attributes);
    const bool isLeft = made.inputs[0] == own;
    const auto left = rolesOf(graph.type(made.inputs[0]), dims.lhsBatch, dims.lhsContracting);
    const auto right = rolesOf(graph.type(made.inputs[1]), dims.rhsBatch, dims.rhsContracting);
    if (!left || !right)
        return std::nullopt;
    if (isLeft)
        return ProductSide{made.inputs[1], *left, *right, {0, 1, 2, 3}};
    return ProductSide{made.inputs[0], *right, *left, {0, 1, 3, 2}};
}

void AttentionMatch::takeScale(BufferId& scores, double& scale)
{
    if (const int divide = ops.made(scores, OpKind::kDivide); divide >= 0) {
        if (const auto by = ops.constant(ops.at(divide).inputs[1]); by && *by != 0) {
            scale = 1.0 / *by;
            ops.cover(divide);
            scores = ops.at(divide).inputs[0];
        }
        return;
    }
    const int multiply = ops.made(scores, OpKind::kMultiply);
    if (multiply < 0)
        return;
    for (const size_t side : {size_t{0}, size_t{1}}) {
        if (const auto by = ops.constant(ops.at(multiply).inputs[side])) {
            scale = *by;
            ops.cover(multiply);
            scores = ops.at(multiply).inputs[1 - side];
            return;
        }
    }
}

BufferId AttentionMatch::resultOf(BufferId product, const std::array<size_t, 4>& roles,
                                  AttentionShape::Strides& strides)
{
    const std::vector<int>& users = graph.users(product);
    std::vector<int64_t> own = rowMajorStrides(graph.type(product).dims);
    BufferId target = product;
    if (users.size() == 1 && ops.is(users[0], OpKind::kTranspose)) {
        target = ops.out(users[0]);
        const std::vector<int64_t> written = rowMajorStrides(graph.type(target).dims);
        const std::vector<int>& order = std::get<DimsAttributes>(ops.at(users[0]).attributes).dims;
        for (size_t d = 0; d < 4; ++d)
            own[static_cast<size_t>(order[d])] = written[d];
        ops.cover(users[0]);
    }
    results.insert(target);
    for (size_t i = 0; i < 4; ++i)
        strides[i] = own[roles[i]];
    return target;
}

std::vector<Attention> findAttentions(StageGraph& graph)
{
    std::vector<Attention> found;
    for (size_t n = 0; n < graph.nodes().size(); ++n) {
        const Instruction& made = *graph.nodes()[n].instruction;
        if (made.kind != InstructionKind::kCompute || made.opKind != OpKind::kReduce ||
            std::get<ReduceAttributes>(made.attributes).kind != ReduceKind::kMaximum)
            continue;
        if (std::optional<Attention> match = Matcher(graph, static_cast<int>(n)).run())
            found.push_back(std::move(*match));
    }
    return found;
}

double attentionFlops(const AttentionShape& shape, bool isBackward)
{
    return (isBackward ? 10.0 : 4.0) * static_cast<double>(shape.batch * shape.heads) *
           static_cast<double>(shape.queries * shape.keys) * static_cast<double>(shape.channels) *
           (shape.isCausal ? 0.5 : 1.0);
}

double attentionTail(const AttentionShape& shape, bool isBackward, int units)
{
    // cuDNN 9 on an H200, 64 to 256 heads of 64 channels and 1,024 positions, without launches: 11
    // us forward (of 40 to 130) and 20 us backward (of 120 to 420) do not depend on the heads.
    constexpr double kBlock = 256;
    const double lost = isBackward ? 0.2 : 0.36;
    return lost * units * (isBackward ? 10.0 : 4.0) * kBlock *
           static_cast<double>(isBackward ? shape.queries : shape.keys) *
           static_cast<double>(shape.channels);
}

} // namespace alpa::fusion
