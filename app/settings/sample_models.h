// The models that come with the program, for the start page.
#pragma once

#include <QString>

#include <vector>

namespace alpa::app
{

struct SampleModel {
    QString name;        ///< "gpt-1.3b"
    QString description; ///< "24 layers, 1.3 B parameters: ..."
    QString path;
    QString cluster; ///< One that suits it: "h200-x4".
};

/// Folder of the bundled samples: installed beside the program, or in the source tree. Empty if
/// there is none.
QString sampleModelsDirectory();
/// Those of the known samples that are there, small to large.
std::vector<SampleModel> bundledSamples();

} // namespace alpa::app
