#include "core/import/name_stack.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

TEST(NameStack, DropsWrappersPrimitivesAndFormulas)
{
    const auto path = [](std::string_view name) { return parseNameStack(name).path; };
    EXPECT_EQ(path("jit(loss)/GPT/block_0/qkv/dot_general"), "GPT/block_0/qkv");
    EXPECT_EQ(path("jit(loss)/jit(main)/MLP/Dense_0/add"), "MLP/Dense_0");
    EXPECT_EQ(path("jit(loss)/GPT/wte/jit(_take)"), "GPT/wte");
    EXPECT_EQ(path("jit(loss)/GPT/block_0/jit(relu)/max"), "GPT/block_0");
    EXPECT_EQ(path("jit(loss)/GPT/block_0/bqhd,bkhd->bhqk/dot_general"), "GPT/block_0");
    EXPECT_EQ(path("jit(loss)/GPT/wte.attend/dot_general"), "GPT/wte.attend");
    EXPECT_EQ(path("jit(step)/jvp(ScanGPT)/while/body/eval_jaxpr/ScanBody_0/Block_0/ln1/mul"),
              "ScanGPT/ScanBody_0/Block_0/ln1");
    EXPECT_EQ(path("jit(loss)"), "");
    EXPECT_EQ(path("reduce_sum"), "");
    EXPECT_EQ(path(""), "");
}

TEST(NameStack, TellsDerivativesApart)
{
    EXPECT_EQ(parseNameStack("jit(step)/transpose(jvp(GPT))/block_0/ln1/mul"),
              (NameStack{"GPT/block_0/ln1", true, true}));
    EXPECT_EQ(parseNameStack("jit(step)/jvp(GPT)/block_0/add"),
              (NameStack{"GPT/block_0", true, false}));
    EXPECT_EQ(parseNameStack("jit(step)/transpose(jvp())/neg"), (NameStack{"", true, true}));
    // The primitive itself carries the transformation.
    EXPECT_EQ(parseNameStack("jit(step)/transpose(jvp(jit(log_softmax)))"),
              (NameStack{"", true, true}));
    EXPECT_EQ(parseNameStack("jit(step)/mul"), (NameStack{"", false, false}));
}

TEST(NameStack, JoinsRelativeAndAbsolutePaths)
{
    EXPECT_EQ(joinScopes("GPT/block_0", ""), "GPT/block_0");
    EXPECT_EQ(joinScopes("GPT/block_0", "fc"), "GPT/block_0/fc");
    EXPECT_EQ(joinScopes("GPT/block_0", "GPT/block_0/fc"), "GPT/block_0/fc");
    EXPECT_EQ(joinScopes("GPT/block_1", "GPT/block_10"),
              "GPT/block_1/GPT/block_10"); // A prefix of the text, not of the path.
    EXPECT_EQ(joinScopes("", "fc"), "fc");
}

TEST(ArgumentPath, IsTakenApart)
{
    using Parts = std::vector<std::string>;
    EXPECT_EQ(splitArgumentPath("params['block_0']['fc']['kernel']"),
              (Parts{"params", "block_0", "fc", "kernel"}));
    EXPECT_EQ(splitArgumentPath("state[0].mu[\"wpe\"]"), (Parts{"state", "0", "mu", "wpe"}));
    EXPECT_EQ(splitArgumentPath("x"), (Parts{"x"}));
    EXPECT_EQ(splitArgumentPath("params['a.b']"), (Parts{"params", "a.b"}));
    for (const char* broken :
         {"", "params[", "params['a'", "a b", "jit(loss)/x", "p[]", "p.", "p.['x']"})
        EXPECT_EQ(splitArgumentPath(broken), Parts{}) << broken;
}

} // namespace
} // namespace alpa
