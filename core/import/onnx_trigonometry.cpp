// Inverse and hyperbolic functions of ONNX.
#include "core/import/elementary_functions.h"
#include "core/import/onnx_ops.h"

#include <array>

namespace alpa
{
namespace
{

template <ElementaryFunctions::Function kFunction>
void convertFunction(OnnxContext& c)
{
    const ValueId x = c.x(0);
    if (c.failed())
        return;
    ElementaryFunctions functions(c.type(x), [&c](OpKind kind, std::vector<ValueId> operands,
                                                  Attributes attributes, const TensorType& type) {
        return c.emit(kind, std::move(operands), std::move(attributes), type);
    });
    c.give((functions.*kFunction)(x));
}

using Functions = ElementaryFunctions;
constexpr std::array kOperators = {
    OnnxOperator{"Acos", convertFunction<&Functions::arccosine>},
    OnnxOperator{"Acosh", convertFunction<&Functions::inverseHyperbolicCosine>},
    OnnxOperator{"Asin", convertFunction<&Functions::arcsine>},
    OnnxOperator{"Asinh", convertFunction<&Functions::inverseHyperbolicSine>},
    OnnxOperator{"Atan", convertFunction<&Functions::arctangent>},
    OnnxOperator{"Atanh", convertFunction<&Functions::inverseHyperbolicTangent>},
    OnnxOperator{"Cosh", convertFunction<&Functions::hyperbolicCosine>},
    OnnxOperator{"Sinh", convertFunction<&Functions::hyperbolicSine>},
};

} // namespace

std::span<const OnnxOperator> onnxTrigonometry() { return kOperators; }

} // namespace alpa
