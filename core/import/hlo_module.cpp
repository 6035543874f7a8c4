#include "core/import/hlo_module.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

namespace alpa
{
namespace
{

/// Computations inside computations (the body of a loop in the body of a loop) nest no deeper.
constexpr int kDeepestRegion = 32;
/// Of all computations together, each copied where it is used.
constexpr size_t kMostInstructions = 2'000'000;

class HloTranslator
{
public:
    HloTranslator(const std::vector<HloComputation>& computations, DiagnosticSink& sink)
        : sink_(sink)
    {
        result_.module.locations.emplace_back(); // kUnknownLocation
        for (const HloComputation& computation : computations)
            byName_.emplace(computation.name, &computation);
        for (const HloComputation& computation : computations) {
            for (const HloInstruction& instruction : computation.instructions)
                typeOf_[{computation.name, instruction.name}] = &instruction.type;
        }
    }

    HloModule run(const std::vector<HloComputation>& computations)
    {
        for (const HloComputation& computation : computations) {
            if (computation.isEntry || isCalled(computations, computation.name))
                result_.module.functions.push_back(translate(computation));
        }
        return std::move(result_);
    }

private:
    using Uses = std::vector<MlirValueUse>;
    using Names = std::unordered_map<std::string_view, Uses>;

    static bool isCall(const HloInstruction& instruction)
    {
        return instruction.opcode == "call" || instruction.opcode == "fusion";
    }
    static std::string_view calleeOf(const HloInstruction& instruction)
    {
        std::string_view callee = instruction.find("to_apply");
        if (callee.empty())
            callee = instruction.find("calls");
        if (!callee.empty() && callee.front() == '%')
            callee.remove_prefix(1);
        return callee;
    }
    bool isCalled(const std::vector<HloComputation>& computations, std::string_view name)
    {
        if (called_.empty()) {
            for (const HloComputation& computation : computations) {
                for (const HloInstruction& instruction : computation.instructions) {
                    if (isCall(instruction))
                        called_[calleeOf(instruction)] = true;
                }
            }
            called_[""] = true;
        }
        return called_.contains(name);
    }

    MlirFunction translate(const HloComputation& computation)
    {
        MlirFunction function;
        function.name = computation.isEntry ? "main" : computation.name;
        function.isPublic = computation.isEntry;
        function.hasBody = true;
        function.offset = computation.offset;
        names_.clear();
        const std::vector<HloType> leaves = translateInto(computation, function.body, "return", 0);
        for (const HloType& leaf : leaves)
            function.results.push_back({MlirType{leaf.tensor, leaf.text, computation.offset}, {}});
        function.nameCount = static_cast<uint32_t>(names_.size());
        function.names = names_;
        return function;
    }

    static void collectLeaves(const HloType& type, std::vector<HloType>& leaves)
    {
        if (!type.isTuple) {
            leaves.push_back(type);
            return;
        }
        for (const HloType& part : type.parts)
            collectLeaves(part, leaves);
    }
    static std::vector<HloType> leavesOf(const HloType& type)
    {
        std::vector<HloType> leaves;
        collectLeaves(type, leaves);
        return leaves;
    }

    uint32_t newName(std::string_view spelling)
    {
        names_.push_back(spelling);
        return static_cast<uint32_t>(names_.size() - 1);
    }

    /// The types of what it returns.
    std::vector<HloType> translateInto(const HloComputation& computation, MlirRegion& region,
                                       std::string_view returnName, int depth)
    {
        Names values;
        std::map<int64_t, std::vector<MlirArgument>> parameters;
        const HloInstruction* root = nullptr;
        for (const HloInstruction& instruction : computation.instructions) {
            if (++instructions_ > kMostInstructions) {
                sink_.error(instruction.offset, "the computations expand to too many instructions");
                return {};
            }
            if (instruction.opcode == "parameter")
                addParameter(instruction, parameters, values);
            else if (const HloType* from = movedFrom(computation, instruction))
                values[instruction.name] = addMove(instruction, *from, values, region);
            else
                values[instruction.name] = addInstruction(instruction, values, region, depth);
            if (instruction.isRoot || root == nullptr || !root->isRoot)
                root = &instruction;
        }
        for (auto& [number, arguments] : parameters) {
            for (MlirArgument& argument : arguments)
                region.arguments.push_back(std::move(argument));
        }
        if (root == nullptr) {
            sink_.error(computation.offset,
                        fmt::format("computation '{}' has no instruction", computation.name));
            return {};
        }
        MlirOp last;
        last.name = returnName;
        last.begin = last.nameOffset = root->offset;
        last.end = root->end;
        last.operands = values[root->name];
        region.ops.push_back(std::move(last));
        return leavesOf(root->type);
    }

