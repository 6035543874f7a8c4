#include "core/intra_op/trws.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

// Machines with AVX2 add four numbers at once; others do the same in two steps, with the same
// result. Loads need no alignment.
using Quad __attribute__((vector_size(32), aligned(8), may_alias)) = double;
static_assert(alignof(Quad) == alignof(double));
constexpr size_t kQuad = 4;
static_assert(IlpCore::kLane == kQuad);

// Sanitizers cannot watch what chooses a version: it runs before they do. Clang calls them
// features.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ONE_MACHINE
#endif
#endif
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__SANITIZE_ADDRESS__) &&                  \
    !defined(__SANITIZE_THREAD__) && !defined(ONE_MACHINE)
#define FOR_EACH_MACHINE __attribute__((target_clones("default", "avx2")))
#else
#define FOR_EACH_MACHINE
#endif

/// out[t] = least over rows s of shift[s] + entries[s][t]. A barred label may give forbidden -
/// forbidden, and the comparison with NaN is false, which keeps the other operand.
FOR_EACH_MACHINE void leastOverRows(double* out, const double* entries, const double* shift,
                                    size_t rows, size_t stride)
{
    const Quad forbidden = {kForbidden, kForbidden, kForbidden, kForbidden};
    // Four quads at a time: they share the cache lines of each row.
    size_t t = 0;
    for (; t + 4 * kQuad <= stride; t += 4 * kQuad) {
        Quad least[4] = {forbidden, forbidden, forbidden, forbidden};
        const double* column = entries + t;
        for (size_t s = 0; s < rows; ++s, column += stride) {
            const Quad both = {shift[s], shift[s], shift[s], shift[s]};
            for (size_t k = 0; k < 4; ++k) {
                const Quad candidate = both + *reinterpret_cast<const Quad*>(column + k * kQuad);
                least[k] = candidate < least[k] ? candidate : least[k];
            }
        }
        for (size_t k = 0; k < 4; ++k)
            *reinterpret_cast<Quad*>(out + t + k * kQuad) = least[k];
    }
    for (; t < stride; t += kQuad) {
        Quad least = forbidden;
        const double* column = entries + t;
        for (size_t s = 0; s < rows; ++s, column += stride) {
            const Quad both = {shift[s], shift[s], shift[s], shift[s]};
            const Quad candidate = both + *reinterpret_cast<const Quad*>(column);
            least = candidate < least ? candidate : least;
        }
        *reinterpret_cast<Quad*>(out + t) = least;
    }
}

/// out[s] = least over t of in[t] + entries[s][t], over padded rows whose padding is kForbidden.
FOR_EACH_MACHINE void leastOverColumns(double* out, const double* entries, const double* in,
                                       size_t rows, size_t stride)
{
    for (size_t s = 0; s < rows; ++s, entries += stride) {
        Quad least = {kForbidden, kForbidden, kForbidden, kForbidden};
        for (size_t t = 0; t < stride; t += kQuad) {
            const Quad candidate = *reinterpret_cast<const Quad*>(in + t) +
                                   *reinterpret_cast<const Quad*>(entries + t);
            least = candidate < least ? candidate : least;
        }
        const double first = least[0] < least[2] ? least[0] : least[2];
        const double second = least[1] < least[3] ? least[1] : least[3];
        out[s] = first < second ? first : second;
    }
}

double leastOf(const double* values, size_t count)
{
    double result = kForbidden;
    for (size_t s = 0; s < count; ++s)
        result = values[s] < result ? values[s] : result;
    return result;
}

} // namespace

Trws::Trws(const IlpCore& core)
    : nodeCosts(core.costs)
    , constant(core.base)
    , choice(at(core.nodeCount), 0)
    , core_(core)
    , passWork_(core.passWork())
{
    size_t total = 0;
    size_t largest = IlpCore::kLane;
    messageOffset_.reserve(core.edges.size());
    for (const IlpCore::Edge& edge : core.edges) {
        messageOffset_.push_back(total);
        total += IlpCore::padded(
            at(std::max(core.labelCount[at(edge.from)], core.labelCount[at(edge.to)])));
    }
    messages.assign(total, 0.0);
    for (int i = 0; i < core.nodeCount; ++i) {
        const int later = core.forwardBegin[at(i) + 1] - core.forwardBegin[at(i)];
        const int earlier = core.backwardBegin[at(i) + 1] - core.backwardBegin[at(i)];
        share_.push_back(1.0 / std::max(1, std::max(later, earlier)));
        largest = std::max(largest, IlpCore::padded(at(core.labelCount[at(i)])));
    }
    sums_.assign(largest, 0.0);
    scratch_.assign(largest, 0.0);
}

double Trws::forward(bool rounds) { return pass(true, rounds, nullptr); }

double Trws::backward(bool rounds) { return pass(false, rounds, nullptr); }

double Trws::backward(bool rounds, std::vector<double>& minMarginals)
{
    minMarginals.resize(core_.labelTotal());
    return pass(false, rounds, minMarginals.data());
}

void Trws::forgetBarred()
{
    for (double& message : messages) {
        if (!std::isfinite(message))
            message = 0;
    }
}

