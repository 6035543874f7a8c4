// LSTM, GRU and RNN, step by step: what reads the whole sequence at once is one product before the
// first step.
#include "core/import/onnx_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace alpa
{
namespace
{

using Sizes = std::vector<int64_t>;

/// More steps are no layers of a model.
constexpr int64_t kMostSteps = 2048;

std::optional<OpKind> activationKind(std::string_view name)
{
    if (name == "Sigmoid")
        return OpKind::kLogistic;
    if (name == "Tanh")
        return OpKind::kTanh;
    return std::nullopt;
}

/// B batch, T steps, I inputs, H hidden, G gates (4 in an LSTM, 3 in a GRU, 1 in an RNN).
class Recurrence
{
public:
    Recurrence(OnnxContext& context, int64_t gates)
        : c_(context)
        , gates_(gates)
    {
    }

    void convert();

private:
    struct State {
        ValueId h, cell; ///< (B, H); the cell of an LSTM only.
    };

    bool readShapes();
    bool readActivations();
    ValueId activate(size_t which, ValueId x);
    ValueId part(ValueId x, int dim, int64_t begin, int64_t end);
    ValueId direction(size_t input, int64_t number);
    ValueId times(ValueId left, ValueId weights);
    ValueId gate(ValueId x, int64_t number)
    {
        return part(x, 1, number * hidden_, (number + 1) * hidden_);
    }
    ValueId initial(size_t input, int64_t number);
    void runDirection(int64_t number, bool isReverse);
    State step(const State& before, ValueId projected, ValueId recurrent, ValueId bias,
               int64_t number);
    State stepLstm(const State& before, ValueId sum, int64_t number);
    State stepGru(const State& before, ValueId projected, ValueId recurrent, ValueId bias);
    State keepPadding(const State& before, const State& after, int64_t time, ValueId& output);
    ValueId concatenate(const std::vector<ValueId>& parts, int dim);
    void give();

    OnnxContext& c_;
    int64_t gates_;
    ValueId x_; ///< (T, B, I)
    ValueId lengths_;
    bool isBatchFirst_ = false;
    int64_t steps_ = 0, batch_ = 0, hidden_ = 0, directions_ = 1;
    std::vector<std::string> activations_;
    std::vector<ValueId> outputs_;               ///< Per direction (T, B, H).
    std::vector<ValueId> lastHidden_, lastCell_; ///< Per direction (B, H).
    size_t firstActivation_ = 0;
};

bool Recurrence::readShapes()
{
    x_ = c_.x(0);
    const ValueId w = c_.x(1);
    const ValueId r = c_.x(2);
    if (c_.failed())
        return false;
    if (c_.rank(x_) != 3 || c_.rank(w) != 3 || c_.rank(r) != 3) {
        c_.invalid("needs a sequence and weights of three dimensions each");
        return false;
    }
    isBatchFirst_ = c_.integer("layout", 0) != 0;
    if (isBatchFirst_)
        x_ = c_.transpose(x_, {1, 0, 2});
    steps_ = c_.dims(x_)[0];
    batch_ = c_.dims(x_)[1];
    hidden_ = c_.dims(r)[2];
    directions_ = c_.text("direction", "forward") == "bidirectional" ? 2 : 1;
    const Sizes wanted{directions_, gates_ * hidden_, c_.dims(x_)[2]};
    if (c_.dims(w) != wanted || c_.dims(r) != Sizes{directions_, gates_ * hidden_, hidden_} ||
        (c_.has(3) && c_.dims(c_.x(3)) != Sizes{directions_, 2 * gates_ * hidden_}) ||
        (c_.has(4) && c_.dims(c_.x(4)) != Sizes{batch_})) {
        c_.invalid("the weights, the bias or the lengths do not fit the sequence");
        return false;
    }
    if (steps_ < 1 || steps_ > kMostSteps) {
        c_.unsupported(fmt::format("a sequence of {} steps (at most {})", steps_, kMostSteps));
        return false;
    }
    // Lengths that are all full cut nothing.
    bool isFull = !c_.has(4);
    if (!isFull && c_.inputs[4].known != nullptr) {
        isFull = true;
        for (const double length : c_.inputs[4].known->values)
            isFull = isFull && length >= static_cast<double>(steps_);
    }
    if (!isFull)
        lengths_ = c_.x(4);
    return true;
}

bool Recurrence::readActivations()
{
    const OnnxAttribute* given = c_.node().find("activations");
    const std::vector<std::string> usual =
        gates_ == 4   ? std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"}
        : gates_ == 3 ? std::vector<std::string>{"Sigmoid", "Tanh"}
                      : std::vector<std::string>{"Tanh"};
    for (int64_t d = 0; d < directions_; ++d)
        activations_.insert(activations_.end(), usual.begin(), usual.end());
    if (given != nullptr && !given->texts.empty())
        activations_ = given->texts;
    const bool isKnown = std::ranges::all_of(activations_, [](const std::string& name) {
        return activationKind(name).has_value() || name == "Relu";
    });
    if (!isKnown || activations_.size() != usual.size() * static_cast<size_t>(directions_) ||
        c_.node().find("clip") != nullptr || c_.integer("input_forget", 0) != 0) {
        c_.unsupported("an activation other than Sigmoid, Tanh and Relu, clip or input_forget");
        return false;
    }
    return true;
}

ValueId Recurrence::activate(size_t which, ValueId x)
{
    const std::string& name = activations_[firstActivation_ + which];
    if (name == "Relu")
        return c_.binary(OpKind::kMaximum, x, 0.0);
    return c_.unary(*activationKind(name), x);
}

ValueId Recurrence::part(ValueId x, int dim, int64_t begin, int64_t end)
{
    if (c_.failed())
        return {};
    Sizes starts(c_.dims(x).size(), 0);
    Sizes limits = c_.dims(x);
    starts[static_cast<size_t>(dim)] = begin;
    limits[static_cast<size_t>(dim)] = end;
    return limits == c_.dims(x) && begin == 0 ? x : c_.slice(x, starts, limits);
}

/// Direction `number` of an input whose first dimension counts directions.
ValueId Recurrence::direction(size_t input, int64_t number)
{
    const ValueId all = part(c_.x(input), 0, number, number + 1);
    if (c_.failed())
        return {};
    return c_.reshape(all, Sizes(c_.dims(all).begin() + 1, c_.dims(all).end()));
}

/// (..., I) times (N, I) turned.
ValueId Recurrence::times(ValueId left, ValueId weights)
{
    if (c_.failed())
        return {};
    DotAttributes dot;
    dot.lhsContracting = {c_.rank(left) - 1};
    dot.rhsContracting = {1};
    return c_.emit(OpKind::kDot, {left, weights}, dot, TensorType{c_.type(left).dtype, {}});
}

ValueId Recurrence::initial(size_t input, int64_t number)
{
    const TensorType type{c_.type(x_).dtype, {batch_, hidden_}};
    if (!c_.has(input))
        return c_.splat(0, type);
    ValueId all = c_.x(input);
    if (c_.failed())
        return {};
    if (isBatchFirst_ && c_.rank(all) == 3)
        all = c_.transpose(all, {1, 0, 2});
    if (c_.dims(all) != Sizes{directions_, batch_, hidden_}) {
        c_.invalid("the initial state does not fit the sequence");
        return {};
    }
    return c_.reshape(part(all, 0, number, number + 1), type.dims);
}

Recurrence::State Recurrence::stepLstm(const State& before, ValueId sum, int64_t number)
{
    ValueId peepholes = c_.has(7) ? direction(7, number) : ValueId();
    const auto peep = [&](ValueId x, int64_t which, ValueId cell) {
        if (!c_.has(7))
            return x;
        const ValueId weights = part(peepholes, 0, which * hidden_, (which + 1) * hidden_);
        return c_.binary(OpKind::kAdd, x, c_.binary(OpKind::kMultiply, cell, weights));
    };
    const ValueId in = activate(0, peep(gate(sum, 0), 0, before.cell));
    const ValueId forget = activate(0, peep(gate(sum, 2), 2, before.cell));
    const ValueId fresh = activate(1, gate(sum, 3));
    State after;
    after.cell = c_.binary(OpKind::kAdd, c_.binary(OpKind::kMultiply, forget, before.cell),
                           c_.binary(OpKind::kMultiply, in, fresh));
    const ValueId out = activate(0, peep(gate(sum, 1), 1, after.cell));
    after.h = c_.binary(OpKind::kMultiply, out, activate(2, after.cell));
    return after;
}

Recurrence::State Recurrence::stepGru(const State& before, ValueId projected, ValueId recurrent,
                                      ValueId bias)
{
    // `projected` holds the input's bias; `bias` is the recurrent one (3 H).
    const auto biased = [&](ValueId x, int64_t first, int64_t last) {
        return bias.isValid()
                   ? c_.binary(OpKind::kAdd, x, part(bias, 0, first * hidden_, last * hidden_))
                   : x;
    };
    const bool isAfter = c_.integer("linear_before_reset", 0) != 0;
    const ValueId gatesOfH = biased(times(before.h, part(recurrent, 0, 0, 2 * hidden_)), 0, 2);
    const ValueId sum = c_.binary(OpKind::kAdd, part(projected, 1, 0, 2 * hidden_), gatesOfH);
    const ValueId update = activate(0, gate(sum, 0));
    const ValueId reset = activate(0, gate(sum, 1));
    const ValueId weights = part(recurrent, 0, 2 * hidden_, 3 * hidden_);
    const ValueId candidate =
        isAfter ? c_.binary(OpKind::kMultiply, reset, biased(times(before.h, weights), 2, 3))
                : biased(times(c_.binary(OpKind::kMultiply, reset, before.h), weights), 2, 3);
    const ValueId fresh = activate(1, c_.binary(OpKind::kAdd, gate(projected, 2), candidate));
    // (1 - z) n + z h as n + z (h - n).
    const ValueId change = c_.binary(OpKind::kSubtract, before.h, fresh);
    return {c_.binary(OpKind::kAdd, fresh, c_.binary(OpKind::kMultiply, update, change)), {}};
}

Recurrence::State Recurrence::step(const State& before, ValueId projected, ValueId recurrent,
                                   ValueId bias, int64_t number)
{
    if (gates_ == 3)
        return stepGru(before, projected, recurrent, bias);
    ValueId sum = c_.binary(OpKind::kAdd, projected, times(before.h, recurrent));
    if (bias.isValid())
        sum = c_.binary(OpKind::kAdd, sum, bias);
    if (gates_ == 4)
        return stepLstm(before, sum, number);
    return {activate(0, sum), {}};
}

/// Behind the end of a sample its state stays and its output is zero.
Recurrence::State Recurrence::keepPadding(const State& before, const State& after, int64_t time,
                                          ValueId& output)
{
    output = after.h;
    if (!lengths_.isValid() || c_.failed())
        return after;
    const ValueId now = c_.splat(static_cast<double>(time), c_.type(lengths_));
    const Sizes sizes{batch_, hidden_};
    const ValueId isInside =
        c_.broadcastIn(c_.compare(CompareDirection::kGt, lengths_, now), {0}, sizes);
    State kept;
    kept.h = c_.select(isInside, after.h, before.h);
    if (after.cell.isValid())
        kept.cell = c_.select(isInside, after.cell, before.cell);
    output = c_.select(isInside, after.h, c_.splat(0, c_.type(after.h)));
    return kept;
}

void Recurrence::runDirection(int64_t number, bool isReverse)
{
    const ValueId weights = direction(1, number);
    const ValueId recurrent = direction(2, number);
    const ValueId biases = c_.has(3) ? direction(3, number) : ValueId();
    ValueId projected = times(x_, weights); // (T, B, G H)
    ValueId bias;
    if (biases.isValid()) {
        projected = c_.binary(OpKind::kAdd, projected, part(biases, 0, 0, gates_ * hidden_));
        bias = part(biases, 0, gates_ * hidden_, 2 * gates_ * hidden_);
    }
    State state{initial(5, number), gates_ == 4 ? initial(6, number) : ValueId()};
    std::vector<ValueId> outputs(static_cast<size_t>(steps_));
    for (int64_t at = 0; at < steps_ && !c_.failed(); ++at) {
        const int64_t time = isReverse ? steps_ - 1 - at : at;
        const ValueId now =
            c_.reshape(part(projected, 0, time, time + 1), {batch_, gates_ * hidden_});
        const State after = step(state, now, recurrent, bias, number);
        state = keepPadding(state, after, time, outputs[static_cast<size_t>(time)]);
    }
    if (c_.failed())
        return;
    for (ValueId& output : outputs)
        output = c_.reshape(output, {1, batch_, hidden_});
    outputs_.push_back(concatenate(outputs, 0));
    lastHidden_.push_back(state.h);
    lastCell_.push_back(state.cell);
}

ValueId Recurrence::concatenate(const std::vector<ValueId>& parts, int dim)
{
    return parts.size() == 1 ? parts[0]
                             : c_.emit(OpKind::kConcatenate, parts, ConcatenateAttributes{dim});
}

void Recurrence::give()
{
    // Y (T, D, B, H), or (B, T, D, H) with the batch first; Y_h and Y_c (D, B, H), or (B, D, H).
    std::vector<ValueId> wide;
    for (const ValueId output : outputs_)
        wide.push_back(c_.reshape(output, {steps_, 1, batch_, hidden_}));
    const ValueId all = concatenate(wide, 1);
    c_.give(isBatchFirst_ ? c_.transpose(all, {2, 0, 1, 3}) : all);
    for (const std::vector<ValueId>* last : {&lastHidden_, &lastCell_}) {
        if (last == &lastCell_ && gates_ != 4)
            return;
        std::vector<ValueId> states;
        for (const ValueId state : *last)
            states.push_back(c_.reshape(state, {1, batch_, hidden_}));
        const ValueId joined = concatenate(states, 0);
        c_.give(isBatchFirst_ ? c_.transpose(joined, {1, 0, 2}) : joined);
    }
}

void Recurrence::convert()
{
    if (!readShapes() || !readActivations())
        return;
    const std::string way = c_.text("direction", "forward");
    for (int64_t number = 0; number < directions_ && !c_.failed(); ++number) {
        firstActivation_ =
            static_cast<size_t>(number) * (activations_.size() / static_cast<size_t>(directions_));
        runDirection(number, number == 1 || way == "reverse");
    }
    if (!c_.failed())
        give();
}

constexpr std::array kOperators = {
    OnnxOperator{"GRU", [](OnnxContext& c) { Recurrence(c, 3).convert(); }},
    OnnxOperator{"LSTM", [](OnnxContext& c) { Recurrence(c, 4).convert(); }},
    OnnxOperator{"RNN", [](OnnxContext& c) { Recurrence(c, 1).convert(); }},
};

} // namespace

std::span<const OnnxOperator> onnxRecurrent() { return kOperators; }

} // namespace alpa
