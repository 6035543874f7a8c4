// The layout helper as the window uses it: answers, cancellation, hopeless graphs.
#include "app/layout/dot_client.h"
#include "app/settings/programs.h"
#include "tests/gui/gui_support.h"

#include <QFileInfo>
#include <gtest/gtest.h>

#include <map>

namespace alpa::app
{
namespace
{

LayoutGraph ladder(int length)
{
    LayoutGraph graph;
    for (int i = 0; i < length; ++i) {
        graph.nodes.push_back({180, 80});
        if (i > 0)
            graph.edges.push_back({i - 1, i});
        if (i > 2)
            graph.edges.push_back({i - 3, i});
    }
    return graph;
}

struct Answers {
    std::map<quint64, std::shared_ptr<const GraphLayout>> layouts;
    std::vector<quint64> failures;
    void listenTo(DotClient& client)
    {
        QObject::connect(&client, &DotClient::answered, &client,
                         [this](quint64 key, std::shared_ptr<const GraphLayout> layout) {
                             layouts[key] = layout;
                         });
        QObject::connect(&client, &DotClient::failed, &client,
                         [this](quint64 key) { failures.push_back(key); });
    }
};

TEST(DotClient, LaysOutEveryRequestInItsTurn)
{
    DotClient client(findProgram(QStringLiteral("alpa-layoutd")));
    Answers answers;
    answers.listenTo(client);
    for (quint64 key = 1; key <= 5; ++key)
        client.request(key, ladder(int(key) * 10));
    ASSERT_TRUE(waitUntil([&] { return answers.layouts.size() == 5; }, 20000));
    for (const auto& [key, layout] : answers.layouts) {
        ASSERT_EQ(layout->centers.size(), key * 10);
        for (size_t i = 1; i < layout->centers.size(); ++i)
            EXPECT_GT(layout->centers[i].y, layout->centers[i - 1].y) << "the chain goes down";
        for (const auto& curve : layout->curves)
            EXPECT_EQ(curve.size() % 3, 1u);
    }
}

TEST(DotClient, AnswersAgainAfterCancelling)
{
    DotClient client(findProgram(QStringLiteral("alpa-layoutd")));
    Answers answers;
    answers.listenTo(client);
    client.request(1, ladder(300));
    client.cancelAll();
    EXPECT_FALSE(client.isBusy());
    ASSERT_TRUE(waitUntil(
        [&] {
            // The killed helper has to be gone before the next one starts.
            if (!client.isBusy() && answers.layouts.empty() && answers.failures.empty())
                client.request(2, ladder(5));
            return answers.layouts.contains(2) || !answers.failures.empty();
        },
        20000));
    EXPECT_FALSE(answers.layouts.contains(1));
}

TEST(DotClient, RefusesWhatDotWouldTakeMinutesFor)
{
    DotClient client(findProgram(QStringLiteral("alpa-layoutd")));
    Answers answers;
    answers.listenTo(client);
    client.request(7, ladder(4000));
    ASSERT_TRUE(waitUntil([&] { return !answers.failures.empty(); }, 5000));
    EXPECT_EQ(answers.failures, std::vector<quint64>{7});
}

TEST(DotClient, SaysSoWithoutAHelper)
{
    DotClient client{QString()};
    Answers answers;
    answers.listenTo(client);
    client.request(3, ladder(5));
    ASSERT_TRUE(waitUntil([&] { return !answers.failures.empty(); }, 5000));
}

} // namespace
} // namespace alpa::app
