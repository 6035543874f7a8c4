#include "core/fusion/attention_shape.h"

#include <algorithm>
#include <set>

namespace alpa::fusion
{
namespace
{

/// Which dimension of an operand is the batch, the head, the contracted and the free one.
struct Roles {
    std::array<size_t, 4> dims{}; ///< batch, head, contracted, free
};

std::optional<Roles> rolesOf(const TensorType& type, const std::vector<int>& batch,
                             const std::vector<int>& contracting)
{
    if (type.rank() != 4 || batch.size() != 2 || contracting.size() != 1)
        return std::nullopt;
    Roles roles{{static_cast<size_t>(batch[0]), static_cast<size_t>(batch[1]),
                 static_cast<size_t>(contracting[0]), 6}};
    roles.dims[3] = 6 - roles.dims[0] - roles.dims[1] - roles.dims[2];
    return roles;
}

class Matcher
{
public:
    Matcher(StageGraph& graph, int maximum)
        : graph_(graph)
        , maximum_(maximum)
    {
    }

    std::optional<Attention> run()
    {
        if (!matchScores() || !matchSoftmax() || !matchValues())
            return std::nullopt;
        std::optional<Attention> forward = isClosed() ? std::optional(found_) : std::nullopt;
        if (forward)
            return place(*forward);
        if (!matchBackward() || !isClosed())
            return std::nullopt;
        return place(found_);
    }

private:
    const Instruction& at(int node) const
    {
        return *graph_.nodes()[static_cast<size_t>(node)].instruction;
    }
    /// The compute node that makes `id`, if it is of `kind`; -1 otherwise.
    int made(BufferId id, OpKind kind) const
    {
        const int node = graph_.producer(id);
        return node >= 0 && at(node).kind == InstructionKind::kCompute && at(node).opKind == kind
                   ? node
                   : -1;
    }
    BufferId out(int node) const { return at(node).outputs[0]; }
    /// The only user of `id` of `kind`; -1 if there is none or several.
    int user(BufferId id, OpKind kind) const
    {
        int found = -1;
        for (const int node : graph_.users(id)) {
            if (at(node).kind != InstructionKind::kCompute || at(node).opKind != kind)
                continue;
            if (found >= 0)
                return -1;
            found = node;
        }
        return found;
    }
    void inside(int node) { inner_.insert(node); }

    std::optional<double> constant(BufferId id)
    {
        int node = made(id, OpKind::kConstant);
        if (node < 0) {
            const int broadcast = made(id, OpKind::kBroadcast);
            node = broadcast < 0 ? -1 : made(at(broadcast).inputs[0], OpKind::kConstant);
        }
        if (node < 0)
            return std::nullopt;
        const auto& values = std::get<ConstantAttributes>(at(node).attributes).values;
        return values.size() == 1 ? std::optional(values[0]) : std::nullopt;
    }

    /// Is `id` (over batch, head, query, key) true exactly where query >= key?
    bool isCausalMask(BufferId id)
    {
        const int broadcast = made(id, OpKind::kBroadcast);
        if (broadcast < 0)
            return false;
        const std::vector<int>& dims = std::get<DimsAttributes>(at(broadcast).attributes).dims;
        BufferId mask = at(broadcast).inputs[0];
        const TensorType& type = graph_.type(mask);
        const int queryDim = type.rank() - 2;
        if (type.rank() < 2 || dims.size() < 2 || dims[dims.size() - 2] != 2 ||
            dims.back() != 3 || type.dims.back() != graph_.type(id).dims[3] ||
            type.dims[static_cast<size_t>(queryDim)] != graph_.type(id).dims[2])
            return false;
        const int compare = made(mask, OpKind::kCompare);
        if (compare < 0)
            return false;
        const CompareDirection direction =
            std::get<CompareAttributes>(at(compare).attributes).direction;
        const auto iotaDim = [&](BufferId count) {
            const int iota = made(count, OpKind::kIota);
            return iota < 0 || !at(iota).offsets.empty()
                       ? -1
                       : std::get<IotaAttributes>(at(iota).attributes).dim;
        };
        const int left = iotaDim(at(compare).inputs[0]);
        const int right = iotaDim(at(compare).inputs[1]);
        return (left == queryDim && right == queryDim + 1 && direction == CompareDirection::kGe) ||
               (left == queryDim + 1 && right == queryDim && direction == CompareDirection::kLe);
    }

