#include "core/explain/megatron_arguments.h"

#include "core/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

namespace alpa
{
namespace
{

constexpr int kMost = 1 << 20;

/// A command line by its options.
class Arguments
{
public:
    /// Words without the shell's line ends.
    explicit Arguments(const std::string& text)
    {
        std::istringstream words(text);
        std::string last;
        for (std::string word; words >> word;) {
            if (word == "\\")
                continue;
            if (word.starts_with("--")) {
                const size_t equals = word.find('=');
                last = word.substr(2, equals == std::string::npos ? equals : equals - 2);
                values_[last] = equals == std::string::npos ? "" : word.substr(equals + 1);
            } else if (!last.empty()) {
                std::string& value = values_[last];
                value += (value.empty() ? "" : " ") + word;
            }
        }
    }

    bool has(const std::string& name) const { return values_.contains(name); }
    /// The first word of the value: what follows is a word of its own, such as the script's name.
    std::string word(const std::string& name) const
    {
        const auto found = values_.find(name);
        return found == values_.end() ? "" : found->second.substr(0, found->second.find(' '));
    }
    /// Nothing if it is not said; what is no number becomes the problem.
    std::optional<int> number(const std::string& name)
    {
        if (!has(name))
            return std::nullopt;
        const std::string digits = word(name);
        int value = 0;
        const auto [end, code] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        const bool isWhole = code == std::errc() && end == digits.data() + digits.size();
        if (isWhole && value >= 1 && value <= kMost)
            return value;
        fail(fmt::format("--{} {}: expected a number from 1 to {}", name, digits, kMost));
        return std::nullopt;
    }
    void fail(const std::string& message)
    {
        if (!problem_)
            problem_ = Error(ErrorCode::kInvalidInput, message);
    }
    const std::optional<Error>& problem() const { return problem_; }

private:
    std::map<std::string, std::string> values_;
    std::optional<Error> problem_;
};

/// Layers of every stage in "Et*8|(t|)*2t*8L": E and L, and m, are no layers; nothing and a problem
/// if it is no such text.
class LayoutReader
{
public:
    explicit LayoutReader(std::string_view text)
        : rest_(text)
    {
    }

    std::optional<std::vector<int>> read()
    {
        std::vector<int> stages = sequence(0);
        if (isBroken_ || !rest_.empty() || static_cast<int>(stages.size()) > kMost)
            return std::nullopt;
        return stages;
    }

private:
    static constexpr int kDeepest = 16;

    /// Stages behind each other meet in one stage, as no | is between them.
    void append(std::vector<int>& stages, const std::vector<int>& more)
    {
        if (static_cast<int64_t>(stages.size() + more.size()) > kMost ||
            int64_t{stages.back()} + more.front() > kMost) {
            isBroken_ = true;
            return;
        }
        stages.back() += more.front();
        stages.insert(stages.end(), more.begin() + 1, more.end());
    }

    std::vector<int> sequence(int depth)
    {
        std::vector<int> stages{0};
        while (!isBroken_ && !rest_.empty() && rest_.front() != ')') {
            std::vector<int> item = element(depth);
            const int times = repetitions();
            for (int i = 0; i < times && !isBroken_; ++i)
                append(stages, item);
        }
        return stages;
    }

    std::vector<int> element(int depth)
    {
        const char letter = rest_.front();
        rest_.remove_prefix(1);
        switch (letter) {
        case 'E':
        case 'L':
        case 'm':
        case ',': // Megatron-LM allows it for the eye.
            return {0};
        case 't':
            return {1};
        case '|':
            return {0, 0};
        case '(': {
            if (depth == kDeepest)
                break;
            std::vector<int> inner = sequence(depth + 1);
            if (rest_.empty())
                break;
            rest_.remove_prefix(1);
            return inner;
        }
        default:
            break;
        }
        isBroken_ = true;
        return {0};
    }

    int repetitions()
    {
        if (rest_.empty() || rest_.front() != '*')
            return 1;
        int count = 0;
        const auto [end, code] =
            std::from_chars(rest_.data() + 1, rest_.data() + rest_.size(), count);
        isBroken_ |= code != std::errc() || count < 1 || count > kMost;
        rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
        return count;
    }

