#include "app/settings/core_texts.h"

#include "app/settings/qt_text.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QStringList>

#include <optional>

namespace alpa::app
{

using namespace Qt::StringLiterals;

namespace
{

/// Matches what `text`, a pattern with %1 to %9, can have become; the places in their order.
QRegularExpression matcherOf(const char* text)
{
    static const QRegularExpression place(u"%[1-9]"_s);
    const QString pattern = QString::fromLatin1(text);
    QString expression;
    qsizetype at = 0;
    for (auto match = place.globalMatch(pattern); match.hasNext();) {
        const auto hole = match.next();
        expression +=
            QRegularExpression::escape(pattern.mid(at, hole.capturedStart() - at)) + u"(.+?)"_s;
        at = hole.capturedEnd();
    }
    return QRegularExpression(QRegularExpression::anchoredPattern(
        expression + QRegularExpression::escape(pattern.mid(at))));
}

struct Matcher {
    const char* pattern;
    QRegularExpression expression;
};

const std::vector<Matcher>& matchers()
{
    static const std::vector<Matcher> all = [] {
        std::vector<Matcher> made;
        for (const char* pattern : corePatterns())
            made.push_back({pattern, matcherOf(pattern)});
        return made;
    }();
    return all;
}

QString translated(const QString& text);

/// `text` by the first pattern that fits it as a whole.
std::optional<QString> byPattern(const QString& text)
{
    for (const Matcher& matcher : matchers()) {
        const auto match = matcher.expression.match(text);
        if (!match.hasMatch())
            continue;
        QString result = QCoreApplication::translate("Core", matcher.pattern);
        // From the last, so that a "%1" inside of what is filled in stays.
        for (int hole = match.lastCapturedIndex(); hole > 0; --hole)
            result.replace(u"%%1"_s.arg(hole), translated(match.captured(hole)));
        return result;
    }
    return std::nullopt;
}

/// Clauses of a list are translated one by one; a list stays whole if none of them is known.
QString translated(const QString& text)
{
    if (const std::optional<QString> whole = byPattern(text))
        return *whole;
    for (const QString& separator : {u"; "_s, u", "_s}) {
        const QStringList clauses = text.split(separator);
        if (clauses.size() < 2)
            continue;
        QStringList parts;
        for (const QString& clause : clauses)
            parts << translated(clause);
        return parts.join(separator);
    }
    return text;
}

} // namespace

QString coreText(std::string_view english)
{
    // The core keeps to ASCII, as timeText says.
    static const QRegularExpression microseconds(u"(?<=\\d) us\\b"_s);
    return translated(toQt(english).replace(microseconds, u" µs"_s)).replace(u"->"_s, u"→"_s);
}

QString coreSentence(std::string_view english)
{
    QString text = coreText(english);
    if (text.isEmpty())
        return text;
    text[0] = text[0].toUpper();
    return text.endsWith(u'.') ? text : text + u'.';
}

std::vector<const char*> corePatterns()
{
    std::vector<const char*> all = filePatterns();
    all.insert(all.end(), planPatterns().begin(), planPatterns().end());
    return all;
}

const std::vector<const char*>& planPatterns()
{
    static const std::vector<const char*> patterns = {
        // Why there is no plan (choose_stages, plan_search, finish_plan, interleave_stages).
        QT_TRANSLATE_NOOP("Core", "no plan fits in %1 per device; the least is estimated at %2"),
        QT_TRANSLATE_NOOP("Core",
                          "no plan uses all %1 devices; with idle devices allowed there is one"),
        QT_TRANSLATE_NOOP("Core", "no plan has the demanded number of stages"),
        QT_TRANSLATE_NOOP("Core", "no plan has the demanded cuts"),
        QT_TRANSLATE_NOOP("Core", "each constraint alone can be met, but not all of them together"),
        QT_TRANSLATE_NOOP("Core",
                          "the stage candidates cover the layers in no way: some layers have none "
                          "that fit the devices"),
        QT_TRANSLATE_NOOP("Core", "no mesh shape obeys the constraints"),
        QT_TRANSLATE_NOOP("Core", "%1 layers asked, but the model has %2 contractions"),
        QT_TRANSLATE_NOOP("Core", "by default it has layers 0 to %1"),
        QT_TRANSLATE_NOOP("Core", "%1 microbatches do not divide the global batch of %2"),
        QT_TRANSLATE_NOOP("Core", "no microbatch count divides the global batch of %1"),
        QT_TRANSLATE_NOOP("Core", "the stages need more than %1 per device"),
        QT_TRANSLATE_NOOP("Core", "with %1 the model needs at least %2 on each of %3 devices, "
                                  "more than %4"),
        QT_TRANSLATE_NOOP("Core",
                          "with %1 the model needs at least %2 on the device, more than %3"),
        QT_TRANSLATE_NOOP("Core", "a stage is to begin at layer %1, and there are layers 0 to %2"),
        QT_TRANSLATE_NOOP("Core", "interleaving needs at least %1 layers, the model has %2"),
        QT_TRANSLATE_NOOP("Core", "no interleaved stages fit in memory and the constraints"),
        QT_TRANSLATE_NOOP("Core", "interleaving needs at least 2 groups of devices whose number "
                                  "divides that of microbatches, %1"),
        // Constraints (listConstraints).
        QT_TRANSLATE_NOOP("Core", "max TP %1"),
        QT_TRANSLATE_NOOP("Core", "max DP %1"),
        QT_TRANSLATE_NOOP("Core", "max PP %1"),
        QT_TRANSLATE_NOOP("Core", "memory %1 of %2"),
        QT_TRANSLATE_NOOP("Core", "memory %1"),
        QT_TRANSLATE_NOOP("Core", "microbatches %1"),
        QT_TRANSLATE_NOOP("Core", "schedule %1"),
        QT_TRANSLATE_NOOP("Core", "not schedule %1"),
        QT_TRANSLATE_NOOP("Core", "chunks %1"),
        QT_TRANSLATE_NOOP("Core", "recomputation"),
        QT_TRANSLATE_NOOP("Core", "no recomputation"),
        QT_TRANSLATE_NOOP("Core", "selective recomputation"),
        QT_TRANSLATE_NOOP("Core", "no selective recomputation"),
        QT_TRANSLATE_NOOP("Core", "recomputation of the first %1 layers of a stage"),
        QT_TRANSLATE_NOOP("Core", "not recomputation %1"),
        QT_TRANSLATE_NOOP("Core", "parameters split over x"),
        QT_TRANSLATE_NOOP("Core", "parameters replicated over x"),
        QT_TRANSLATE_NOOP("Core", "optimizer state split over x"),
        QT_TRANSLATE_NOOP("Core", "optimizer state replicated over x"),
        QT_TRANSLATE_NOOP("Core", "forbid %1"),
        QT_TRANSLATE_NOOP("Core", "pin %1"),
        QT_TRANSLATE_NOOP("Core", "all devices"),
        QT_TRANSLATE_NOOP("Core", "stage begins at layer %1"),
        QT_TRANSLATE_NOOP("Core", "no stage begins at layer %1"),
        QT_TRANSLATE_NOOP("Core", "stage of layer %1 on %2"),
        QT_TRANSLATE_NOOP("Core", "without %1"),
        QT_TRANSLATE_NOOP("Core", "with 1 GiB more memory a device"),
        // What strategies do on each axis (strategy_text).
        QT_TRANSLATE_NOOP("Core", "%1: replicated"),
        QT_TRANSLATE_NOOP("Core", "%1: dim %2 of %3"),
        QT_TRANSLATE_NOOP("Core", "%1: sum over %2"),
        QT_TRANSLATE_NOOP("Core", "moved at once"),
        QT_TRANSLATE_NOOP("Core", "one device"),
        // Why a sharding was chosen (explain_decision).
        QT_TRANSLATE_NOOP("Core", "there is no other strategy"),
        QT_TRANSLATE_NOOP("Core", "no other strategy fits in memory"),
        QT_TRANSLATE_NOOP("Core", "no other strategy is possible"),
        QT_TRANSLATE_NOOP("Core", "%1 would be as good"),
        QT_TRANSLATE_NOOP("Core", "about: %1 would add %2 to the step"),
        QT_TRANSLATE_NOOP("Core", "%1 would add %2 to the step"),
        QT_TRANSLATE_NOOP("Core", "by itself it costs more for %1"),
        QT_TRANSLATE_NOOP("Core", "by itself it costs no more, but what it forces elsewhere does"),
        QT_TRANSLATE_NOOP("Core", "%1 computing"),
        QT_TRANSLATE_NOOP("Core", "%1 reducing its partial results"),
        QT_TRANSLATE_NOOP("Core", "%1 resharding what it reads"),
        QT_TRANSLATE_NOOP("Core", "%1 resharding its result"),
        QT_TRANSLATE_NOOP("Core", "%1 gradient sync and update"),
        // What differs between two plans (diff_plans).
        QT_TRANSLATE_NOOP("Core", "the plans are the same"),
        QT_TRANSLATE_NOOP("Core", "the same plan"),
        QT_TRANSLATE_NOOP("Core", "the plans differ, their steps do not"),
        QT_TRANSLATE_NOOP("Core", "the second step is %1 longer (%2), mainly in %3 (%4 -> %5)"),
        QT_TRANSLATE_NOOP("Core", "the second step is %1 longer (%2)"),
        QT_TRANSLATE_NOOP("Core", "the second step is %1 shorter (%2), mainly in %3 (%4 -> %5)"),
        QT_TRANSLATE_NOOP("Core", "the second step is %1 shorter (%2)"),
        QT_TRANSLATE_NOOP("Core", "none of the changes does it alone"),
        QT_TRANSLATE_NOOP("Core", "%1 alone does %2 of it"),
        QT_TRANSLATE_NOOP("Core", "forward compute"),
        QT_TRANSLATE_NOOP("Core", "backward compute"),
        QT_TRANSLATE_NOOP("Core", "forward"),
        QT_TRANSLATE_NOOP("Core", "forward communication"),
        QT_TRANSLATE_NOOP("Core", "backward"),
        QT_TRANSLATE_NOOP("Core", "backward communication"),
        QT_TRANSLATE_NOOP("Core", "gradient sync"),
        QT_TRANSLATE_NOOP("Core", "update"),
        QT_TRANSLATE_NOOP("Core", "microbatch size"),
        QT_TRANSLATE_NOOP("Core", "bubble"),
        QT_TRANSLATE_NOOP("Core", "fullest device"),
        QT_TRANSLATE_NOOP("Core", "stage %1"),
        QT_TRANSLATE_NOOP("Core", "layers %1 on %2"),
        QT_TRANSLATE_NOOP("Core", "first %1 recomputed"),
        QT_TRANSLATE_NOOP("Core", "recomputed"),
        QT_TRANSLATE_NOOP("Core", "none"),
        QT_TRANSLATE_NOOP("Core", "microbatches"),
        QT_TRANSLATE_NOOP("Core", "schedule"),
        QT_TRANSLATE_NOOP("Core", "strategy"),
        QT_TRANSLATE_NOOP("Core", "pipeline"),
        QT_TRANSLATE_NOOP("Core", "auto"),
        // What a job is at (JobControl::report).
        QT_TRANSLATE_NOOP("Core", "finding the constraints that clash"),
        QT_TRANSLATE_NOOP("Core", "finding the memory that would do"),
        QT_TRANSLATE_NOOP("Core", "comparing with %1"),
        QT_TRANSLATE_NOOP("Core", "comparing 1 microbatch"),
        QT_TRANSLATE_NOOP("Core", "comparing %1 microbatches"),
        QT_TRANSLATE_NOOP("Core", "costing stages for %1"),
        QT_TRANSLATE_NOOP("Core", "sharding the stages for %1"),
        QT_TRANSLATE_NOOP("Core", "1 microbatch"),
        QT_TRANSLATE_NOOP("Core", "%1 microbatches"),
        QT_TRANSLATE_NOOP("Core", "proving the shardings of the stages"),
        QT_TRANSLATE_NOOP("Core", "weighing %1"),
        QT_TRANSLATE_NOOP("Core", "planning with more memory"),
        QT_TRANSLATE_NOOP("Core", "planning with %1"),
        QT_TRANSLATE_NOOP("Core", "planning without %1"),
        QT_TRANSLATE_NOOP("Core", "expanding calls"),
        QT_TRANSLATE_NOOP("Core", "verifying"),
        QT_TRANSLATE_NOOP("Core", "reading"),
        QT_TRANSLATE_NOOP("Core", "converting"),
        QT_TRANSLATE_NOOP("Core", "layer count"),
    };
    return patterns;
}

} // namespace alpa::app
