// Places every buffer of a stage in one arena.
#pragma once

#include "core/program/program.h"

namespace alpa
{

/// Sets offset and slotBytes of all buffers and the arena's size. Lasting buffers lie side by side;
/// temporaries share what follows, by lifetime within their segment.
void assignBuffers(StageProgram& stage);

} // namespace alpa