    /// From the row maximum up to the product of queries and keys.
    bool matchScores()
    {
        const Instruction& maximum = at(maximum_);
        const auto& reduce = std::get<ReduceAttributes>(maximum.attributes);
        x_ = maximum.inputs[0];
        if (graph_.type(x_).rank() != 4 || reduce.dims != std::vector<int>{3} ||
            graph_.type(x_).dtype != DType::kF32)
            return false;
        inside(maximum_);
        const int convert = made(x_, OpKind::kConvert);
        if (convert < 0)
            return false;
        inside(convert);
        BufferId scores = at(convert).inputs[0];
        if (const int select = made(scores, OpKind::kSelect); select >= 0) {
            const std::optional<double> fill = constant(at(select).inputs[2]);
            if (!isCausalMask(at(select).inputs[0]) || !fill || *fill > -1e4)
                return false;
            found_.shape.isCausal = true;
            inside(select);
            scores = at(select).inputs[1];
        }
        matchScale(scores);
        const int product = made(scores, OpKind::kDot);
        if (product < 0)
            return false;
        inside(product);
        const Instruction& dot = at(product);
        const auto& attributes = std::get<DotAttributes>(dot.attributes);
        const auto q = rolesOf(graph_.type(dot.inputs[0]), attributes.lhsBatch,
                               attributes.lhsContracting);
        const auto k = rolesOf(graph_.type(dot.inputs[1]), attributes.rhsBatch,
                               attributes.rhsContracting);
        if (!q || !k)
            return false;
        q_ = dot.inputs[0];
        k_ = dot.inputs[1];
        const std::vector<int64_t>& dims = graph_.type(q_).dims;
        AttentionShape& shape = found_.shape;
        shape.dtype = graph_.type(q_).dtype;
        shape.batch = dims[q->dims[0]];
        shape.heads = dims[q->dims[1]];
        shape.channels = dims[q->dims[2]];
        shape.queries = dims[q->dims[3]];
        shape.keys = graph_.type(k_).dims[k->dims[3]];
        qRoles_ = {q->dims[0], q->dims[1], q->dims[3], q->dims[2]};
        kRoles_ = {k->dims[0], k->dims[1], k->dims[3], k->dims[2]};
        return (shape.dtype == DType::kBF16 || shape.dtype == DType::kF16) &&
               shape.channels % 8 == 0 && shape.channels <= 128 && shape.queries > 1 &&
               shape.keys > 1 && (!shape.isCausal || shape.queries == shape.keys);
    }

    void matchScale(BufferId& scores)
    {
        if (const int divide = made(scores, OpKind::kDivide); divide >= 0) {
            if (const auto by = constant(at(divide).inputs[1]); by && *by != 0) {
                found_.shape.scale = 1.0 / *by;
                inside(divide);
                scores = at(divide).inputs[0];
            }
        } else if (const int multiply = made(scores, OpKind::kMultiply); multiply >= 0) {
            for (const size_t side : {size_t{0}, size_t{1}}) {
                if (const auto by = constant(at(multiply).inputs[side])) {
                    found_.shape.scale = *by;
                    inside(multiply);
                    scores = at(multiply).inputs[1 - side];
                    return;
                }
            }
        }
    }

    /// The broadcast over rows of `id`, perhaps through a shape with a last dimension of one.
    int rowBroadcast(BufferId id)
    {
        for (const int node : graph_.users(id)) {
            if (at(node).kind != InstructionKind::kCompute)
                continue;
            if (at(node).opKind == OpKind::kBroadcast &&
                graph_.type(out(node)).dims == graph_.type(x_).dims) {
                inside(node);
                return node;
            }
            if ((at(node).opKind == OpKind::kReshape || at(node).opKind == OpKind::kBroadcast) &&
                graph_.type(out(node)).elementCount() == graph_.type(id).elementCount()) {
                const int next = rowBroadcast(out(node));
                if (next >= 0) {
                    inside(node);
                    return next;
                }
            }
        }
        return -1;
    }

