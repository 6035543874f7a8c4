// The protobuf side of ONNX files.
#include "core/import/onnx_model.h"

#include <fmt/format.h>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/unknown_field_set.h>
#include <limits>
#include <onnx/onnx_pb.h>

namespace alpa
{
namespace
{

/// Graphs inside graphs (branches of If) beyond this are damage.
constexpr int kDeepestGraph = 16;
/// NodeProto's metadata, which came with version 10 of the format (ONNX 1.16).
constexpr int kMetadataField = 9;

std::optional<DType> dtypeOf(int type)
{
    switch (type) {
    case onnx::TensorProto::FLOAT:
        return DType::kF32;
    case onnx::TensorProto::UINT8:
        return DType::kU8;
    case onnx::TensorProto::INT8:
        return DType::kS8;
    case onnx::TensorProto::UINT16:
        return DType::kU16;
    case onnx::TensorProto::INT16:
        return DType::kS16;
    case onnx::TensorProto::INT32:
        return DType::kS32;
    case onnx::TensorProto::INT64:
        return DType::kS64;
    case onnx::TensorProto::BOOL:
        return DType::kPred;
    case onnx::TensorProto::FLOAT16:
        return DType::kF16;
    case onnx::TensorProto::DOUBLE:
        return DType::kF64;
    case onnx::TensorProto::UINT32:
        return DType::kU32;
    case onnx::TensorProto::UINT64:
        return DType::kU64;
    case onnx::TensorProto::BFLOAT16:
        return DType::kBF16;
    default:
        return std::nullopt;
    }
}

template <typename To, typename Field>
void appendAs(std::string& bytes, const Field& field)
{
    for (const auto value : field) {
        const To element = static_cast<To>(value);
        bytes.append(reinterpret_cast<const char*>(&element), sizeof(To));
    }
}

/// The typed fields of a tensor without raw data, as raw data.
std::string typedBytes(const onnx::TensorProto& proto, DType dtype)
{
    std::string bytes;
    switch (dtype) {
    case DType::kF32:
        appendAs<float>(bytes, proto.float_data());
        break;
    case DType::kF64:
        appendAs<double>(bytes, proto.double_data());
        break;
    case DType::kS64:
        appendAs<int64_t>(bytes, proto.int64_data());
        break;
    case DType::kU32:
        appendAs<uint32_t>(bytes, proto.uint64_data());
        break;
    case DType::kU64:
        appendAs<uint64_t>(bytes, proto.uint64_data());
        break;
    case DType::kS32:
        appendAs<int32_t>(bytes, proto.int32_data());
        break;
    case DType::kS16:
    case DType::kU16:
    case DType::kF16:
    case DType::kBF16:
        appendAs<uint16_t>(bytes, proto.int32_data());
        break;
    case DType::kS8:
    case DType::kU8:
    case DType::kPred:
        appendAs<uint8_t>(bytes, proto.int32_data());
        break;
    }
    return bytes;
}

class Reader
{
public:
    OnnxTensor tensor(const onnx::TensorProto& proto);
    OnnxGraph graph(const onnx::GraphProto& proto, int depth);
    OnnxNode node(const onnx::NodeProto& proto, int depth);
    OnnxValue value(const onnx::ValueInfoProto& proto);
    const std::string& problem() const { return problem_; }

private:
    OnnxAttribute attribute(const onnx::AttributeProto& proto, int depth);
    void fail(std::string text)
    {
        if (problem_.empty())
            problem_ = std::move(text);
    }