void Trws::takeOver(const Trws& outer, const CoreWithOrigin& smaller)
{
    std::vector<int> position(at(outer.core_.nodeCount), -1);
    for (size_t i = 0; i < smaller.node.size(); ++i)
        position[at(smaller.node[i])] = static_cast<int>(i);
    // Restricting keeps the order of nodes and thus of edges. After a backward pass a message
    // belongs to the labels of the earlier node.
    size_t next = 0;
    for (int e = 0; e < outer.core_.edgeCount(); ++e) {
        const IlpCore::Edge& edge = outer.core_.edges[at(e)];
        const int from = position[at(edge.from)];
        if (from < 0 || position[at(edge.to)] < 0)
            continue;
        double* to = messages.data() + messageOffset_[next++];
        for (int label : smaller.label[at(from)])
            *to++ = outer.messages[outer.messageOffset_[at(e)] + at(label)];
    }
    forgetBarred();
}

double Trws::pass(bool isForward, bool rounds, double* minMarginals)
{
    ++passes_;
    double bound = constant;
    for (int step = 0; step < core_.nodeCount; ++step) {
        const int node = isForward ? step : core_.nodeCount - 1 - step;
        const size_t labels = at(core_.labelCount[at(node)]);
        gather(node);
        if (rounds)
            round(node, isForward);
        const double smallest = leastOf(sums_.data(), labels);
        if (smallest == kForbidden)
            return kForbidden;
        bound += smallest;
        for (size_t s = 0; s < labels; ++s)
            sums_[s] -= smallest;
        if (minMarginals)
            std::copy(sums_.begin(), sums_.begin() + static_cast<std::ptrdiff_t>(labels),
                      minMarginals + core_.labelOffset[at(node)]);
        const std::vector<int>& begin = isForward ? core_.forwardBegin : core_.backwardBegin;
        for (int q = begin[at(node)]; q < begin[at(node) + 1]; ++q)
            bound += isForward ? sendForward(core_.forwardEdges[at(q)], share_[at(node)], labels)
                               : sendBackward(core_.backwardEdges[at(q)], share_[at(node)], labels);
    }
    return bound;
}

/// Node cost plus all messages into the node.
void Trws::gather(int node)
{
    const size_t labels = IlpCore::padded(at(core_.labelCount[at(node)]));
    const double* costs = nodeCosts.data() + core_.labelOffset[at(node)];
    std::copy(costs, costs + labels, sums_.begin());
    const auto addMessages = [&](const std::vector<int>& begin, const std::vector<int>& edges) {
        for (int q = begin[at(node)]; q < begin[at(node) + 1]; ++q) {
            const double* message = messages.data() + messageOffset_[at(edges[at(q)])];
            for (size_t s = 0; s < labels; ++s)
                sums_[s] += message[s];
        }
    };
    addMessages(core_.forwardBegin, core_.forwardEdges);
    addMessages(core_.backwardBegin, core_.backwardEdges);
}

/// Chooses the label that is best given the choices made on this pass and the messages from nodes
/// still to come.
void Trws::round(int node, bool isForward)
{
    const size_t labels = at(core_.labelCount[at(node)]);
    const double* costs = nodeCosts.data() + core_.labelOffset[at(node)];
    std::copy(costs, costs + labels, scratch_.begin());
    for (int q = core_.forwardBegin[at(node)]; q < core_.forwardBegin[at(node) + 1]; ++q) {
        const int edge = core_.forwardEdges[at(q)];
        const double* message = messages.data() + messageOffset_[at(edge)];
        const int chosen = choice[at(core_.edges[at(edge)].to)];
        for (size_t s = 0; s < labels; ++s)
            scratch_[s] += isForward ? message[s] : core_.row(edge, static_cast<int>(s))[chosen];
    }
    for (int q = core_.backwardBegin[at(node)]; q < core_.backwardBegin[at(node) + 1]; ++q) {
        const int edge = core_.backwardEdges[at(q)];
        const double* message = messages.data() + messageOffset_[at(edge)];
        const double* row = core_.row(edge, choice[at(core_.edges[at(edge)].from)]);
        for (size_t s = 0; s < labels; ++s)
            scratch_[s] += isForward ? row[s] : message[s];
    }
    size_t best = 0;
    for (size_t s = 1; s < labels; ++s) {
        if (scratch_[s] < scratch_[best])
            best = s;
    }
    choice[at(node)] = static_cast<int>(best);
}

double Trws::sendForward(int edge, double share, size_t labels)
{
    const IlpCore::Matrix& matrix = core_.matrices[at(core_.edges[at(edge)].matrix)];
    double* message = messages.data() + messageOffset_[at(edge)];
    for (size_t s = 0; s < labels; ++s)
        scratch_[s] = share * sums_[s] - message[s];
    leastOverRows(message, core_.matrixEntries.data() + matrix.entries, scratch_.data(), labels,
                  matrix.stride);
    const double smallest = leastOf(message, at(matrix.columns));
    for (size_t t = 0; t < matrix.stride; ++t)
        message[t] -= smallest;
    return smallest;
}

double Trws::sendBackward(int edge, double share, size_t labels)
{
    const IlpCore::Matrix& matrix = core_.matrices[at(core_.edges[at(edge)].matrix)];
    double* message = messages.data() + messageOffset_[at(edge)];
    for (size_t t = 0; t < labels; ++t)
        scratch_[t] = share * sums_[t] - message[t];
    std::fill(scratch_.begin() + static_cast<std::ptrdiff_t>(labels),
              scratch_.begin() + static_cast<std::ptrdiff_t>(matrix.stride), 0.0);
    leastOverColumns(message, core_.matrixEntries.data() + matrix.entries, scratch_.data(),
                     at(matrix.rows), matrix.stride);
    const double smallest = leastOf(message, at(matrix.rows));
    for (int s = 0; s < matrix.rows; ++s)
        message[s] -= smallest;
    return smallest;
}

} // namespace alpa