    bool matchSoftmax()
    {
        const int spread = rowBroadcast(out(maximum_));
        const int subtract = spread < 0 ? -1 : user(out(spread), OpKind::kSubtract);
        if (subtract < 0 || at(subtract).inputs[0] != x_)
            return false;
        const int exponential = user(out(subtract), OpKind::kExp);
        if (exponential < 0)
            return false;
        exponential_ = out(exponential);
        const int sum = user(exponential_, OpKind::kReduce);
        if (sum < 0 || std::get<ReduceAttributes>(at(sum).attributes).kind != ReduceKind::kAdd ||
            std::get<ReduceAttributes>(at(sum).attributes).dims != std::vector<int>{3})
            return false;
        sum_ = out(sum);
        const int spreadSum = rowBroadcast(sum_);
        int divide = -1;
        for (const int node : graph_.users(exponential_)) {
            if (at(node).kind == InstructionKind::kCompute &&
                at(node).opKind == OpKind::kDivide && at(node).inputs[0] == exponential_)
                divide = node;
        }
        if (spreadSum < 0 || divide < 0)
            return false;
        probabilities_ = out(divide);
        const int convert = user(probabilities_, OpKind::kConvert);
        if (convert < 0)
            return false;
        weights_ = out(convert);
        for (const int node : {subtract, exponential, sum, divide, convert})
            inside(node);
        found_.statistics = sum_;
        return true;
    }

    /// The product with the values, and the transpose that follows it.
    bool matchValues()
    {
        for (const int node : graph_.users(weights_)) {
            if (at(node).kind != InstructionKind::kCompute || at(node).opKind != OpKind::kDot)
                continue;
            const auto& dot = std::get<DotAttributes>(at(node).attributes);
            const bool isLeft = at(node).inputs[0] == weights_;
            const auto p = isLeft ? rolesOf(graph_.type(weights_), dot.lhsBatch, dot.lhsContracting)
                                  : rolesOf(graph_.type(weights_), dot.rhsBatch, dot.rhsContracting);
            if (!p || p->dims[2] != 3)
                continue;
            v_ = at(node).inputs[isLeft ? 1 : 0];
            const auto v = isLeft ? rolesOf(graph_.type(v_), dot.rhsBatch, dot.rhsContracting)
                                  : rolesOf(graph_.type(v_), dot.lhsBatch, dot.lhsContracting);
            if (!v)
                return false;
            vRoles_ = {v->dims[0], v->dims[1], v->dims[2], v->dims[3]};
            valuesNode_ = node;
            found_.forwardNode = node;
            inside(node);
            // The result is (batch, head, free left, free right).
            const std::array<size_t, 4> dims{0, 1, isLeft ? 2U : 3U, isLeft ? 3U : 2U};
            found_.o = result(out(node), dims, found_.shape.o);
            return true;
        }
        return false;
    }

    /// Where a product's result is to be written: in the layout of the transpose that is its only
    /// use, if there is one. `roles`: of its dimensions.
    BufferId result(BufferId product, const std::array<size_t, 4>& roles,
                    AttentionShape::Strides& strides)
    {
        const std::vector<int>& users = graph_.users(product);
        std::vector<int64_t> own = rowMajorStrides(graph_.type(product).dims);
        BufferId target = product;
        if (users.size() == 1 && at(users[0]).kind == InstructionKind::kCompute &&
            at(users[0]).opKind == OpKind::kTranspose) {
            target = out(users[0]);
            const std::vector<int64_t> written = rowMajorStrides(graph_.type(target).dims);
            const std::vector<int>& order = std::get<DimsAttributes>(at(users[0]).attributes).dims;
            for (size_t d = 0; d < 4; ++d)
                own[static_cast<size_t>(order[d])] = written[d];
            inside(users[0]);
        }
        outer_.insert(target);
        for (size_t i = 0; i < 4; ++i)
            strides[i] = own[roles[i]];
        return target;
    }

    /// grad S = P * (grad P - sum(P * grad P)), as the differentiation of a quotient writes it.
    bool matchBackward()
    {
        int gradWeights = -1;
        for (const int node : graph_.users(weights_)) {
            if (node == valuesNode_)
                continue;
            if (at(node).kind != InstructionKind::kCompute || at(node).opKind != OpKind::kDot ||
                gradWeights >= 0)
                return false;
            gradWeights = node; // The gradient of the values.
        }
        if (gradWeights < 0 || !matchGradValues(gradWeights))
            return false;
        // The gradient of P: the product of grad O with the values.
        int gradP = -1;
        for (const int node : graph_.users(gradO_)) {
            if (node != gradWeights && at(node).kind == InstructionKind::kCompute &&
                at(node).opKind == OpKind::kDot &&
                (at(node).inputs[0] == v_ || at(node).inputs[1] == v_))
                gradP = node;
        }
        if (gradP < 0 || at(gradP).inputs[0] != gradO_)
            return false;
        inside(gradP);
        return matchGradScores(out(gradP));
    }

