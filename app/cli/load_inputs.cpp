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
/// Elements that a thread holds as doubles.
constexpr size_t kBlock = size_t{1} << 13;

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

HostBuffer emptyBuffer(const TensorType& type)
{
    return {type, std::vector<std::byte>(static_cast<size_t>(type.bytes().count))};
}

/// The first failure of several threads.
struct Failure {
    std::mutex mutex;
    Status status;
    void keep(const Status& one)
    {
        if (one.ok())
            return;
        const std::lock_guard lock(mutex);
        status = one;
    }
};

/// Writes `values` as elements from `begin` on.
Status encode(std::span<const double> values, const std::string& dtype, size_t begin,
              HostBuffer& buffer)
{
    ASSIGN_OR_RETURN(const SafeTensor tensor,
                     makeSafeTensor("", dtype, {static_cast<int64_t>(values.size())}, values));
    const size_t width = tensor.bytes.size() / values.size();
    std::memcpy(buffer.bytes.data() + begin * width, tensor.bytes.data(), tensor.bytes.size());
    return {};
}

Result<HostBuffer> makeBuffer(const TensorType& type, const std::vector<double>& values)
{
    HostBuffer buffer = emptyBuffer(type);
    const std::string dtype(fileDtype(type.dtype));
    Failure failure;
    inChunks(values.size(), [&](size_t, size_t begin, size_t end) {
        failure.keep(encode({values.data() + begin, end - begin}, dtype, begin, buffer));
    });
    RETURN_IF_ERROR(failure.status);
    return buffer;
}

/// Box-Muller.
double normal(Rng& rng)
{
    const double radius = std::sqrt(-2.0 * std::log(1.0 - rng.uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * rng.uniform());
}

/// Nearly normal, and never beyond 3.5 deviations: the sum of four uniform quarters of one number.
/// Logarithms and cosines of a billion parameters would take most of a run's start.
double nearlyNormal(Rng& rng)
{
    const uint64_t bits = rng.next();
    const uint64_t sum =
        (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48);
    return (static_cast<double>(sum) - 2.0 * 0xFFFF) * (std::numbers::sqrt3 / 0x10000);
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
        return makeAll();
    }

private:
    /// On all cores: a tensor's values depend on its name alone.
    Result<HostInputs> makeAll()
    {
        std::vector<std::optional<Result<HostBuffer>>> made(graph_.inputs.size());
        std::atomic<size_t> next{0};
        {
            std::vector<std::jthread> workers;
            for (unsigned t = 0; t < std::max(1U, std::thread::hardware_concurrency()); ++t)
                workers.emplace_back([&] {
                    for (size_t i = next++; i < made.size(); i = next++)
                        made[i] = makeInput(graph_.inputs[i]);
                });
        }
        HostInputs inputs;
        for (size_t i = 0; i < made.size(); ++i) {
            ASSIGN_OR_RETURN(inputs[graph_.value(graph_.inputs[i].value).name],
                             std::move(*made[i]));
        }
        return inputs;
    }

    TensorType wholeType(const GraphInput& input) const
    {
        TensorType type = graph_.type(input.value);
        if (input.role == InputRole::kBatch && type.rank() > 0)
            type.dims[0] *= options_.microbatches;
        return type;
    }

    Result<HostBuffer> makeInput(const GraphInput& input) const
    {
        const std::string& name = graph_.value(input.value).name;
        const TensorType type = wholeType(input);
        if (input.role == InputRole::kOptimizerState)
            return makeState(name, type);
        if (input.role == InputRole::kParameter)
            return makeParameter(name, type);
        if (options_.file) {
            ASSIGN_OR_RETURN(const auto values, valuesFromFile("batch:" + name, type));
            return makeBuffer(type, values);
        }
        return makeBuffer(type, randomBatch(input.value, type));
    }

    Result<HostBuffer> makeParameter(const std::string& name, const TensorType& type) const
    {
        const std::optional<ParameterView> view = viewOfInput(options_.views, name);
        if (!view)
            return makeWhole(name, type);
        // A part of a parameter of the model.
        const TensorType whole{type.dtype, sourceDims(*view, type)};
        ASSIGN_OR_RETURN(const HostBuffer source, makeWhole(view->source, whole));
        HostBuffer part;
        part.type = type;
        part.bytes = readView(*view, source.bytes, whole.dims, dtypeBytes(type.dtype));
        return part;
    }

    Result<HostBuffer> makeWhole(const std::string& name, const TensorType& type) const
    {
        if (options_.file) {
            ASSIGN_OR_RETURN(const auto values, valuesFromFile("param:" + name, type));
            return makeBuffer(type, values);
        }
        return randomParameter(name, type);
    }

    Result<HostBuffer> makeState(const std::string& name, const TensorType& type) const
    {
        constexpr std::string_view kMaster = ".master";
        if (name == "learning_rate")
            return makeBuffer(type, std::vector<double>(static_cast<size_t>(type.elementCount()),
                                                        options_.learningRate));
        if (name.ends_with(kMaster)) {
            const std::string parameter = name.substr(0, name.size() - kMaster.size());
            const bool isOfParameter = std::ranges::any_of(graph_.inputs, [&](const auto& input) {
                return input.role == InputRole::kParameter &&
                       graph_.value(input.value).name == parameter;
            });
            if (isOfParameter)
                return makeParameter(parameter, type);
        }
        return HostBuffer{type, {}}; // Zeros.
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

    /// In chunks with a stream each, on all cores: one embedding may be a third of a model. Doubles
    /// only of a block at a time, which caches hold: memory that is touched anew is slow.
    Result<HostBuffer> randomParameter(const std::string& name, const TensorType& type) const
    {
        const auto count = static_cast<size_t>(type.elementCount());
        if (name.ends_with("scale") || name.ends_with("bias"))
            return makeBuffer(type,
                              std::vector<double>(count, name.ends_with("scale") ? 1.0 : 0.0));
        HostBuffer buffer = emptyBuffer(type);
        const std::string dtype(fileDtype(type.dtype));
        Failure failure;
        inChunks(count, [&](size_t chunk, size_t begin, size_t end) {
            Rng rng = rngFor(chunk == 0 ? name : fmt::format("{}#{}", name, chunk));
            std::vector<double> values;
            for (size_t i = begin; i < end; i += values.size()) {
                values.resize(std::min(kBlock, end - i));
                for (double& value : values)
                    value = kDeviation * nearlyNormal(rng);
                failure.keep(encode(values, dtype, i, buffer));
            }
        });
        RETURN_IF_ERROR(failure.status);
        return buffer;
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