    void addParameter(const HloInstruction& instruction,
                      std::map<int64_t, std::vector<MlirArgument>>& parameters, Names& values)
    {
        const std::vector<int64_t> number = hloIntegers(instruction.body);
        if (number.size() != 1) {
            sink_.error(instruction.offset, "expected the number of the parameter");
            return;
        }
        Uses uses;
        std::vector<MlirArgument>& arguments = parameters[number.front()];
        for (const HloType& leaf : leavesOf(instruction.type)) {
            MlirArgument argument;
            argument.name = newName(instruction.name);
            argument.spelling = instruction.name;
            argument.type = {leaf.tensor, leaf.text, instruction.offset};
            argument.location = locationOf(instruction, true);
            argument.offset = instruction.offset;
            addSharding(instruction, argument.attributes);
            uses.push_back({argument.name, 0, instruction.offset});
            arguments.push_back(std::move(argument));
        }
        values[instruction.name] = std::move(uses);
    }

    /// sharding={devices=[2,1]<=[2]}; those of tuples are lists and say nothing of one value.
    static void addSharding(const HloInstruction& instruction, std::vector<MlirEntry>& attributes)
    {
        const std::string_view sharding = instruction.find("sharding");
        if (sharding.empty() || instruction.type.isTuple)
            return;
        MlirAttribute text;
        text.kind = MlirAttributeKind::kString;
        text.text = sharding;
        attributes.push_back({"mhlo.sharding", std::move(text)});
    }

    /// Operands, tuples taken apart.
    std::optional<Uses> operandsOf(const HloInstruction& instruction, const Names& values)
    {
        Uses uses;
        for (const std::string_view operand : instruction.operands) {
            const auto value = values.find(operand);
            if (value == values.end()) {
                sink_.error(instruction.offset,
                            fmt::format("value '{}' is not defined before its use", operand));
                return std::nullopt;
            }
            uses.insert(uses.end(), value->second.begin(), value->second.end());
        }
        return uses;
    }

    /// The type that a bitcast between other layouts than row-major ones reads, or null.
    const HloType* movedFrom(const HloComputation& computation,
                             const HloInstruction& instruction) const
    {
        if (instruction.opcode != "bitcast" || instruction.operands.size() != 1)
            return nullptr;
        const auto found = typeOf_.find({computation.name, instruction.operands[0]});
        if (found == typeOf_.end() || !found->second->tensor || !instruction.type.tensor ||
            found->second->tensor->dtype != instruction.type.tensor->dtype)
            return nullptr;
        const HloType& from = *found->second;
        const bool isMoved = !from.majorToMinor.empty() || !instruction.type.majorToMinor.empty();
        const auto isRead = [](const HloType& type) {
            return type.hasPlainLayout || !type.majorToMinor.empty();
        };
        return isMoved && isRead(from) && isRead(instruction.type) ? &from : nullptr;
    }

    static std::vector<int64_t> memoryOrder(const HloType& type)
    {
        if (!type.majorToMinor.empty())
            return {type.majorToMinor.begin(), type.majorToMinor.end()};
        std::vector<int64_t> order;
        for (size_t dim = 0; dim < type.tensor->dims.size(); ++dim)
            order.push_back(static_cast<int64_t>(dim));
        return order;
    }

