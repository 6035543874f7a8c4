#include "app/cli/load_inputs.h"

#include "app/cli/batch_bounds.h"
#include "core/base/rng.h"
#include "core/base/safetensors.h"
#include "core/graph/graph_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <mutex>
#include <numbers>
#include <optional>
#include <thread>

namespace alpa::cli
{
namespace
{

/// Deviation of random parameters: GPT-2's.
constexpr double kDeviation = 0.02;
/// Elements that one thread makes or converts at a time.
constexpr size_t kChunk = size_t{1} << 22;

std::string_view fileDtype(DType dtype)
{
    switch (dtype) {
    case DType::kPred:
        return "BOOL";
    case DType::kS8:
        return "I8";
    case DType::kS16:
        return "I16";
    case DType::kS32:
        return "I32";
    case DType::kS64:
        return "I64";
    case DType::kU8:
        return "U8";
    case DType::kU16:
        return "U16";
    case DType::kU32:
        return "U32";
    case DType::kU64:
        return "U64";
    case DType::kF16:
        return "F16";
    case DType::kBF16:
        return "BF16";
    case DType::kF32:
        return "F32";
    case DType::kF64:
        return "F64";
    }
    return "F32";
}

/// Calls visit(chunk, begin, end) for runs of up to kChunk of `count` elements, on all cores if
/// there are several.
template <typename Visit>
void inChunks(size_t count, Visit&& visit)
{
    const size_t chunks = (count + kChunk - 1) / kChunk;
    std::atomic<size_t> next{0};
    const auto work = [&] {
        for (size_t chunk = next++; chunk < chunks; chunk = next++)
            visit(chunk, chunk * kChunk, std::min(count, (chunk + 1) * kChunk));
    };
    std::vector<std::jthread> workers;
    const size_t most = std::max(1U, std::thread::hardware_concurrency());
    for (size_t t = 1; t < std::min(chunks, most); ++t)
        workers.emplace_back(work);
    work();
}

Result<HostBuffer> makeBuffer(const TensorType& type, const std::vector<double>& values)
{
    HostBuffer buffer{type, std::vector<std::byte>(static_cast<size_t>(type.bytes().count))};
    const auto width = static_cast<size_t>(dtypeBytes(type.dtype));
    std::mutex mutex;
    Status status;
    inChunks(values.size(), [&](size_t, size_t begin, size_t end) {
        const std::span<const double> part(values.data() + begin, end - begin);
        const auto tensor = makeSafeTensor("", std::string(fileDtype(type.dtype)),
                                           {static_cast<int64_t>(part.size())}, part);
        if (tensor.ok()) {
            std::memcpy(buffer.bytes.data() + begin * width, tensor->bytes.data(),
                        tensor->bytes.size());
            return;
        }
        const std::lock_guard lock(mutex);
        status = tensor.error();
    });
    RETURN_IF_ERROR(status);
    return buffer;
}

Result<HostBuffer> filled(const TensorType& type, double value)
{
    return makeBuffer(type, std::vector<double>(static_cast<size_t>(type.elementCount()), value));
}

/// Box-Muller.
double normal(Rng& rng)
{
    const double radius = std::sqrt(-2.0 * std::log(1.0 - rng.uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * rng.uniform());
}

class InputMaker
{
public:
    InputMaker(const Graph& graph, const InputOptions& options)
        : graph_(graph)
        , options_(options)
    {
    }

    Result<HostInputs> make()
    {
        if (options_.file) {
            ASSIGN_OR_RETURN(std::vector<SafeTensor> tensors, readSafetensors(*options_.file));
            for (SafeTensor& tensor : tensors)
                file_.emplace(tensor.name, std::move(tensor));
        }
        HostInputs inputs;
        // Master copies begin as parameters, which are therefore first.
        RETURN_IF_ERROR(makeAll({InputRole::kParameter, InputRole::kBatch}, inputs));
        RETURN_IF_ERROR(makeAll({InputRole::kOptimizerState}, inputs));
        return inputs;
    }

private:
    /// On all cores: a tensor's values depend on its name alone.
    Status makeAll(const std::vector<InputRole>& roles, HostInputs& inputs)
    {
        std::vector<const GraphInput*> wanted;
        for (const GraphInput& input : graph_.inputs) {
            if (std::ranges::find(roles, input.role) != roles.end())
                wanted.push_back(&input);
        }
        std::vector<std::optional<Result<HostBuffer>>> made(wanted.size());
        std::atomic<size_t> next{0};
        {
            std::vector<std::jthread> workers;
            for (unsigned t = 0; t < std::max(1U, std::thread::hardware_concurrency()); ++t)
                workers.emplace_back([&] {
                    for (size_t i = next++; i < wanted.size(); i = next++)
                        made[i] = makeInput(*wanted[i], graph_.value(wanted[i]->value).name);
                });
        }
        for (size_t i = 0; i < wanted.size(); ++i) {
            ASSIGN_OR_RETURN(inputs[graph_.value(wanted[i]->value).name], std::move(*made[i]));
        }
        return {};
    }

    TensorType wholeType(const GraphInput& input) const
    {
        TensorType type = graph_.type(input.value);
        if (input.role == InputRole::kBatch && type.rank() > 0)
            type.dims[0] *= options_.microbatches;
        return type;
    }

    Result<HostBuffer> makeInput(const GraphInput& input, const std::string& name)
    {
        const TensorType type = wholeType(input);
        if (input.role == InputRole::kOptimizerState)
            return makeState(name, type);
        const bool isParameter = input.role == InputRole::kParameter;
        const std::string label = (isParameter ? "param:" : "batch:") + name;
        std::vector<double> values;
        const std::optional<ParameterView> view =
            isParameter ? viewOfInput(options_.views, name) : std::nullopt;
        if (view) {
            ASSIGN_OR_RETURN(values, valuesOfView(*view, type));
        } else if (options_.file) {
            ASSIGN_OR_RETURN(values, valuesFromFile(label, type));
        } else {
            values = isParameter ? randomParameter(name, type) : randomBatch(input.value, type);
        }
        ASSIGN_OR_RETURN(HostBuffer buffer, makeBuffer(type, values));
        if (isParameter && hasMaster(name)) {
            const std::lock_guard lock(mutex_);
            parameters_[name] = std::move(values);
        }
        return buffer;
    }

    bool hasMaster(const std::string& name) const
    {
        return std::ranges::any_of(graph_.inputs, [&](const GraphInput& input) {
            return graph_.value(input.value).name == name + ".master";
        });
    }

    Result<HostBuffer> makeState(const std::string& name, const TensorType& type) const
    {
        if (name == "learning_rate")
            return filled(type, options_.learningRate);
        if (name.ends_with(".master")) {
            const auto parameter = parameters_.find(name.substr(0, name.size() - 7));
            if (parameter != parameters_.end())
                return makeBuffer(type, parameter->second);
        }
        return HostBuffer{type, {}}; // Zeros.
    }

    /// The part of a parameter of the model that an input of the graph is.
    Result<std::vector<double>> valuesOfView(const ParameterView& view, const TensorType& type)
    {
        const TensorType whole{type.dtype, sourceDims(view, type)};
        std::vector<double> source;
        if (options_.file) {
            ASSIGN_OR_RETURN(source, valuesFromFile("param:" + view.source, whole));
        } else {
            source = randomParameter(view.source, whole);
        }
        const std::vector<std::byte> part =
            readView(view, std::as_bytes(std::span(source)), whole.dims, sizeof(double));
        std::vector<double> values(part.size() / sizeof(double));
        std::memcpy(values.data(), part.data(), part.size());
        return values;
    }

    /// The views of a source cover it: the last one ends where it ends.
    std::vector<int64_t> sourceDims(const ParameterView& view, const TensorType& type) const
    {
        std::vector<int64_t> dims = type.dims;
        for (const ParameterView& other : options_.views) {
            if (other.source == view.source)
                dims[static_cast<size_t>(view.dim)] =
                    std::max(dims[static_cast<size_t>(view.dim)], other.end);
        }
        return dims;
    }

    Result<std::vector<double>> valuesFromFile(const std::string& label,
                                               const TensorType& type) const
    {
        const auto found = file_.find(label);
        if (found == file_.end())
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("{}: no tensor '{}'", *options_.file, label));
        const SafeTensor& tensor = found->second;
        if (tensor.dims != type.dims) {
            const TensorType there{type.dtype, tensor.dims};
            return Error(ErrorCode::kInvalidInput,
                         fmt::format("{}: '{}' has the shape {}, expected {}{}", *options_.file,
                                     label, formatDims(there), formatDims(type), rowsHint(label)));
        }
        return tensorValues(tensor);
    }

    static std::string formatDims(const TensorType& type)
    {
        return fmt::format("({})", fmt::join(type.dims, ", "));
    }
    /// Most often the plan is for another batch size than the file's.
    static std::string rowsHint(const std::string& label)
    {
        return label.starts_with("batch:") ? " (the plan's global batch)" : "";
    }

    Rng rngFor(const std::string& name) const
    {
        uint64_t seed = options_.seed;
        for (const char letter : name) // FNV-1a
            seed = (seed ^ static_cast<unsigned char>(letter)) * 0x100000001B3ull;
        return Rng(seed);
    }

    /// In chunks with a stream each, on all cores: one embedding may be a third of a model.
    std::vector<double> randomParameter(const std::string& name, const TensorType& type) const
    {
        std::vector<double> values(static_cast<size_t>(type.elementCount()));
        if (name.ends_with("scale") || name.ends_with("bias")) {
            std::ranges::fill(values, name.ends_with("scale") ? 1.0 : 0.0);
            return values;
        }
        inChunks(values.size(), [&](size_t chunk, size_t begin, size_t end) {
            Rng rng = rngFor(chunk == 0 ? name : fmt::format("{}#{}", name, chunk));
            for (size_t i = begin; i < end; ++i)
                values[i] = kDeviation * normal(rng);
        });
        return values;
    }

    std::vector<double> randomBatch(ValueId input, const TensorType& type) const
    {
        Rng rng = rngFor(graph_.value(input).name);
        std::vector<double> values(static_cast<size_t>(type.elementCount()));
        if (isFloating(type.dtype)) {
            for (double& value : values)
                value = normal(rng);
            return values;
        }
        const int64_t bound = type.dtype == DType::kPred ? 2 : integerBound(graph_, input);
        for (double& value : values)
            value = std::floor(rng.uniform() * static_cast<double>(bound));
        return values;
    }

    const Graph& graph_;
    const InputOptions& options_;
    std::map<std::string, SafeTensor> file_;
    std::mutex mutex_; ///< Guards parameters_ while they are made.
    std::map<std::string, std::vector<double>> parameters_; ///< What master copies begin as.
};

} // namespace

Result<HostInputs> loadInputs(const Graph& graph, const InputOptions& options)
{
    return InputMaker(graph, options).make();
}

Result<std::vector<double>> bufferValues(const HostBuffer& buffer)
{
    if (buffer.bytes.empty())
        return std::vector<double>(static_cast<size_t>(buffer.type.elementCount()), 0.0);
    SafeTensor tensor{.name = "",
                      .dtype = std::string(fileDtype(buffer.type.dtype)),
                      .dims = buffer.type.dims,
                      .bytes = std::string(buffer.bytes.size(), '\0')};
    std::memcpy(tensor.bytes.data(), buffer.bytes.data(), buffer.bytes.size());
    return tensorValues(tensor);
}

} // namespace alpa::cli
