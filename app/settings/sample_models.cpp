#include "app/settings/sample_models.h"

#include <QCoreApplication>
#include <QDir>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

struct KnownSample {
    const char* name;
    const char* description;
    const char* cluster;
};

// Figures: the .json file beside each model.
constexpr KnownSample kSamples[] = {
    {"mlp-seed",
     QT_TRANSLATE_NOOP("samples", "Three dense layers, 5.3 M parameters. The quick start."),
     "cpu-x4"},
    {"gpt-tiny",
     QT_TRANSLATE_NOOP("samples",
                       "GPT of two blocks, 118 k parameters. Runs here in milliseconds."),
     "cpu-x4"},
    {"gpt-125m", QT_TRANSLATE_NOOP("samples", "GPT-2 small, 12 blocks, 125 M parameters."),
     "h200-x4"},
    {"gpt-1.3b",
     QT_TRANSLATE_NOOP("samples", "GPT of 24 blocks, 1.3 B parameters, on one host of four H200."),
     "h200-x4"},
    {"llama-8b", QT_TRANSLATE_NOOP("samples", "Llama 3 8B, 32 blocks, on eight hosts of DGX H100."),
     "dgx-h100-x8"},
};

} // namespace

QString sampleModelsDirectory()
{
    const QString beside = QCoreApplication::applicationDirPath();
    for (const QString& directory : {beside + u"/../share/alpa-explorer/sample_models"_s,
                                     QString::fromUtf8(ALPA_SOURCE_DIR "/sample_models")}) {
        if (QDir(directory).exists())
            return QDir::cleanPath(directory);
    }
    return {};
}

std::vector<SampleModel> bundledSamples()
{
    std::vector<SampleModel> samples;
    const QString directory = sampleModelsDirectory();
    if (directory.isEmpty())
        return samples;
    for (const KnownSample& known : kSamples) {
        const QString name = QString::fromUtf8(known.name);
        const QDir folder(directory + u'/' + name);
        const QStringList files =
            folder.entryList({u"*.mlir"_s, u"*.mlir.gz"_s}, QDir::Files, QDir::Name);
        if (files.isEmpty())
            continue;
        samples.push_back({.name = name,
                           .description = QCoreApplication::translate("samples", known.description),
                           .path = folder.filePath(files.first()),
                           .cluster = QString::fromUtf8(known.cluster)});
    }
    return samples;
}

} // namespace alpa::app