    bool matchGradValues(int node)
    {
        const auto& dot = std::get<DotAttributes>(at(node).attributes);
        const bool isLeft = at(node).inputs[0] == weights_;
        gradO_ = at(node).inputs[isLeft ? 1 : 0];
        const auto p = isLeft ? rolesOf(graph_.type(weights_), dot.lhsBatch, dot.lhsContracting)
                              : rolesOf(graph_.type(weights_), dot.rhsBatch, dot.rhsContracting);
        const auto g = isLeft ? rolesOf(graph_.type(gradO_), dot.rhsBatch, dot.rhsContracting)
                              : rolesOf(graph_.type(gradO_), dot.lhsBatch, dot.lhsContracting);
        if (!p || !g || p->dims[2] != 2) // Contracted over the queries.
            return false;
        gradORoles_ = {g->dims[0], g->dims[1], g->dims[2], g->dims[3]};
        inside(node);
        found_.backwardNode = node;
        const std::array<size_t, 4> dims{0, 1, isLeft ? 2U : 3U, isLeft ? 3U : 2U};
        found_.gradV = result(out(node), dims, found_.shape.gradV);
        return true;
    }

    bool isSpreadOf(BufferId id, BufferId rows)
    {
        for (int depth = 0; depth < 4 && id != rows; ++depth) {
            const int node = graph_.producer(id);
            if (node < 0 ||
                (at(node).opKind != OpKind::kBroadcast && at(node).opKind != OpKind::kReshape))
                return false;
            inside(node);
            id = at(node).inputs[0];
        }
        return id == rows;
    }

    int binaryUser(BufferId id, OpKind kind, BufferId other)
    {
        for (const int node : graph_.users(id)) {
            if (at(node).kind == InstructionKind::kCompute && at(node).opKind == kind &&
                ((at(node).inputs[0] == id && at(node).inputs[1] == other) ||
                 (at(node).inputs[1] == id && at(node).inputs[0] == other)))
                return node;
        }
        return -1;
    }

    bool matchGradScores(BufferId gradP)
    {
        const int convert = user(gradP, OpKind::kConvert);
        const int divide = convert < 0 ? -1 : user(out(convert), OpKind::kDivide);
        if (divide < 0 || at(divide).inputs[0] != out(convert) ||
            !isSpreadOf(at(divide).inputs[1], sum_))
            return false;
        const BufferId scaled = out(divide);
        const int weighted = binaryUser(scaled, OpKind::kMultiply, probabilities_);
        const int negate = weighted < 0 ? -1 : user(out(weighted), OpKind::kNegate);
        const int sum = negate < 0 ? -1 : user(out(negate), OpKind::kReduce);
        const int add = user(scaled, OpKind::kAdd);
        if (sum < 0 || add < 0 ||
            std::get<ReduceAttributes>(at(sum).attributes).dims != std::vector<int>{3})
            return false;
        const BufferId spread = at(add).inputs[at(add).inputs[0] == scaled ? 1 : 0];
        const int multiply = binaryUser(out(add), OpKind::kMultiply, exponential_);
        if (!isSpreadOf(spread, out(sum)) || multiply < 0)
            return false;
        const int narrow = user(out(multiply), OpKind::kConvert);
        if (narrow < 0)
            return false;
        for (const int node : {convert, divide, weighted, negate, sum, add, multiply, narrow})
            inside(node);
        BufferId gradS = out(narrow);
        if (found_.shape.isCausal) {
            const int select = user(gradS, OpKind::kSelect);
            if (select < 0 || at(select).inputs[1] != gradS ||
                !isCausalMask(at(select).inputs[0]) || constant(at(select).inputs[2]) != 0.0)
                return false;
            inside(select);
            gradS = out(select);
        }
        if (found_.shape.scale != 1.0) {
            const std::vector<int>& users = graph_.users(gradS);
            if (users.size() != 1)
                return false;
            const double before = found_.shape.scale;
            BufferId scaledBack = out(users[0]);
            const BufferId kept = scaledBack;
            matchScale(scaledBack);
            if (scaledBack != gradS || found_.shape.scale != before)
                return false;
            gradS = kept;
        }
        return matchGradOperands(gradS);
    }

