// The page says what the plans say, holds everything itself, and no text of a person can break it.
#include "core/base/text.h"
#include "core/export/html_report.h"
#include "tests/unit/export/planned_sample.h"

#include <algorithm>

namespace alpa
{
namespace
{

size_t countOf(const std::string& text, const std::string& what)
{
    size_t count = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

ReportContent contentOf(const std::string& name)
{
    ReportContent content;
    content.title = "gpt-tiny";
    ReportPlan plan;
    plan.compared.name = name;
    plan.compared.plan = plannedSample("gpt-tiny", degrees(2, 1, 2));
    plan.measured = ReportMeasurement{Seconds(0.25), Seconds(0.2), Seconds(0.3), 40};
    content.plans.push_back(plan);
    ReportPlan none;
    none.compared.name = "too much";
    none.compared.problem = "max TP 1 and max DP 1 clash";
    content.plans.push_back(none);
    return content;
}

TEST(HtmlReport, SaysWhatThePlansSay)
{
    const ReportContent content = contentOf("Plan 1");
    const std::string page = htmlReport(content);
    const ParallelPlan& plan = *content.plans[0].compared.plan;
    EXPECT_NE(page.find(formatSeconds(plan.stepTime)), std::string::npos);
    EXPECT_NE(page.find("250 ms"), std::string::npos) << "measured";
    EXPECT_NE(page.find("max TP 1 and max DP 1 clash"), std::string::npos);
    EXPECT_EQ(countOf(page, "<svg"), 1u);
    // One row a stage: the rows of its table, without the heading.
    const size_t begin = page.find("<h2>Stages</h2>");
    const std::string stages = page.substr(begin, page.find("</table>", begin) - begin);
    EXPECT_EQ(countOf(stages, "<tr>"), plan.stages.size() + 1);
}

TEST(HtmlReport, EscapesWhatPeopleWrote)
{
    const std::string page = htmlReport(contentOf("<script>alert(\"x\")</script> & co"));
    EXPECT_EQ(page.find("<script"), std::string::npos);
    EXPECT_NE(page.find("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; co"),
              std::string::npos);
}

TEST(HtmlReport, TagsAreBalancedAndNothingIsFetched)
{
    ReportContent content = contentOf("Plan 1");
    content.pictures.push_back({"Graph", std::string("\x89PNG\r\n\x1a\n", 8)});
    const std::string page = htmlReport(content);
    for (const char* tag : {"table", "tr", "div", "details", "pre", "h2", "figure", "body", "html"})
        EXPECT_EQ(countOf(page, std::string("<") + tag + ">") +
                      countOf(page, std::string("<") + tag + " "),
                  countOf(page, std::string("</") + tag + ">"))
            << tag;
    EXPECT_NE(page.find("data:image/png;base64,iVBORw0KGgo="), std::string::npos);
    for (const char* what : {"http://", "https://", "<link", "<script", "@import"})
        EXPECT_EQ(countOf(page, what),
                  std::string(what) == "http://" ? countOf(page, "http://www.w3.org/") : 0u)
            << what;
}

} // namespace
} // namespace alpa
