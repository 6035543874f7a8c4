#include "app/session/model.h"

#include <QFileInfo>
#include <QStringList>

#include <algorithm>

namespace alpa::app
{

bool Model::hasErrors() const
{
    return std::ranges::any_of(diagnostics,
                               [](const Diagnostic& d) { return d.severity == Severity::kError; });
}

namespace
{

/// The line that each diagnostic speaks of, cut to a length that a list can show.
std::vector<QString> findExcerpts(const std::vector<Diagnostic>& diagnostics,
                                  std::string_view source)
{
    constexpr size_t kLongest = 160;
    std::vector<size_t> starts{0};
    for (size_t at = source.find('\n'); at != std::string_view::npos;
         at = source.find('\n', at + 1))
        starts.push_back(at + 1);
    std::vector<QString> excerpts;
    for (const Diagnostic& diagnostic : diagnostics) {
        const auto line = static_cast<size_t>(std::max(diagnostic.line, 0));
        if (line == 0 || line > starts.size() || source.empty()) {
            excerpts.emplace_back();
            continue;
        }
        const std::string_view text = source.substr(starts[line - 1]).substr(0, kLongest);
        excerpts.push_back(QString::fromUtf8(text.substr(0, text.find('\n'))).trimmed());
    }
    return excerpts;
}

} // namespace

std::shared_ptr<Model> makeModel(const QString& path, Graph graph,
                                 std::vector<Diagnostic> diagnostics, std::string_view source,
                                 const QString& sha256)
{
    auto model = std::make_shared<Model>();
    model->path = path;
    model->sha256 = sha256;
    model->name = modelNameOf(path);
    model->diagnostics = std::move(diagnostics);
    model->excerpts = findExcerpts(model->diagnostics, source);
    if (!source.empty())
        model->source = std::make_shared<const TextLines>(std::string(source));
    model->scopes = buildScopeTree(graph);
    model->layers = groupByScope(graph);
    model->parameters = parameterCount(graph);
    for (const GraphInput& input : graph.inputs) {
        const TensorType& type = graph.type(input.value);
        if (input.role == InputRole::kBatch && type.rank() > 0)
            model->batch = type.dims[0];
    }
    const bool isForward =
        std::ranges::all_of(graph.ops, [](const Op& op) { return op.phase == Phase::kForward; });
    model->needsLoss = isForward && !graph.ops.empty() &&
                       std::ranges::none_of(graph.outputs, [](const GraphOutput& output) {
                           return output.role == OutputRole::kLoss;
                       });
    model->graph = std::make_shared<const Graph>(std::move(graph));
    return model;
}

QString modelNameOf(const QString& path)
{
    static const QStringList suffixes{
        QStringLiteral(".gz"),   QStringLiteral(".mlir"), QStringLiteral(".txt"),
        QStringLiteral(".hlo"),  QStringLiteral(".onnx"), QStringLiteral(".stablehlo"),
        QStringLiteral(".loss"), QStringLiteral(".step"), QStringLiteral(".apsess")};
    QString name = QFileInfo(path).fileName();
    for (bool changed = true; changed;) {
        changed = false;
        for (const QString& suffix : suffixes) {
            if (name.size() > suffix.size() && name.endsWith(suffix)) {
                name.chop(suffix.size());
                changed = true;
            }
        }
    }
    return name;
}

} // namespace alpa::app
