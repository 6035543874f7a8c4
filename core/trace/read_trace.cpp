#include "core/trace/read_trace.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string>

namespace alpa
{
namespace
{

constexpr int kDeepest = 64; ///< Of nested values that are skipped.
constexpr int kMostStages = 1 << 20;
constexpr int kMostInstructions = 1 << 28;
constexpr int kMostSteps = 1 << 24;

/// What one event says, as far as it concerns us.
struct Fields {
    std::string_view phase, name;
    double ts = -1, dur = -1, pid = -1, tid = -1;
    double step = -1, microbatch = 0, communication = 0, loss = 0;
    // Of a launch.
    std::string_view segment;
    double instruction = -1;
    std::vector<size_t> covered;
};

/// Walks over the text once. A failure is remembered with its place and stops everything.
class TraceReader
{
public:
    explicit TraceReader(std::string_view text)
        : text_(text)
    {
    }

    Result<Trace> read()
    {
        bool hasEvents = false;
        skipSpace();
        if (peek() == '[')
            hasEvents = readEvents();
        else
            readObject([&](std::string_view key) {
                if (key == "traceEvents")
                    hasEvents = readEvents();
                else
                    skipValue(0);
            });
        skipSpace();
        if (!problem_ && at_ != text_.size())
            fail("expected the end of the file");
        if (!problem_ && !hasEvents)
            problem_ = "a trace has a list \"traceEvents\", and this file has none";
        if (problem_)
            return Error(ErrorCode::kInvalidInput, *problem_);
        return std::move(trace_);
    }

private:
    void fail(std::string_view expected)
    {
        if (!problem_)
            problem_ = fmt::format("byte {}: {}", at_, expected);
        at_ = text_.size();
    }
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skipSpace()
    {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' ||
                                      text_[at_] == '\t' || text_[at_] == '\r'))
            ++at_;
    }
    bool take(char wanted)
    {
        skipSpace();
        if (peek() != wanted)
            return false;
        ++at_;
        return true;
    }

    /// Escapes stay as they are: no name of ours has any.
    std::string_view readString()
    {
        if (!take('"')) {
            fail("expected a string");
            return {};
        }
        const size_t begin = at_;
        while (at_ < text_.size() && text_[at_] != '"')
            at_ += text_[at_] == '\\' ? size_t{2} : size_t{1};
        if (at_ >= text_.size()) {
            fail("the string does not end");
            return {};
        }
        return text_.substr(begin, at_++ - begin);
    }

    double readNumber()
    {
        skipSpace();
        double number = 0;
        const auto [end, code] =
            std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
        if (code != std::errc() || !std::isfinite(number)) {
            fail("expected a number");
            return 0;
        }
        at_ = static_cast<size_t>(end - text_.data());
        return number;
    }

    /// A number, or nothing after skipping a value of another kind.
    void readNumberInto(double& number)
    {
        skipSpace();
        if (peek() == '-' || (peek() >= '0' && peek() <= '9'))
            number = readNumber();
        else
            skipValue(0);
    }

    template <typename OnKey>
    void readObject(OnKey&& onKey)
    {
        if (!take('{'))
            return fail("expected an object");
        if (take('}'))
            return;
        while (!problem_) {
            const std::string_view key = readString();
            if (!take(':'))
                return fail("expected ':'");
            onKey(key);
            if (take('}'))
                return;
            if (!take(','))
                return fail("expected ',' or '}'");
        }
    }

    void skipValue(int depth)
    {
        skipSpace();
        if (depth > kDeepest)
            return fail("values are nested too deeply");
        if (peek() == '{') {
            readObject([&](std::string_view) { skipValue(depth + 1); });
        } else if (peek() == '[') {
            ++at_;
            if (take(']'))
                return;
            while (!problem_) {
                skipValue(depth + 1);
                if (take(']'))
                    return;
                if (!take(','))
                    return fail("expected ',' or ']'");
            }
        } else if (peek() == '"') {
            readString();
        } else if (peek() == '-' || (peek() >= '0' && peek() <= '9')) {
            readNumber();
        } else {
            for (const std::string_view word : {"true", "false", "null"}) {
                if (text_.substr(at_, word.size()) == word) {
                    at_ += word.size();
                    return;
                }
            }
            fail("expected a value");
        }
    }

    bool readEvents()
    {
        if (!take('[')) {
            fail("expected a list of events");
            return false;
        }
        if (take(']'))
            return true;
        while (!problem_) {
            readEvent();
            if (take(']'))
                return true;
            if (!take(','))
                fail("expected ',' or ']'");
        }
        return false;
    }

    void readEvent()
    {
        Fields fields;
        readObject([&](std::string_view key) {
            if (key == "ph")
                fields.phase = readString();
            else if (key == "name")
                fields.name = readString();
            else if (key == "ts")
                readNumberInto(fields.ts);
            else if (key == "dur")
                readNumberInto(fields.dur);
            else if (key == "pid")
                readNumberInto(fields.pid);
            else if (key == "tid")
                readNumberInto(fields.tid);
            else if (key == "args")
                readArguments(fields);
            else
                skipValue(0);
        });
        if (!problem_ && fields.phase == "X")
            takeEvent(fields);
    }

