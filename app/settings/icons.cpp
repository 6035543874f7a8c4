#include "app/settings/icons.h"

#include "app/settings/theme.h"

#include <QApplication>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QSvgRenderer>

// Resources of a static library are linked only when somebody asks for them, outside of any
// namespace.
static void initIconResources() { Q_INIT_RESOURCE(icons); }

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

/// Renders the SVG at the size asked for, so that it is sharp at every scale.
class ThemedIconEngine : public QIconEngine
{
public:
    explicit ThemedIconEngine(QByteArray svg)
        : svg_(std::move(svg))
    {
    }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        const QPalette palette = QApplication::palette();
        const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
        QByteArray svg = svg_;
        svg.replace("#000", palette.color(group, QPalette::ButtonText).name().toLatin1());
        QSvgRenderer renderer(svg);
        renderer.render(painter, QRectF(rect));
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap image(size);
        image.fill(Qt::transparent);
        QPainter painter(&image);
        paint(&painter, QRect(QPoint(0, 0), size), mode, state);
        return image;
    }
    QIconEngine* clone() const override { return new ThemedIconEngine(svg_); }

private:
    QByteArray svg_;
};

} // namespace

QIcon themedIcon(const QString& name)
{
    initIconResources();
    QFile file(u":/icons/"_s + name + u".svg"_s);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return QIcon(new ThemedIconEngine(file.readAll()));
}

} // namespace alpa::app
