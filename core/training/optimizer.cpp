#include "core/training/optimizer.h"

namespace alpa
{
namespace
{

/// 1 - beta^(step + 1), a scalar.
ValueId biasCorrection(GraphBuilder& b, double beta, ValueId stepCount)
{
    const ValueId power = b.power(b.constantLike(beta, stepCount), b.shift(stepCount, 1.0));
    return b.subtract(b.onesLike(stepCount), power);
}

ValueId spread(GraphBuilder& b, ValueId scalar, ValueId like)
{
    return b.broadcastScalar(b.convert(scalar, b.type(like).dtype), b.dims(like));
}

/// beta * moment + (1 - beta) * sample.
ValueId movingAverage(GraphBuilder& b, double beta, ValueId moment, ValueId sample)
{
    return b.add(b.scale(sample, 1.0 - beta), b.scale(moment, beta));
}

/// Adam's direction m^ / (sqrt(v^) + epsilon); appends the new moments to `states`.
ValueId adamDirection(GraphBuilder& b, const OptimizerOptions& options, ValueId stepCount,
                      ValueId gradient, const std::vector<ValueId>& moments,
                      std::vector<ValueId>& states)
{
    const ValueId mean = movingAverage(b, options.beta1, moments[0], gradient);
    const ValueId variance =
        movingAverage(b, options.beta2, moments[1], b.multiply(gradient, gradient));
    states.push_back(mean);
    states.push_back(variance);
    const ValueId meanHat =
        b.divide(mean, spread(b, biasCorrection(b, options.beta1, stepCount), mean));
    const ValueId varianceHat =
        b.divide(variance, spread(b, biasCorrection(b, options.beta2, stepCount), variance));
    return b.divide(meanHat, b.shift(b.sqrt(varianceHat), options.epsilon));
}

} // namespace

void emitUpdate(GraphBuilder& b, const OptimizerOptions& options, const OptimizerScalars& scalars,
                TrainedParameter& trained)
{
    const bool isSgd = options.kind == OptimizerOptions::Kind::kSgd;
    const size_t moments = isSgd ? 0 : 2;
    const bool hasMaster = trained.stateInputs.size() > moments;
    const DType dtype = b.type(trained.accumulated).dtype;
    const ValueId weight =
        hasMaster ? trained.stateInputs.back() : b.convert(trained.parameter, dtype);
    ValueId direction = isSgd ? trained.accumulated
                              : adamDirection(b, options, scalars.stepCount, trained.accumulated,
                                              trained.stateInputs, trained.updatedStates);
    if (options.kind == OptimizerOptions::Kind::kAdamW)
        direction = b.add(direction, b.scale(weight, options.weightDecay));
    const ValueId next =
        b.subtract(weight, b.multiply(spread(b, scalars.learningRate, direction), direction));
    if (hasMaster)
        trained.updatedStates.push_back(next);
    trained.updated = b.convert(next, b.type(trained.parameter).dtype);
}

} // namespace alpa
