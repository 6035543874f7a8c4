// Contractions and indexing.
#include "core/import/attribute_access.h"
#include "core/import/op_converter.h"
#include "core/import/stablehlo_indexing.h"

namespace alpa
{

void OpConverter::convertDot()
{
    if (!hasOperands(2))
        return;
    DotAttributes attributes;
    attributes.lhsContracting = {graph_.type(op_.operands[0]).rank() - 1};
    attributes.rhsContracting = {0};
    finish(OpKind::kDot, op_.operands, std::move(attributes));
}

void OpConverter::convertDotGeneral()
{
    DotAttributes attributes;
    const auto readPair = [&](const MlirAttribute* pair, std::vector<int>& left,
                              std::vector<int>& right) {
        if (pair == nullptr)
            return true;
        if (pair->items.size() != 2)
            return false;
        const auto leftDims = dimensions(&pair->items[0]);
        const auto rightDims = dimensions(&pair->items[1]);
        left = leftDims.value_or(std::vector<int>());
        right = rightDims.value_or(std::vector<int>());
        return leftDims && rightDims;
    };
    const auto readOne = [](const MlirAttribute* list, std::vector<int>& dims) {
        const auto read = dimensions(list);
        dims = read.value_or(std::vector<int>());
        return list == nullptr || read;
    };
    if (const MlirAttribute* numbers = syntax_.find("dot_dimension_numbers")) {
        if (!readOne(numbers->find("lhs_batching_dimensions"), attributes.lhsBatch) ||
            !readOne(numbers->find("rhs_batching_dimensions"), attributes.rhsBatch) ||
            !readOne(numbers->find("lhs_contracting_dimensions"), attributes.lhsContracting) ||
            !readOne(numbers->find("rhs_contracting_dimensions"), attributes.rhsContracting))
            return missing("dot_dimension_numbers");
    } else if (!readPair(syntax_.find("batching_dims"), attributes.lhsBatch, attributes.rhsBatch) ||
               !readPair(syntax_.find("contracting_dims"), attributes.lhsContracting,
                         attributes.rhsContracting)) {
        return missing("contracting_dims");
    }
    finish(OpKind::kDot, op_.operands, std::move(attributes));
}

void OpConverter::convertConvolution()
{
    auto attributes = readConvolution(syntax_);
    if (!attributes)
        return missing("dim_numbers");
    finish(OpKind::kConvolution, op_.operands, std::move(*attributes));
}

void OpConverter::convertGather()
{
    auto attributes = readGather(syntax_);
    if (!attributes)
        return missing("dimension_numbers");
    finish(OpKind::kGather, op_.operands, std::move(*attributes));
}

void OpConverter::convertScatter()
{
    auto attributes = readScatter(syntax_);
    if (!attributes)
        return missing("scatter_dimension_numbers");
    if (syntax_.regions.size() != 1)
        return missing("update computation");
    if (op_.operands.size() != 3)
        return unsupported("a scatter of several tensors at once");
    const std::string_view combiner = combinerName(syntax_.regions[0]);
    const auto kind = reduceKindOf(combiner);
    attributes->isReplace = combiner == "second";
    if (!kind && !attributes->isReplace)
        return unsupported("its update computation is not one of add, multiply, maximum, minimum, "
                           "and, or, replace");
    attributes->kind = kind.value_or(ReduceKind::kAdd);
    finish(OpKind::kScatter, op_.operands, std::move(*attributes));
}

} // namespace alpa