    void readArguments(Fields& fields)
    {
        readObject([&](std::string_view key) {
            if (key == "step")
                readNumberInto(fields.step);
            else if (key == "microbatch")
                readNumberInto(fields.microbatch);
            else if (key == "communication_us")
                readNumberInto(fields.communication);
            else if (key == "loss")
                readNumberInto(fields.loss);
            else if (key == "segment" && peekAfterSpace() == '"')
                fields.segment = readString();
            else if (key == "instruction")
                readNumberInto(fields.instruction);
            else if (key == "covers" && peekAfterSpace() == '[')
                readIndices(fields.covered);
            else
                skipValue(0);
        });
    }

    char peekAfterSpace()
    {
        skipSpace();
        return peek();
    }

    void readIndices(std::vector<size_t>& indices)
    {
        take('[');
        if (take(']'))
            return;
        while (!problem_) {
            const double index = readNumber();
            if (index < 0 || index > kMostInstructions)
                return fail("expected the number of an instruction");
            indices.push_back(static_cast<size_t>(index));
            if (take(']'))
                return;
            if (!take(','))
                return fail("expected ',' or ']'");
        }
    }

    static std::optional<SegmentKind> kindOf(std::string_view name)
    {
        if (name == "begin")
            return SegmentKind::kBegin;
        if (name == "update")
            return SegmentKind::kUpdate;
        if (name.size() < 2 || name.find_first_not_of("0123456789", 1) != name.npos)
            return std::nullopt;
        switch (name[0]) {
        case 'F':
            return SegmentKind::kForward;
        case 'B':
            return SegmentKind::kBackward;
        case 'W':
            return SegmentKind::kWeightGradient;
        default:
            return std::nullopt;
        }
    }

    void takeEvent(const Fields& fields)
    {
        const Seconds start(fields.ts * 1e-6);
        const Seconds end((fields.ts + fields.dur) * 1e-6);
        const bool isTimed = fields.ts >= 0 && fields.dur >= 0;
        if (fields.pid == 0 && fields.name.starts_with("step ")) {
            if (!isTimed)
                return fail("a step lacks its time");
            trace_.steps.push_back({start, end, fields.loss});
            return;
        }
        if (fields.instruction >= 0)
            return takeLaunch(fields);
        const std::optional<SegmentKind> kind = kindOf(fields.name);
        if (!kind || fields.step < 0)
            return;
        if (!isTimed || fields.pid < 1 || fields.pid > kMostStages || fields.tid < 0 ||
            fields.tid > kMostStages || fields.step > kMostSteps || fields.microbatch < 0 ||
            fields.microbatch > kMostSteps)
            return fail("an event lacks its stage, device or time");
        trace_.events.push_back({.step = static_cast<int>(fields.step),
                                 .stage = static_cast<int>(fields.pid) - 1,
                                 .device = static_cast<int>(fields.tid),
                                 .kind = *kind,
                                 .microbatch = static_cast<int>(fields.microbatch),
                                 .start = start,
                                 .end = end,
                                 .communication = Seconds(fields.communication * 1e-6)});
    }

    void takeLaunch(const Fields& fields)
    {
        const std::optional<SegmentKind> kind = kindOf(fields.segment);
        if (!kind)
            return; // Of another tool.
        int microbatch = 0;
        if (*kind != SegmentKind::kBegin && *kind != SegmentKind::kUpdate) {
            const char* end = fields.segment.data() + fields.segment.size();
            if (std::from_chars(fields.segment.data() + 1, end, microbatch).ec != std::errc())
                return fail("a launch lacks its microbatch");
        }
        const bool isBeside = fields.tid >= kBesideThreads;
        const double device = fields.tid - (isBeside ? kBesideThreads : 0);
        if (fields.ts < 0 || fields.dur < 0 || fields.pid < 1 || fields.pid > kMostStages ||
            device < 0 || device > kMostStages || fields.step < 0 || fields.step > kMostSteps ||
            fields.instruction > kMostInstructions)
            return fail("a launch lacks its stage, device or time");
        trace_.launches.push_back({.step = static_cast<int>(fields.step),
                                   .stage = static_cast<int>(fields.pid) - 1,
                                   .device = static_cast<int>(device),
                                   .kind = *kind,
                                   .microbatch = microbatch,
                                   .instruction = static_cast<size_t>(fields.instruction),
                                   .covered = fields.covered,
                                   .isBeside = isBeside,
                                   .start = Seconds(fields.ts * 1e-6),
                                   .end = Seconds((fields.ts + fields.dur) * 1e-6)});
    }

    std::string_view text_;
    size_t at_ = 0;
    std::optional<std::string> problem_;
    Trace trace_;
};

} // namespace

Result<Trace> parseChromeTrace(std::string_view text) { return TraceReader(text).read(); }

} // namespace alpa
