// One op between inputs, from its text form: what the tests of inference, rules and costs start
// from.
#pragma once

#include "core/base/text.h"
#include "core/graph/graph_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace alpa
{

/// The graph of inputs %0, %1, ... of the types in `inputs` ("f32[8,64] f32[64,192]") and one op
/// `statement`
/// ("dot %0 %1 ...") with results of the types in `results`.
inline Result<Graph> graphOf(const std::string& inputs, const std::string& statement,
                             const std::string& results)
{
    std::string text = "graph \"test\"\n@0 \"\"\n";
    int next = 0;
    for (const std::string& type : splitText(inputs, ' ')) {
        if (!type.empty())
            text += "%" + std::to_string(next++) + ":" + type + " = batch\n";
    }
    for (const std::string& type : splitText(results, ' ')) {
        if (!type.empty())
            text += "%" + std::to_string(next++) + ":" + type + " ";
    }
    return parseGraph(text + "= " + statement + " @0\n");
}

} // namespace alpa
