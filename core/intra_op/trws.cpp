#include "core/intra_op/trws.h"

#include <algorithm>
#include <cmath>

namespace alpa
{
namespace
{

size_t at(int index) { return static_cast<size_t>(index); }

// Two numbers: what every x86-64 and ARM machine adds at once. Loads need no alignment.
using Pair = double __attribute__((vector_size(16), aligned(8), may_alias));
constexpr size_t kPair = 2;

/// Neither operand is a NaN that matters: a barred label may give forbidden - forbidden, and the
/// comparison with NaN is false, which keeps the other operand.
inline Pair least(Pair candidate, Pair incumbent)
{
    return candidate < incumbent ? candidate : incumbent;
}

inline Pair load(const double* from) { return *reinterpret_cast<const Pair*>(from); }

inline void store(double* to, Pair value) { *reinterpret_cast<Pair*>(to) = value; }

/// out[t] = min(out[t], shift + row[t]) over a padded row.
inline void minimiseRow(double* out, const double* row, double shift, size_t stride)
{
    const Pair both = {shift, shift};
    for (size_t t = 0; t < stride; t += 2 * kPair) {
        store(out + t, least(both + load(row + t), load(out + t)));
        store(out + t + kPair, least(both + load(row + t + kPair), load(out + t + kPair)));
    }
}

/// Least of in[t] + row[t] over a padded row whose padding is kForbidden.
inline double leastSum(const double* in, const double* row, size_t stride)
{
    Pair first = {kForbidden, kForbidden};
    Pair second = first;
    for (size_t t = 0; t < stride; t += 2 * kPair) {
        first = least(load(in + t) + load(row + t), first);
        second = least(load(in + t + kPair) + load(row + t + kPair), second);
    }
    first = least(first, second);
    return std::min(first[0], first[1]);
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
            for (size_t s = 0; s < labels; s += kPair)
                store(sums_.data() + s, load(sums_.data() + s) + load(message + s));
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
    std::fill_n(scratch_.begin(), matrix.stride, kForbidden);
    const double* row = core_.matrixEntries.data() + matrix.entries;
    for (size_t s = 0; s < labels; ++s, row += matrix.stride)
        minimiseRow(scratch_.data(), row, share * sums_[s] - message[s], matrix.stride);
    const double smallest = leastOf(scratch_.data(), at(matrix.columns));
    for (size_t t = 0; t < matrix.stride; ++t)
        message[t] = scratch_[t] - smallest;
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
    const double* row = core_.matrixEntries.data() + matrix.entries;
    double smallest = kForbidden;
    for (int s = 0; s < matrix.rows; ++s, row += matrix.stride) {
        message[s] = leastSum(scratch_.data(), row, matrix.stride);
        smallest = std::min(smallest, message[s]);
    }
    for (int s = 0; s < matrix.rows; ++s)
        message[s] -= smallest;
    return smallest;
}

} // namespace alpa
