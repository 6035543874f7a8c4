// Every attention that is recognised computes attention: its operands and results, evaluated in
// double precision on random parameters, obey the formula, forward and backward.
#include "core/fusion/attention_shape.h"
#include "core/fusion/graph_program.h"
#include "core/training/training_step.h"
#include "runtime/reference/interpret.h"
#include "tests/numeric/sample_model.h"

#include <gtest/gtest.h>

#include <cmath>

namespace alpa::fusion
{
namespace
{

using Strides = AttentionShape::Strides;

/// One head of an operand or gradient, (length, channels).
std::vector<double> headOf(const HostTensor& tensor, const Strides& strides, int64_t batch,
                           int64_t head, int64_t length, int64_t channels)
{
    std::vector<double> rows;
    for (int64_t position = 0; position < length; ++position) {
        for (int64_t channel = 0; channel < channels; ++channel)
            rows.push_back(
                tensor.values[static_cast<size_t>(batch * strides[0] + head * strides[1] +
                                                  position * strides[2] + channel * strides[3])]);
    }
    return rows;
}

struct Head {
    std::vector<double> q, k, v, gradO;
    std::vector<double> o, gradQ, gradK, gradV;
};

/// The dullest attention of one head, and its gradients by the softmax's derivative.
void attend(const AttentionShape& shape, Head& head)
{
    const int64_t d = shape.channels;
    const auto at = [d](std::vector<double>& rows, int64_t row, int64_t channel) -> double& {
        return rows[static_cast<size_t>(row * d + channel)];
    };
    head.o.assign(head.q.size(), 0);
    head.gradQ.assign(head.q.size(), 0);
    head.gradK.assign(head.k.size(), 0);
    head.gradV.assign(head.v.size(), 0);
    for (int64_t i = 0; i < shape.queries; ++i) {
        const int64_t end = shape.isCausal ? i + 1 : shape.keys;
        std::vector<double> p(static_cast<size_t>(end), 0);
        std::vector<double> gradP(static_cast<size_t>(end), 0);
        double sum = 0;
        for (int64_t j = 0; j < end; ++j) {
            double score = 0;
            for (int64_t c = 0; c < d; ++c)
                score += at(head.q, i, c) * at(head.k, j, c);
            p[static_cast<size_t>(j)] = std::exp(score * shape.scale);
            sum += p[static_cast<size_t>(j)];
        }
        double mean = 0;
        for (int64_t j = 0; j < end; ++j) {
            p[static_cast<size_t>(j)] /= sum;
            for (int64_t c = 0; c < d; ++c) {
                at(head.o, i, c) += p[static_cast<size_t>(j)] * at(head.v, j, c);
                at(head.gradV, j, c) += p[static_cast<size_t>(j)] * at(head.gradO, i, c);
                gradP[static_cast<size_t>(j)] += at(head.gradO, i, c) * at(head.v, j, c);
            }
            mean += p[static_cast<size_t>(j)] * gradP[static_cast<size_t>(j)];
        }
        for (int64_t j = 0; j < end; ++j) {
            const double gradScore =
                p[static_cast<size_t>(j)] * (gradP[static_cast<size_t>(j)] - mean) * shape.scale;
            for (int64_t c = 0; c < d; ++c) {
                at(head.gradQ, i, c) += gradScore * at(head.k, j, c);
                at(head.gradK, j, c) += gradScore * at(head.q, i, c);
            }
        }
    }
}

/// Largest difference, of the largest value of `expected`.
double difference(const std::vector<double>& actual, const std::vector<double>& expected)
{
    double most = 0;
    double scale = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
        most = std::max(most, std::abs(actual[i] - expected[i]));
        scale = std::max(scale, std::abs(expected[i]));
    }
    return most / scale;
}

TEST(AttentionMatch, EveryMatchComputesAttention)
{
    const Result<SampleModel> model = readSampleModel("sample_models", "gpt-tiny-bf16");
    ASSERT_TRUE(model.ok()) << model.error().message;
    Result<TrainingStep> step = makeTrainingStep(model->graph, {});
    ASSERT_TRUE(step.ok()) << step.error().message;
    Graph& graph = step->graph;
    const Program program = graphProgram(graph, 1);
    StageGraph stage(program, 0, 0);
    const std::vector<Attention> found = findAttentions(stage);
    ASSERT_EQ(found.size(), 2U);
    const size_t first = graph.outputs.size();
    for (const Attention& one : found) {
        ASSERT_TRUE(one.hasBackward);
        for (const BufferId id :
             {one.q, one.k, one.v, one.gradO, one.o, one.gradQ, one.gradK, one.gradV})
            graph.addOutput({ValueId(id.index()), OutputRole::kOther, "", {}});
    }
    const Result<std::vector<HostTensor>> values =
        interpret(graph, stepInputs(graph, *model, 1e-3));
    ASSERT_TRUE(values.ok()) << values.error().message;
    for (size_t a = 0; a < found.size(); ++a) {
        const AttentionShape& shape = found[a].shape;
        const HostTensor* tensors = &(*values)[first + 8 * a];
        for (int64_t b = 0; b < shape.batch; ++b) {
            for (int64_t h = 0; h < shape.heads; ++h) {
                const auto read = [&](size_t which, const Strides& strides, int64_t length) {
                    return headOf(tensors[which], strides, b, h, length, shape.channels);
                };
                Head head{read(0, shape.q, shape.queries),
                          read(1, shape.k, shape.keys),
                          read(2, shape.v, shape.keys),
                          read(3, shape.gradO, shape.queries),
                          {},
                          {},
                          {},
                          {}};
                attend(shape, head);
                EXPECT_LT(difference(read(4, shape.o, shape.queries), head.o), 1e-9);
                EXPECT_LT(difference(read(5, shape.gradQ, shape.queries), head.gradQ), 1e-9);
                EXPECT_LT(difference(read(6, shape.gradK, shape.keys), head.gradK), 1e-9);
                EXPECT_LT(difference(read(7, shape.gradV, shape.keys), head.gradV), 1e-9);
            }
        }
    }
}

} // namespace
} // namespace alpa::fusion