    /// grad Q = grad S K and grad K = grad S^T Q.
    bool matchGradOperands(BufferId gradS)
    {
        if (graph_.users(gradS).size() != 2)
            return false;
        bool hasQ = false;
        bool hasK = false;
        for (const int node : graph_.users(gradS)) {
            if (at(node).kind != InstructionKind::kCompute || at(node).opKind != OpKind::kDot)
                return false;
            const auto& dot = std::get<DotAttributes>(at(node).attributes);
            const bool isLeft = at(node).inputs[0] == gradS;
            const BufferId other = at(node).inputs[isLeft ? 1 : 0];
            const auto s = isLeft ? rolesOf(graph_.type(gradS), dot.lhsBatch, dot.lhsContracting)
                                  : rolesOf(graph_.type(gradS), dot.rhsBatch, dot.rhsContracting);
            if (!s)
                return false;
            const std::array<size_t, 4> dims{0, 1, isLeft ? 2U : 3U, isLeft ? 3U : 2U};
            inside(node);
            if (other == k_ && s->dims[2] == 3 && !hasQ) {
                found_.gradQ = result(out(node), dims, found_.shape.gradQ);
                hasQ = true;
            } else if (other == q_ && s->dims[2] == 2 && !hasK) {
                found_.gradK = result(out(node), dims, found_.shape.gradK);
                hasK = true;
            } else {
                return false;
            }
        }
        found_.hasBackward = hasQ && hasK;
        return found_.hasBackward;
    }

    /// Does nobody outside read what is inside?
    bool isClosed() const
    {
        return std::ranges::all_of(inner_, [&](int node) {
            return outer_.contains(out(node)) ||
                   std::ranges::all_of(graph_.users(out(node)),
                                       [&](int user) { return inner_.contains(user); });
        });
    }

    AttentionShape::Strides strides(const View& view, const std::array<size_t, 4>& roles) const
    {
        AttentionShape::Strides result{};
        for (size_t i = 0; i < 4; ++i)
            result[i] = view.strides[roles[i]];
        return result;
    }

    std::optional<Attention> place(Attention found)
    {
        const auto operand = [&](BufferId id, const std::array<size_t, 4>& roles,
                                 AttentionShape::Strides& where) {
            View view = graph_.view(id);
            if (strides(view, roles)[3] != 1) { // Channels must be neighbours.
                graph_.store(id);
                view = graph_.view(id);
            }
            where = strides(view, roles);
            return view.source;
        };
        found.q = operand(q_, qRoles_, found.shape.q);
        found.k = operand(k_, kRoles_, found.shape.k);
        found.v = operand(v_, vRoles_, found.shape.v);
        if (found.hasBackward)
            found.gradO = operand(gradO_, gradORoles_, found.shape.gradO);
        for (const auto* where : {&found.shape.q, &found.shape.k, &found.shape.v, &found.shape.o}) {
            if ((*where)[3] != 1)
                return std::nullopt;
        }
        for (const auto* where :
             {&found.shape.gradO, &found.shape.gradQ, &found.shape.gradK, &found.shape.gradV}) {
            if (found.hasBackward && (*where)[3] != 1)
                return std::nullopt;
        }
        for (const int node : inner_) {
            found.replaced.push_back(node);
            graph_.unstore(out(node));
        }
        graph_.store(found.statistics);
        storeResult(found.o);
        if (found.hasBackward) {
            for (const BufferId id : {found.gradQ, found.gradK, found.gradV})
                storeResult(id);
        }
        return found;
    }

    /// The result lies as its reader wants it: a copy behind a reshape is needless.
    void storeResult(BufferId id)
    {
        graph_.store(id);
        for (const int node : graph_.users(id)) {
            if (at(node).kind != InstructionKind::kCompute || at(node).opKind != OpKind::kReshape ||
                graph_.isStore(node))
                continue;
            if (std::ranges::all_of(graph_.users(out(node)), [&](int user) {
                    return at(user).kind == InstructionKind::kCompute;
                }))
                graph_.unstore(out(node));
        }
    }

    StageGraph& graph_;
    int maximum_;
    Attention found_;
    std::set<int> inner_;
    std::set<BufferId> outer_;
    BufferId x_, q_, k_, v_, exponential_, sum_, probabilities_, weights_, gradO_;
    std::array<size_t, 4> qRoles_{}, kRoles_{}, vRoles_{}, gradORoles_{};
    int valuesNode_ = -1;
};

} // namespace

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

} // namespace alpa::fusion