    std::string problem_;
};

OnnxTensor Reader::tensor(const onnx::TensorProto& proto)
{
    OnnxTensor tensor;
    tensor.name = proto.name();
    tensor.dtype = dtypeOf(proto.data_type());
    int64_t count = 1;
    for (const int64_t dim : proto.dims()) {
        if (dim < 0 || __builtin_mul_overflow(count, dim, &count)) {
            fail(fmt::format("tensor '{}' has dimension {}", tensor.name, dim));
            return tensor;
        }
        tensor.dims.push_back(dim);
    }
    tensor.hasData = proto.data_location() != onnx::TensorProto::EXTERNAL;
    if (!tensor.dtype || !tensor.hasData)
        return tensor;
    tensor.bytes = proto.has_raw_data() ? proto.raw_data() : typedBytes(proto, *tensor.dtype);
    int64_t expected = 0;
    if (__builtin_mul_overflow(count, dtypeBytes(*tensor.dtype), &expected) ||
        static_cast<int64_t>(tensor.bytes.size()) != expected)
        fail(fmt::format("tensor '{}' is {} and has {} bytes", tensor.name,
                         formatType({*tensor.dtype, tensor.dims}), tensor.bytes.size()));
    return tensor;
}

OnnxAttribute Reader::attribute(const onnx::AttributeProto& proto, int depth)
{
    OnnxAttribute attribute;
    attribute.name = proto.name();
    attribute.integer = proto.i();
    attribute.real = static_cast<double>(proto.f());
    attribute.text = proto.s();
    attribute.integers.assign(proto.ints().begin(), proto.ints().end());
    attribute.reals.assign(proto.floats().begin(), proto.floats().end());
    attribute.texts.assign(proto.strings().begin(), proto.strings().end());
    attribute.reference = proto.ref_attr_name();
    if (proto.has_t())
        attribute.tensor = std::make_shared<const OnnxTensor>(tensor(proto.t()));
    if (proto.has_g()) {
        if (depth >= kDeepestGraph)
            fail(fmt::format("graphs are nested more than {} deep", kDeepestGraph));
        else
            attribute.graph = std::make_shared<const OnnxGraph>(graph(proto.g(), depth + 1));
    }
    return attribute;
}

/// The path of the module in "['', 'm', 'm.h.0', 'layer_norm']": the last one but the op itself.
std::string lastModule(const std::string& scopes)
{
    std::vector<std::string> found;
    for (size_t at = scopes.find('\''); at != std::string::npos;) {
        const size_t end = scopes.find('\'', at + 1);
        if (end == std::string::npos)
            break;
        found.push_back(scopes.substr(at + 1, end - at - 1));
        at = scopes.find('\'', end + 1);
    }
    return found.size() < 2 ? "" : found[found.size() - 2];
}

OnnxNode Reader::node(const onnx::NodeProto& proto, int depth)
{
    OnnxNode node;
    node.name = proto.name();
    node.opType = proto.op_type();
    node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
    node.inputs.assign(proto.input().begin(), proto.input().end());
    node.outputs.assign(proto.output().begin(), proto.output().end());
    for (const onnx::AttributeProto& entry : proto.attribute())
        node.attributes.push_back(attribute(entry, depth));
    const google::protobuf::UnknownFieldSet& unknown =
        proto.GetReflection()->GetUnknownFields(proto);
    for (int i = 0; i < unknown.field_count(); ++i) {
        const google::protobuf::UnknownField& field = unknown.field(i);
        onnx::StringStringEntryProto entry;
        if (field.number() == kMetadataField &&
            field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED &&
            entry.ParseFromString(field.length_delimited()) &&
            entry.key() == "pkg.torch.onnx.name_scopes")
            node.scope = lastModule(entry.value());
    }
    return node;
}

OnnxValue Reader::value(const onnx::ValueInfoProto& proto)
{
    OnnxValue value;
    value.name = proto.name();
    if (!proto.type().has_tensor_type())
        return value;
    const onnx::TypeProto::Tensor& type = proto.type().tensor_type();
    value.dtype = dtypeOf(type.elem_type());
    if (!type.has_shape())
        return value;
    value.dims.emplace();
    for (const onnx::TensorShapeProto::Dimension& dim : type.shape().dim()) {
        OnnxDim known;
        if (dim.has_dim_value() && dim.dim_value() >= 0)
            known.size = dim.dim_value();
        else
            known.parameter = dim.dim_param();
        value.dims->push_back(std::move(known));
    }
    return value;
}

OnnxGraph Reader::graph(const onnx::GraphProto& proto, int depth)
{
    OnnxGraph graph;
    graph.name = proto.name();
    for (const onnx::NodeProto& entry : proto.node())
        graph.nodes.push_back(node(entry, depth));
    for (const onnx::TensorProto& entry : proto.initializer())
        graph.initializers.push_back(tensor(entry));
    for (const onnx::ValueInfoProto& entry : proto.input())
        graph.inputs.push_back(value(entry));
    for (const onnx::ValueInfoProto& entry : proto.output())
        graph.outputs.push_back(value(entry));
    for (const onnx::ValueInfoProto& entry : proto.value_info())
        graph.values.push_back(value(entry));
    return graph;
}

} // namespace

Result<OnnxModel> parseOnnx(std::string_view content)
{
    if (content.size() >= static_cast<size_t>(std::numeric_limits<int>::max()))
        return Error(ErrorCode::kInvalidInput, "holds 2 GiB or more, which an ONNX file cannot");
    google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(content.data()),
                                                  static_cast<int>(content.size()));
    onnx::ModelProto proto;
    if (!proto.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
        return Error(ErrorCode::kInvalidInput, "is no ONNX model, or is damaged");
    if (!proto.has_graph() || (proto.graph().node().empty() && proto.graph().output().empty()))
        return Error(ErrorCode::kInvalidInput, "is no ONNX model: it has no graph");
    Reader reader;
    OnnxModel model;
    model.graph = reader.graph(proto.graph(), 0);
    for (const onnx::OperatorSetIdProto& opset : proto.opset_import()) {
        if (opset.domain().empty() || opset.domain() == "ai.onnx")
            model.opset = opset.version();
    }
    for (const onnx::FunctionProto& function : proto.functions()) {
        OnnxFunction& known = model.functions.emplace_back();
        known.domain = function.domain();
        known.name = function.name();
        known.inputs.assign(function.input().begin(), function.input().end());
        known.outputs.assign(function.output().begin(), function.output().end());
        known.attributes.assign(function.attribute().begin(), function.attribute().end());
        for (const onnx::NodeProto& node : function.node())
            known.nodes.push_back(reader.node(node, 0));
    }
    if (!reader.problem().empty())
        return Error(ErrorCode::kInvalidInput, reader.problem());
    return model;
}

} // namespace alpa
