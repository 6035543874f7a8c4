#include "core/import/argument_roles.h"

#include <gtest/gtest.h>

namespace alpa
{
namespace
{

const TensorType kMatrix{DType::kF32, {4, 8}};
const TensorType kScalar{DType::kF32, {}};
const TensorType kIds{DType::kS32, {4, 8}};

ArgumentRole roleOf(std::string_view path, const TensorType& type, bool isContracted = false)
{
    return assignRoles({ArgumentDescription{path, "arg0", type, isContracted}}).front();
}

TEST(ArgumentRoles, ComeFromThePath)
{
    EXPECT_EQ(roleOf("params['fc']['kernel']", kMatrix),
              (ArgumentRole{"fc.kernel", InputRole::kParameter}));
    EXPECT_EQ(roleOf("batch['ids']", kIds), (ArgumentRole{"ids", InputRole::kBatch}));
    EXPECT_EQ(roleOf("batch['x']", kMatrix), (ArgumentRole{"x", InputRole::kBatch}));
    EXPECT_EQ(roleOf("x", kMatrix), (ArgumentRole{"x", InputRole::kBatch}));
    EXPECT_EQ(roleOf("state[0].mu['fc']", kMatrix),
              (ArgumentRole{"0.mu.fc", InputRole::kOptimizerState}));
    EXPECT_EQ(roleOf("state.params['fc']", kMatrix),
              (ArgumentRole{"params.fc", InputRole::kParameter}));
    EXPECT_EQ(roleOf("state.opt_state[0].count", {DType::kS32, {}}),
              (ArgumentRole{"opt_state.0.count", InputRole::kOptimizerState}));
    EXPECT_EQ(roleOf("args[0]['w']", kMatrix), (ArgumentRole{"arg0.w", InputRole::kParameter}));
}

TEST(ArgumentRoles, WithoutANameComeFromTypeAndUse)
{
    EXPECT_EQ(roleOf("", kMatrix), (ArgumentRole{"arg0", InputRole::kParameter}));
    EXPECT_EQ(roleOf("", kMatrix, true), (ArgumentRole{"arg0", InputRole::kBatch}));
    EXPECT_EQ(roleOf("", kIds), (ArgumentRole{"arg0", InputRole::kBatch}));
    EXPECT_EQ(roleOf("learning_rate", kScalar),
              (ArgumentRole{"learning_rate", InputRole::kOptimizerState}));
}

TEST(ArgumentRoles, GiveEveryArgumentAnotherName)
{
    const auto roles = assignRoles({{"params['w']", "arg0", kMatrix},
                                    {"ema['w']", "arg1", kMatrix},
                                    {"ema['w']", "arg2", kMatrix}});
    EXPECT_EQ(roles[0].name, "w");
    EXPECT_EQ(roles[1].name, "ema.w");
    EXPECT_EQ(roles[2].name, "ema.w_2");
}

} // namespace
} // namespace alpa
