#include "core/intra_op/iopddl.h"

#include "core/intra_op/ilp_matrices.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace alpa
{
namespace
{

/// The contest writes 10^18 for choices that may not be made.
constexpr double kIopddlForbidden = 1e18;
/// 100 TB in one tensor on one device; sums of as many nodes as memory can hold stay within int64.
constexpr double kMostUsage = 1e14;

/// Reads JSON from the front of a text. After the first failure all further reads fail too.
class Reader
{
public:
    explicit Reader(std::string_view text)
        : text_(text)
    {
    }

    bool hasFailed() const { return error_.has_value(); }
    Error error() const { return *error_; }

    void fail(const std::string& message)
    {
        if (error_)
            return;
        const std::string_view before = text_.substr(0, place_);
        const size_t lineStart = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
        const auto line = std::count(before.begin(), before.end(), '\n') + 1;
        error_.emplace(ErrorCode::kInvalidInput, "line " + std::to_string(line) + ", column " +
                                                     std::to_string(place_ - lineStart + 1) + ": " +
                                                     message);
    }

    bool take(char expected)
    {
        skipSpace();
        if (error_)
            return false;
        if (place_ >= text_.size() || text_[place_] != expected) {
            fail(std::string("expected '") + expected + "', got " + nextCharacter());
            return false;
        }
        ++place_;
        return true;
    }

    /// Takes `expected` if it is next.
    bool takeIf(char expected)
    {
        skipSpace();
        if (error_ || place_ >= text_.size() || text_[place_] != expected)
            return false;
        ++place_;
        return true;
    }

    /// Calls `element()` for each element of an array.
    template <typename Element>
    void array(Element&& element)
    {
        if (!take('[') || takeIf(']'))
            return;
        do {
            element();
        } while (!error_ && takeIf(','));
        take(']');
    }

    /// Calls `member(key)` for each member of an object.
    template <typename Member>
    void object(Member&& member)
    {
        if (!take('{') || takeIf('}'))
            return;
        do {
            const std::string key = string();
            if (take(':'))
                member(key);
        } while (!error_ && takeIf(','));
        take('}');
    }

    /// Escapes are kept as they stand: names are for people only.
    std::string string()
    {
        if (!take('"'))
            return {};
        const size_t begin = place_;
        while (place_ < text_.size() && text_[place_] != '"')
            place_ += text_[place_] == '\\' ? size_t{2} : size_t{1};
        if (place_ >= text_.size()) {
            place_ = text_.size();
            fail("string without end");
            return {};
        }
        return std::string(text_.substr(begin, place_++ - begin));
    }

    double number()
    {
        skipSpace();
        double value = 0;
        const auto [end, code] =
            std::from_chars(text_.data() + place_, text_.data() + text_.size(), value);
        if (error_ || code == std::errc::invalid_argument || !std::isfinite(value)) {
            fail("expected a number, got " + nextCharacter());
            return 0;
        }
        if (code == std::errc::result_out_of_range)
            value = std::numeric_limits<double>::max();
        place_ = static_cast<size_t>(end - text_.data());
        return value;
    }

    /// Whole numbers are the rule; reading them by hand is five times as fast.
    double numberFast()
    {
        skipSpace();
        size_t at = place_;
        int64_t value = 0;
        constexpr size_t kSafeDigits = 18;
        while (at < text_.size() && text_[at] >= '0' && text_[at] <= '9')
            value = value * 10 + (text_[at++] - '0');
        const bool isWhole =
            at > place_ && at - place_ <= kSafeDigits &&
            (at >= text_.size() || (text_[at] != '.' && text_[at] != 'e' && text_[at] != 'E'));
        if (!isWhole || error_)
            return number();
        place_ = at;
        return static_cast<double>(value);
    }

    int64_t integer(double least, double most, const char* what)
    {
        const double value = numberFast();
        if (!error_ && (value != std::floor(value) || value < least || value > most))
            fail(std::string(what) + " must be a whole number of " +
                 std::to_string(static_cast<int64_t>(least)) + " to " +
                 std::to_string(static_cast<int64_t>(most)));
        return error_ ? 0 : static_cast<int64_t>(value);
    }

    void skipValue()
    {
        int depth = 0;
        do {
            skipSpace();
            if (error_ || place_ >= text_.size()) {
                fail("value without end");
                return;
            }
            const char c = text_[place_];
            if (c == '"') {
                string();
            } else if (c == '{' || c == '[') {
                ++depth;
                ++place_;
            } else if (c == '}' || c == ']') {
                --depth;
                ++place_;
            } else if (c == ',' || c == ':') {
                ++place_;
            } else {
                const size_t end = text_.find_first_of(",:]}[{\" \t\r\n", place_);
                place_ = std::min(end, text_.size());
            }
        } while (depth > 0);
    }

    void expectEnd()
    {
        skipSpace();
        if (place_ < text_.size())
            fail("text after the end of the problem");
    }

private:
    void skipSpace()
    {
        while (place_ < text_.size() && (text_[place_] == ' ' || text_[place_] == '\n' ||
                                         text_[place_] == '\t' || text_[place_] == '\r'))
            ++place_;
    }
    std::string nextCharacter() const
    {
        if (place_ >= text_.size())
            return "the end of the text";
        return std::string("'") + text_[place_] + "'";
    }

    std::string_view text_;
    size_t place_ = 0;
    std::optional<Error> error_;
};

/// Lists of numbers, equal lists stored once.
class NumberLists
{
public:
    int intern(const std::vector<double>& numbers)
    {
        std::vector<int>& candidates = byHash_[hashOf(std::span<const double>(numbers))];
        for (int id : candidates) {
            if (lists_[static_cast<size_t>(id)] == numbers)
                return id;
        }
        candidates.push_back(static_cast<int>(lists_.size()));
        lists_.push_back(numbers);
        return candidates.back();
    }
    const std::vector<double>& at(int id) const { return lists_[static_cast<size_t>(id)]; }

private:
    std::vector<std::vector<double>> lists_;
    std::unordered_map<uint64_t, std::vector<int>> byHash_;
};

/// The file as it stands, before its parts are checked against each other.
struct RawProblem {
    std::string name;
    std::vector<std::pair<int, int>> intervals;
    std::vector<std::vector<double>> costs;
    std::vector<std::vector<int64_t>> usages;
    std::vector<std::pair<int, int>> edges;
    std::vector<int> edgeCosts; ///< In `lists`.
    NumberLists lists;
    std::optional<int64_t> usageLimit;
};

std::pair<int, int> readPair(Reader& reader, const char* what)
{
    int values[2] = {0, 0};
    int count = 0;
    reader.array([&] {
        const int64_t value = reader.integer(0, std::numeric_limits<int>::max(), what);
        if (count < 2)
            values[count] = static_cast<int>(value);
        ++count;
    });
    if (count != 2)
        reader.fail(std::string("expected two of: ") + what + ", got " + std::to_string(count));
    return {values[0], values[1]};
}

double readCost(Reader& reader)
{
    const double cost = reader.numberFast();
    return cost >= kIopddlForbidden ? kForbidden : cost;
}

void readNodes(Reader& reader, RawProblem& raw)
{
    reader.object([&](const std::string& key) {
        if (key == "intervals") {
            reader.array([&] {
                raw.intervals.push_back(readPair(reader, "time"));
                if (raw.intervals.back().first > raw.intervals.back().second)
                    reader.fail("interval ends before it begins");
            });
        } else if (key == "costs") {
            reader.array([&] {
                std::vector<double>& costs = raw.costs.emplace_back();
                reader.array([&] { costs.push_back(readCost(reader)); });
                if (costs.empty())
                    reader.fail("node without strategies");
            });
        } else if (key == "usages") {
            reader.array([&] {
                std::vector<int64_t>& usages = raw.usages.emplace_back();
                reader.array([&] { usages.push_back(reader.integer(0, kMostUsage, "usage")); });
            });
        } else {
            reader.skipValue();
        }
    });
}

void readEdges(Reader& reader, RawProblem& raw)
{
    std::vector<double> costs;
    reader.object([&](const std::string& key) {
        if (key == "nodes") {
            reader.array([&] { raw.edges.push_back(readPair(reader, "node index")); });
        } else if (key == "costs") {
            reader.array([&] {
                costs.clear();
                reader.array([&] { costs.push_back(readCost(reader)); });
                raw.edgeCosts.push_back(raw.lists.intern(costs));
            });
        } else {
            reader.skipValue();
        }
    });
}

Error disagreement(const std::string& message) { return {ErrorCode::kInvalidInput, message}; }

Status addNodes(const RawProblem& raw, IlpProblem& problem)
{
    const size_t count = raw.costs.size();
    if (raw.intervals.size() != count || raw.usages.size() != count)
        return disagreement("nodes need one entry each of costs, intervals and usages, got " +
                            std::to_string(count) + ", " + std::to_string(raw.intervals.size()) +
                            " and " + std::to_string(raw.usages.size()));
    for (size_t i = 0; i < count; ++i) {
        if (raw.usages[i].size() != raw.costs[i].size())
            return disagreement("node " + std::to_string(i) + ": " +
                                std::to_string(raw.costs[i].size()) + " costs but " +
                                std::to_string(raw.usages[i].size()) + " usages");
        IlpNode node{raw.costs[i], {}};
        if (raw.intervals[i].first < raw.intervals[i].second)
            node.usages.push_back({raw.intervals[i].first, raw.intervals[i].second, raw.usages[i]});
        problem.nodes.push_back(std::move(node));
    }
    return {};
}

Status addEdges(const RawProblem& raw, IlpProblem& problem)
{
    if (raw.edgeCosts.size() != raw.edges.size())
        return disagreement("edges need one entry each of nodes and costs, got " +
                            std::to_string(raw.edges.size()) + " and " +
                            std::to_string(raw.edgeCosts.size()));
    std::map<std::pair<int, int>, int> matrixOf;
    for (size_t e = 0; e < raw.edges.size(); ++e) {
        const auto [from, to] = raw.edges[e];
        const auto isNode = [&](int node) {
            return static_cast<size_t>(node) < problem.nodes.size();
        };
        if (!isNode(from) || !isNode(to))
            return disagreement("edge " + std::to_string(e) + ": joins nodes " +
                                std::to_string(from) + " and " + std::to_string(to) + " of " +
                                std::to_string(problem.nodes.size()));
        const std::vector<double>& costs = raw.lists.at(raw.edgeCosts[e]);
        const size_t rows = problem.nodes[static_cast<size_t>(from)].costs.size();
        const size_t columns = problem.nodes[static_cast<size_t>(to)].costs.size();
        if (costs.size() != rows * columns)
            return disagreement("edge " + std::to_string(e) + ": " + std::to_string(costs.size()) +
                                " costs, expected " + std::to_string(rows) + " x " +
                                std::to_string(columns));
        const auto [place, isNew] = matrixOf.try_emplace({raw.edgeCosts[e], static_cast<int>(rows)},
                                                         static_cast<int>(problem.matrices.size()));
        if (isNew)
            problem.matrices.push_back({static_cast<int>(rows), static_cast<int>(columns), costs});
        problem.edges.push_back({from, to, place->second});
    }
    return {};
}

} // namespace

Result<IopddlInstance> readIopddl(std::string_view text)
{
    Reader reader(text);
    RawProblem raw;
    bool hasProblem = false;
    reader.object([&](const std::string& outer) {
        if (outer != "problem") {
            reader.skipValue();
            return;
        }
        hasProblem = true;
        reader.object([&](const std::string& key) {
            if (key == "name")
                raw.name = reader.string();
            else if (key == "nodes")
                readNodes(reader, raw);
            else if (key == "edges")
                readEdges(reader, raw);
            else if (key == "usage_limit")
                raw.usageLimit = reader.integer(0, 9e15, "usage limit");
            else
                reader.skipValue();
        });
    });
    reader.expectEnd();
    if (reader.hasFailed())
        return reader.error();
    if (!hasProblem)
        return disagreement("no member 'problem'");
    IopddlInstance instance;
    instance.name = raw.name;
    instance.problem.usageLimit = raw.usageLimit;
    RETURN_IF_ERROR(addNodes(raw, instance.problem));
    RETURN_IF_ERROR(addEdges(raw, instance.problem));
    return instance;
}

} // namespace alpa