    MlirValueUse addStep(const HloInstruction& instruction, std::string_view name,
                         const MlirValueUse& operand, TensorType type,
                         const std::vector<int64_t>& permutation, MlirRegion& region)
    {
        MlirOp op;
        op.name = name;
        op.begin = op.nameOffset = instruction.offset;
        op.end = instruction.end;
        op.operands = {operand};
        op.hasFunctionType = true;
        op.location = locationOf(instruction, false);
        op.resultTypes.push_back({std::move(type), instruction.type.text, instruction.offset});
        op.results.push_back({newName(instruction.name), 1, instruction.offset});
        if (!permutation.empty()) {
            MlirAttribute list;
            list.kind = MlirAttributeKind::kList;
            for (const int64_t dim : permutation) {
                list.items.emplace_back();
                list.items.back().kind = MlirAttributeKind::kInteger;
                list.items.back().integer = dim;
            }
            op.attributes.push_back({"permutation", std::move(list)});
        }
        const MlirValueUse use{op.results.back().name, 0, instruction.offset};
        region.ops.push_back(std::move(op));
        return use;
    }

    /// A bitcast reads the same bytes: transposed into the order of memory, reshaped, and
    /// transposed back.
    Uses addMove(const HloInstruction& instruction, const HloType& from, const Names& values,
                 MlirRegion& region)
    {
        const std::optional<Uses> operands = operandsOf(instruction, values);
        if (!operands || operands->size() != 1)
            return {};
        const auto ordered = [](const TensorType& type, const std::vector<int64_t>& order) {
            TensorType moved{type.dtype, {}};
            for (const int64_t dim : order)
                moved.dims.push_back(type.dims[static_cast<size_t>(dim)]);
            return moved;
        };
        const std::vector<int64_t> before = memoryOrder(from);
        const std::vector<int64_t> after = memoryOrder(instruction.type);
        MlirValueUse value = operands->front();
        if (!from.majorToMinor.empty())
            value = addStep(instruction, "stablehlo.transpose", value,
                            ordered(*from.tensor, before), before, region);
        value = addStep(instruction, "stablehlo.reshape", value,
                        ordered(*instruction.type.tensor, after), {}, region);
        if (instruction.type.majorToMinor.empty())
            return {value};
        std::vector<int64_t> back(after.size());
        for (size_t place = 0; place < after.size(); ++place)
            back[static_cast<size_t>(after[place])] = static_cast<int64_t>(place);
        return {addStep(instruction, "stablehlo.transpose", value, *instruction.type.tensor, back,
                        region)};
    }

    Uses addInstruction(const HloInstruction& instruction, const Names& values, MlirRegion& region,
                        int depth)
    {
        const std::string_view opcode = instruction.opcode;
        const bool hasOperands = opcode != "constant" && opcode != "iota";
        std::optional<Uses> operands = hasOperands ? operandsOf(instruction, values) : Uses();
        if (opcode == "tuple" && operands)
            return *operands;
        if (opcode == "get-tuple-element" && operands)
            return tupleElement(instruction, *operands);
        MlirOp op;
        op.isBroken = !operands; // Its users are passed over in silence.
        op.begin = op.nameOffset = instruction.offset;
        op.end = instruction.end;
        op.operands = operands.value_or(Uses());
        op.hasFunctionType = true;
        op.location = locationOf(instruction, false);
        Uses results;
        for (const HloType& leaf : leavesOf(instruction.type)) {
            op.resultTypes.push_back({leaf.tensor, leaf.text, instruction.offset});
            op.results.push_back({newName(instruction.name), 1, instruction.offset});
            results.push_back({op.results.back().name, 0, instruction.offset});
        }
        if (isCall(instruction)) {
            op.name = "call";
            MlirAttribute callee;
            callee.kind = MlirAttributeKind::kSymbol;
            callee.text = calleeOf(instruction);
            callee.offset = instruction.offset;
            op.attributes.push_back({"callee", std::move(callee)});
        } else {
            op.name = nameOf(instruction);
            op.attributes = hloAttributes(instruction, result_.strings);
            addSharding(instruction, op.attributes);
            addRegions(instruction, op, depth);
        }
        region.ops.push_back(std::move(op));
        return results;
    }

