// The parts of a plan file: what the writer and the reader must agree on. Read by core/explain too;
// session files hold the options.
#pragma once

#include "core/plan/json_place.h"
#include "core/plan/parallel_plan.h"

#include <array>
#include <string_view>
#include <utility>

namespace alpa
{

/// A file of another version is refused.
constexpr int kPlanVersion = 1;
constexpr std::string_view kPlanFormat = "alpa plan";
/// Beyond this a count in a file is damage; it keeps products far inside 64 bits.
constexpr int kMostInPlan = 1 << 24;
constexpr int kMostMicrobatches = 1 << 16;

constexpr std::array<std::pair<InputSource, std::string_view>, 5> kInputSources{
    {{InputSource::kOwned, "owned"},
     {InputSource::kBatch, "batch"},
     {InputSource::kReceived, "received"},
     {InputSource::kSharedCopy, "sharedCopy"},
     {InputSource::kLocal, "local"}}};
constexpr std::array<std::pair<ScheduleKind, std::string_view>, 4> kSchedules{
    {{ScheduleKind::kGpipe, "gpipe"},
     {ScheduleKind::k1f1b, "1f1b"},
     {ScheduleKind::kInterleaved1f1b, "interleaved"},
     {ScheduleKind::kZeroBubble, "zero-bubble"}}};
constexpr std::array<std::pair<OptimizerOptions::Kind, std::string_view>, 3> kOptimizers{
    {{OptimizerOptions::Kind::kSgd, "sgd"},
     {OptimizerOptions::Kind::kAdam, "adam"},
     {OptimizerOptions::Kind::kAdamW, "adamw"}}};
constexpr std::array<std::pair<StorageRule, std::string_view>, 3> kStorageRules{
    {{StorageRule::kFree, "free"},
     {StorageRule::kReplicated, "replicated"},
     {StorageRule::kSplit, "split"}}};
constexpr std::array<std::pair<ScheduledTask::Phase, char>, 5> kTaskLetters{
    {{ScheduledTask::Phase::kForward, 'F'},
     {ScheduledTask::Phase::kBackward, 'B'},
     {ScheduledTask::Phase::kWeightGradient, 'W'},
     {ScheduledTask::Phase::kGradientSync, 'S'},
     {ScheduledTask::Phase::kUpdate, 'U'}}};

template <typename Value, typename Name, size_t N>
Name nameIn(const std::array<std::pair<Value, Name>, N>& names, Value value)
{
    for (const auto& [known, name] : names) {
        if (known == value)
            return name;
    }
    return names[0].second;
}

/// The value that the text at `place` names; the first one, and a problem, if it names none.
template <typename Value, size_t N>
Value readName(const JsonPlace& place,
               const std::array<std::pair<Value, std::string_view>, N>& names)
{
    const std::string text = place.text();
    std::string known;
    for (const auto& [value, name] : names) {
        if (name == text)
            return value;
        known += (known.empty() ? "" : ", ") + std::string(name);
    }
    place.fail("got '" + text + "', expected one of " + known);
    return names[0].first;
}

Json optionsToJson(const PlanOptions& options);
PlanOptions optionsFromJson(const JsonPlace& place);
Json timelineToJson(const Timeline& timeline);
Timeline timelineFromJson(const JsonPlace& place, size_t stages, int microbatches);

} // namespace alpa
