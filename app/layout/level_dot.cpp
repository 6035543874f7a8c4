#include "app/layout/level_dot.h"

#include <map>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

/// As Graphviz reads it: in quotes, with line ends as escapes.
QString quoted(QString text)
{
    text.replace(u'\\', u"\\\\"_s).replace(u'"', u"\\\""_s).replace(u'\n', u"\\n"_s);
    return u'"' + text + u'"';
}

QString tensorLine(const CanvasTensor& tensor)
{
    QString line = tensor.name + u' ' + tensor.type;
    if (tensor.spec)
        line += u' ' + QString::fromStdString(formatSpec(*tensor.spec));
    return tensor.badge.isEmpty() ? line : line + u" ["_s + tensor.badge + u']';
}

class DotWriter
{
public:
    explicit DotWriter(const UnfoldedLevel& unfolded)
        : unfolded_(unfolded)
    {
    }

    /// `path` names the level: boxes of several levels may have one key.
    void writeLevel(const CanvasLevel& level, const QString& path)
    {
        for (const CanvasNode& node : level.nodes) {
            if (const CanvasLevel* inside = insideOf(node))
                writeCluster(node, *inside, path);
            else
                writeNode(node, path);
        }
        for (const CanvasEdge& edge : level.edges)
            writeEdge(level, edge, path);
    }

    QString text;

private:
    /// Null where there is nothing to be drawn inside.
    const CanvasLevel* insideOf(const CanvasNode& node) const
    {
        const CanvasLevel* inside = node.isGroup ? unfolded_(node.key) : nullptr;
        return inside == nullptr || inside->nodes.empty() ? nullptr : inside;
    }

    void writeCluster(const CanvasNode& node, const CanvasLevel& inside, const QString& path)
    {
        const QString name = path + node.key;
        // An arrow needs a box to end at; the frame cuts it off before.
        QString ending = name + u'/' + inside.nodes.front().key;
        for (const CanvasLevel* deeper = insideOf(inside.nodes.front()); deeper != nullptr;
             deeper = insideOf(deeper->nodes.front()))
            ending += u'/' + deeper->nodes.front().key;
        clusters_[name] = ending;
        text += u"subgraph "_s + quoted(u"cluster "_s + name) + u" {\nlabel="_s +
                quoted(titleOf(node)) + u";\n"_s;
        writeLevel(inside, name + u'/');
        text += u"}\n"_s;
    }

    static QString titleOf(const CanvasNode& node)
    {
        return node.corner.isEmpty() ? node.title : node.title + u" ("_s + node.corner + u')';
    }

    void writeNode(const CanvasNode& node, const QString& path)
    {
        QString label = titleOf(node);
        if (!node.subtitle.isEmpty())
            label += u'\n' + node.subtitle;
        for (const CanvasTensor& tensor : node.tensors)
            label += u'\n' + tensorLine(tensor);
        text += quoted(path + node.key) + u" [label="_s + quoted(label) +
                (node.style == CanvasNode::Style::kStub ? u", style=dashed"_s : QString()) +
                u"];\n"_s;
    }

    void writeEdge(const CanvasLevel& level, const CanvasEdge& edge, const QString& path)
    {
        QStringList attributes = {u"penwidth=%1"_s.arg(edgeWidth(edge.bytes), 0, 'f', 2)};
        const auto endAt = [&](int node, const QString& cut) {
            const QString name = path + level.nodes[static_cast<size_t>(node)].key;
            const auto cluster = clusters_.find(name);
            if (cluster == clusters_.end())
                return quoted(name);
            attributes << cut + u'=' + quoted(u"cluster "_s + name);
            return quoted(cluster->second);
        };
        text += endAt(edge.from, u"ltail"_s) + u" -> "_s + endAt(edge.to, u"lhead"_s);
        QString label = edge.badge;
        if (edge.spec)
            label += (label.isEmpty() ? QString() : u" "_s) +
                     QString::fromStdString(formatSpec(*edge.spec));
        if (!label.isEmpty())
            attributes << u"label="_s + quoted(label);
        if (!edge.badge.isEmpty())
            attributes << u"style=dashed"_s << u"color=red"_s;
        if (edge.isBackward)
            attributes << u"dir=back"_s;
        if (edge.isBeside)
            attributes << u"constraint=false"_s;
        text += u" ["_s + attributes.join(u", "_s) + u"];\n"_s;
    }

    const UnfoldedLevel& unfolded_;
    std::map<QString, QString> clusters_; ///< Unfolded groups, and a box inside each.
};

} // namespace

QByteArray levelDot(const QString& name, const CanvasLevel& root, const UnfoldedLevel& unfolded)
{
    DotWriter writer(unfolded);
    writer.text = u"digraph "_s + quoted(name) +
                  u" {\ncompound=true;\nnode [shape=box, fontname=\"sans-serif\"];\n"_s;
    writer.writeLevel(root, {});
    return (writer.text + u"}\n"_s).toUtf8();
}

} // namespace alpa::app