    std::string_view nameOf(const HloInstruction& instruction)
    {
        // Other layouts make a bitcast a transposition.
        const bool isMoved = instruction.opcode == "bitcast" && !instruction.type.hasPlainLayout;
        const std::string_view name = isMoved ? "" : stablehloName(instruction.opcode);
        return name.empty() ? result_.strings.emplace_back("hlo." + std::string(instruction.opcode))
                            : name;
    }

    Uses tupleElement(const HloInstruction& instruction, const Uses& operands)
    {
        const std::vector<int64_t> index = hloIntegers(instruction.find("index"));
        // Tuples of tuples are rare and their places shift: only flat ones are taken apart.
        if (index.size() != 1 || index.front() < 0 ||
            static_cast<size_t>(index.front()) >= operands.size()) {
            sink_.error(instruction.offset, "the tuple has no element of that number");
            return {};
        }
        return {operands[static_cast<size_t>(index.front())]};
    }

    void addRegions(const HloInstruction& instruction, MlirOp& op, int depth)
    {
        constexpr std::string_view kRegions[] = {"condition", "body", "select", "scatter",
                                                 "to_apply"};
        for (const std::string_view attribute : kRegions) {
            std::string_view name = instruction.find(attribute);
            if (name.empty())
                continue;
            if (name.front() == '%')
                name.remove_prefix(1);
            const auto computation = byName_.find(name);
            if (computation == byName_.end() || depth >= kDeepestRegion) {
                sink_.error(
                    instruction.offset,
                    depth >= kDeepestRegion
                        ? fmt::format("computations nest deeper than {} levels", kDeepestRegion)
                        : fmt::format("computation '{}' is not in the file", name));
                return;
            }
            op.regions.emplace_back();
            MlirRegion region;
            translateInto(*computation->second, region, "stablehlo.return", depth + 1);
            op.regions.back() = std::move(region);
        }
    }

    /// op_name of the metadata; the name of a parameter is its path in the program.
    MlirLocationId locationOf(const HloInstruction& instruction, bool isParameter)
    {
        const std::string_view metadata = instruction.find("metadata");
        constexpr std::string_view kKey = "op_name=\"";
        const size_t begin = metadata.find(kKey);
        std::string name;
        if (begin != std::string_view::npos) {
            for (size_t at = begin + kKey.size(); at < metadata.size() && metadata[at] != '"';
                 ++at) {
                if (metadata[at] != '\\')
                    name += metadata[at];
            }
        } else if (isParameter) {
            name = argumentPath(instruction.name);
        }
        if (name.empty())
            return kUnknownLocation;
        const auto [known, isNew] =
            locations_.emplace(name, static_cast<MlirLocationId>(result_.module.locations.size()));
        if (isNew) {
            MlirLocation location;
            location.name = result_.strings.emplace_back(name);
            result_.module.locations.push_back(std::move(location));
        }
        return known->second;
    }

    /// "params__fc____kernel__.1" is params['fc']['kernel']: JAX writes _ for [, ', and ].
    static std::string argumentPath(std::string_view name)
    {
        const size_t dot = name.rfind('.');
        if (dot != std::string_view::npos)
            name = name.substr(0, dot);
        const size_t first = name.find("__");
        if (first == std::string_view::npos || !name.ends_with("__") || first + 2 >= name.size())
            return {};
        std::string path(name.substr(0, first));
        std::string_view rest = name.substr(first + 2, name.size() - first - 4);
        while (true) {
            const size_t end = rest.find("____");
            path += "['" + std::string(rest.substr(0, end)) + "']";
            if (end == std::string_view::npos)
                return path;
            rest.remove_prefix(end + 4);
        }
    }

    DiagnosticSink& sink_;
    HloModule result_;
    std::unordered_map<std::string_view, const HloComputation*> byName_;
    std::unordered_map<std::string_view, bool> called_;
    std::map<std::pair<std::string_view, std::string_view>, const HloType*>
        typeOf_; ///< By computation and instruction.
    std::map<std::string, MlirLocationId> locations_;
    std::vector<std::string_view> names_; ///< Of the function at hand.
    size_t instructions_ = 0;
};

} // namespace

HloModule hloModule(const std::vector<HloComputation>& computations, DiagnosticSink& sink)
{
    return HloTranslator(computations, sink).run(computations);
}

} // namespace alpa