    std::string_view rest_;
    bool isBroken_ = false;
};

void readDegrees(Arguments& arguments, PublishedPlan& plan)
{
    PlanConstraints& constraints = plan.constraints;
    constraints.fixedTp = arguments.number("tensor-model-parallel-size").value_or(1);
    constraints.fixedPp = arguments.number("pipeline-model-parallel-size").value_or(1);
    plan.globalBatch = arguments.number("global-batch-size");
    const std::optional<int> micro = arguments.number("micro-batch-size");
    const std::optional<int> devices = arguments.number("nproc_per_node");
    const int64_t all = int64_t{devices.value_or(1)} * arguments.number("nnodes").value_or(1);
    if (arguments.problem() || !devices)
        return;
    // Factors of up to kMost.
    const int64_t model = int64_t{*constraints.fixedTp} * *constraints.fixedPp;
    if (all % model != 0 || all / model > kMost) {
        arguments.fail(fmt::format("{} devices do not divide into TP {} x PP {}", all,
                                   *constraints.fixedTp, *constraints.fixedPp));
        return;
    }
    constraints.fixedDp = static_cast<int>(all / model);
    const int64_t atOnce = micro ? int64_t{*micro} * *constraints.fixedDp : 0;
    if (plan.globalBatch && micro && *plan.globalBatch % atOnce == 0)
        constraints.microbatches = static_cast<int>(*plan.globalBatch / atOnce);
}

/// Where stages begin, and how many of them share their devices.
void readPipeline(Arguments& arguments, PublishedPlan& plan)
{
    PlanConstraints& constraints = plan.constraints;
    const bool isInterleaved = arguments.has("num-layers-per-virtual-pipeline-stage") ||
                               arguments.has("num-virtual-stages-per-pipeline-rank");
    constraints.schedule = isInterleaved ? ScheduleKind::kInterleaved1f1b : ScheduleKind::k1f1b;
    std::string layout = arguments.word("pipeline-model-parallel-layout");
    std::erase_if(layout, [](char c) { return c == '"' || c == '\''; });
    if (layout.empty())
        return;
    const auto stages = LayoutReader(layout).read();
    const int groups = constraints.fixedPp.value_or(1);
    if (!stages || static_cast<int>(stages->size()) % groups != 0) {
        arguments.fail(fmt::format("--pipeline-model-parallel-layout {}: expected stages such as "
                                   "Et*2|t*2L, a multiple of {} of them",
                                   layout, groups));
        return;
    }
    const int chunks = static_cast<int>(stages->size()) / groups;
    if (chunks > 1) {
        constraints.schedule = ScheduleKind::kInterleaved1f1b;
        constraints.chunks = chunks;
    }
    // A stage with nothing but a table or the loss has no place among whole layers.
    if (std::ranges::find(*stages, 0) != stages->end())
        return;
    int layers = 0;
    for (size_t s = 0; s < stages->size(); ++s) {
        layers += (*stages)[s];
        // Cuts are between groups of devices; where chunks begin is the planner's.
        if (s + 1 < stages->size() && chunks == 1)
            constraints.cuts.push_back(layers);
    }
    plan.layers = layers;
}

void readMemory(const Arguments& arguments, PlanConstraints& constraints)
{
    const std::string granularity = arguments.word("recompute-granularity");
    // Some layers of a stage alone ("block") are the planner's to choose.
    if (granularity != "full" || arguments.word("recompute-method") != "block")
        constraints.recomputation = granularity == "full";
    constraints.selectiveRecomputation = granularity == "selective";
    const std::string sharding = arguments.has("use-megatron-fsdp")
                                     ? arguments.word("data-parallel-sharding-strategy")
                                     : "no_shard";
    const bool splitsStates = arguments.has("use-distributed-optimizer") || sharding != "no_shard";
    constraints.parameterStorage =
        sharding == "optim_grads_params" ? StorageRule::kSplit : StorageRule::kReplicated;
    constraints.stateStorage = splitsStates ? StorageRule::kSplit : StorageRule::kReplicated;
}

} // namespace

Result<PublishedPlan> readMegatronArguments(const std::string& text)
{
    Arguments arguments(text);
    PublishedPlan plan;
    plan.name = "Megatron-LM";
    plan.splitsColumnsAndRows = true;
    readDegrees(arguments, plan);
    readPipeline(arguments, plan);
    readMemory(arguments, plan.constraints);
    if (arguments.problem())
        return *arguments.problem();
    return plan;
}

} // namespace alpa
