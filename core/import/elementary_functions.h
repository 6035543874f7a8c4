// Inverse and hyperbolic functions out of those that the graph has, for every importer.
#pragma once

#include "core/graph/graph.h"

#include <functional>
#include <vector>

namespace alpa
{

class ElementaryFunctions
{
public:
    /// Adds an op with results like the last argument; an invalid id after a problem, which it
    /// passes on.
    using Emit =
        std::function<ValueId(OpKind, std::vector<ValueId>, Attributes, const TensorType&)>;
    using Function = ValueId (ElementaryFunctions::*)(ValueId);

    /// Of values of floating type `type`.
    ElementaryFunctions(TensorType type, Emit emit)
        : type_(std::move(type))
        , emit_(std::move(emit))
    {
    }

    /// Of numbers in [-1, 1], to 2e-8.
    ValueId smallArctangent(ValueId x);
    ValueId arctangent(ValueId x);
    ValueId arcsine(ValueId x);
    ValueId arccosine(ValueId x);
    ValueId hyperbolicSine(ValueId x) { return exponentials(OpKind::kSubtract, x); }
    ValueId hyperbolicCosine(ValueId x) { return exponentials(OpKind::kAdd, x); }
    ValueId inverseHyperbolicSine(ValueId x);
    ValueId inverseHyperbolicCosine(ValueId x);
    ValueId inverseHyperbolicTangent(ValueId x);

private:
    ValueId unary(OpKind kind, ValueId x) { return emit_(kind, {x}, {}, type_); }
    ValueId binary(OpKind kind, ValueId a, ValueId b) { return emit_(kind, {a, b}, {}, type_); }
    ValueId splat(double number)
    {
        return emit_(OpKind::kConstant, {}, ConstantAttributes{{number}}, type_);
    }
    ValueId exponentials(OpKind kind, ValueId x);

    TensorType type_;
    Emit emit_;
};

} // namespace alpa
