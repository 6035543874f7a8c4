// What the kernels' texts are made from: a stage as core/fusion sees it, under short names.
#pragma once

#include "core/fusion/arena_layout.h"
#include "core/fusion/attention_shape.h"
#include "core/fusion/gemm_shape.h"
#include "core/fusion/launch_plan.h"
#include "core/fusion/side_launches.h"
#include "core/fusion/stage_graph.h"

namespace alpa::cuda
{

using fusion::ArenaLayout;
using fusion::AttentionShape;
using fusion::GemmShape;
using fusion::layOutArena;
using fusion::Node;
using fusion::Place;
using fusion::planLaunches;
using fusion::PlannedLaunch;
using fusion::product;
using fusion::ResolvedOffset;
using fusion::rowMajorStrides;
using fusion::StageGraph;
using fusion::View;

} // namespace alpa::cuda
