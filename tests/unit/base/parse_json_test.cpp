// What JSON texts from outside may look like, and how the place of a mistake is shown.
#include "core/base/parse_json.h"

#include <gtest/gtest.h>

#include <string>

namespace alpa
{
namespace
{

std::string refusal(const std::string& text, const JsonLimits& limits = {})
{
    const auto json = parseJson(text, limits);
    return json.ok() ? "" : json.error().message;
}

std::string repeated(const std::string& part, int count)
{
    std::string text;
    for (int i = 0; i < count; ++i)
        text += part;
    return text;
}

TEST(ParseJson, ShowsTheLineWithACaretUnderThePlace)
{
    EXPECT_EQ(refusal("{\n  \"hosts\": 2,,\n}"),
              "line 2, column 14: not valid JSON\n    \"hosts\": 2,,\n               ^");
    EXPECT_EQ(refusal("{\"a\": [1"),
              "line 1, column 9: the file ends too early\n  {\"a\": [1\n          ^");
    EXPECT_EQ(refusal(""), "line 1, column 1: the file ends too early\n  \n  ^");
    // Two bytes of one letter take one column of the line shown.
    EXPECT_EQ(refusal("\"\xc3\xa9\" x"), "line 1, column 6: not valid JSON\n  \".\" x\n      ^");
}

TEST(ParseJson, ShowsWhatFitsOfALongLine)
{
    const std::string message =
        refusal("[" + repeated("1, ", 10000) + "x" + repeated(", 1", 10000) + "]");
    EXPECT_EQ(message.substr(0, message.find('\n')), "line 1, column 30002: not valid JSON");
    EXPECT_LT(message.size(), 300u);
    const size_t line = message.find('\n') + 1;
    const size_t caretLine = message.rfind('\n') + 1;
    EXPECT_EQ(message[line + (message.find('^') - caretLine)], 'x');
}

// Copying and printing such a value would overflow the stack.
TEST(ParseJson, RefusesDeepNesting)
{
    for (const int depth : {65, 10000, 1000000}) {
        for (const char* open : {"[", "{\"a\":"})
            EXPECT_NE(refusal(repeated(open, depth)).find("nested more than 64 deep"),
                      std::string::npos);
    }
    EXPECT_EQ(refusal(repeated("[", 64) + repeated("]", 64)), "");
    EXPECT_EQ(refusal("\"" + repeated("[", 100) + "\\\"{\""), "")
        << "brackets in texts do not nest";
}

// The ordered object that files are read into takes minutes for 300,000 members.
TEST(ParseJson, RefusesObjectsAndFilesOfTooMuch)
{
    std::string members;
    for (int i = 0; i < 300000; ++i)
        members += "\"k" + std::to_string(i) + "\": 0,";
    const std::string message = refusal("{" + members + "\"last\": 0}");
    EXPECT_NE(message.find("an object of more than 4096 members"), std::string::npos) << message;
    EXPECT_EQ(refusal("[" + repeated("0,", 10000) + "0]"), "");
    EXPECT_NE(
        refusal("[" + repeated("0,", 100) + "0]", {.values = 100}).find("more than 100 values"),
        std::string::npos);
    EXPECT_EQ(refusal("{\"a\": 0, \"b\": 0}", {.members = 2}), "");
    EXPECT_NE(refusal("{\"a\": 0, \"b\": 0, \"c\": 0}", {.members = 2}).find("more than 2 members"),
              std::string::npos);
}

} // namespace
} // namespace alpa
