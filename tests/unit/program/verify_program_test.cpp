#include "core/program/verify_program.h"
#include "tests/support/pipeline_program.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace alpa
{
namespace
{

constexpr auto kForward = SegmentKind::kForward;
constexpr auto kBackward = SegmentKind::kBackward;
constexpr auto kUpdate = SegmentKind::kUpdate;

Program soundProgram()
{
    return pipelineProgram({.microbatches = 4,
                            .firstMesh = {2},
                            .secondMesh = {2},
                            .sentSpec = "{-, x}",
                            .receivedSpec = "{x, -}"});
}

std::vector<Instruction>& code(Program& program, int stage, SegmentKind kind)
{
    return program.stages[static_cast<size_t>(stage)]
        .segments[static_cast<size_t>(kind)]
        .instructions;
}

Buffer& named(Program& program, int stage, const std::string& name)
{
    for (Buffer& buffer : program.stages[static_cast<size_t>(stage)].buffers) {
        if (buffer.name == name)
            return buffer;
    }
    CHECK(false, "the buffer exists");
}

BufferId idOf(Program& program, int stage, const std::string& name)
{
    return BufferId(&named(program, stage, name) -
                    program.stages[static_cast<size_t>(stage)].buffers.data());
}

/// Something done to a sound program, and words of the message that must follow.
struct Mutation {
    const char* name;
    std::function<void(Program&)> mutate;
    const char* expected;
};

const Mutation kMutations[] = {
    // Queues.
    {"backward before its forward", [](Program& p) { std::swap(p.queues[1][0], p.queues[1][1]); },
     "stage 1, queue position 0: B0 comes before its forward"},
    {"backwards exchanged: a receive waits for a send behind it",
     [](Program& p) {
         p.queues[0] = {{kForward, 0},  {kBackward, 0}, {kForward, 1},
                        {kBackward, 1}, {kForward, 2},  {kBackward, 2},
                        {kForward, 3},  {kBackward, 3}, {kUpdate, 0}};
         p.queues[1] = {{kForward, 0},  {kForward, 1},  {kBackward, 0},
                        {kBackward, 1}, {kForward, 2},  {kBackward, 2},
                        {kForward, 3},  {kBackward, 3}, {kUpdate, 0}};
     },
     "stage 1, forward instruction 0 (receive t0) waits forever in F1 (queue position 1)"},
    {"a microbatch left out", [](Program& p) { p.queues[0].erase(p.queues[0].begin() + 1); },
     "stage 0: F1 never runs"},
    {"a microbatch twice", [](Program& p) { p.queues[0][1].microbatch = 0; }, "F0 runs twice"},
    {"a microbatch too many",
     [](Program& p) {
         p.queues[1].insert(p.queues[1].begin(), {kForward, 4});
     },
     "F4 is no microbatch of the step"},
    {"update in the middle",
     [](Program& p) { std::rotate(p.queues[1].begin(), p.queues[1].end() - 1, p.queues[1].end()); },
     "stage 1, queue position 0: update is not the last"},
    {"a queue lost", [](Program& p) { p.queues.pop_back(); }, "expected one queue a stage"},
    // Transfers.
    {"a send removed", [](Program& p) { code(p, 0, kForward).pop_back(); },
     "(receive t0) waits forever in F0 (queue position 0): stage 0 never gets to send it"},
    {"a receive removed",
     [](Program& p) { code(p, 0, kBackward).erase(code(p, 0, kBackward).begin()); },
     "transfer t1: microbatch 0 is sent but never received"},
    {"a send doubled",
     [](Program& p) { code(p, 0, kForward).push_back(code(p, 0, kForward).back()); },
     "sends microbatch 0 twice"},
    {"a tile beyond the buffer", [](Program& p) { p.transfers[0].tiles[0].toOffsets[1] = 5; },
     "leaves a buffer"},
    {"a tile of another place",
     [](Program& p) { std::swap(p.transfers[0].tiles[0].from, p.transfers[0].tiles[1].from); },
     "is another part of the tensor there"},
    {"a tile missing", [](Program& p) { p.transfers[1].tiles.pop_back(); },
     "transfer t1 from stage 1 to stage 0: receiving device 1 gets 8 of 16 elements"},
    {"a tile twice", [](Program& p) { p.transfers[1].tiles.push_back(p.transfers[1].tiles[0]); },
     "two tiles overlap"},
    {"another dtype at the receiver",
     [](Program& p) { named(p, 1, "y.received").type.dtype = DType::kS32; }, "the result is"},
    {"once per step instead of per microbatch",
     [](Program& p) { p.transfers[0].oncePerStep = true; },
     "a transfer once per step, once per microbatch"},
    {"a transfer of a partial value",
     [](Program& p) {
         Buffer& y = named(p, 0, "y.sent");
         y.spec = parseSpec("{-, -} partial x").value();
         y.type.dims = {4, 8};
         y.slotBytes = 128;
         y.offset = p.stages[0].arenaBytes;
         p.stages[0].arenaBytes += 128;
         code(p, 0, kForward)[1].opKind = OpKind::kReshape;
         code(p, 0, kForward)[1].attributes = {};
         code(p, 0, kForward)[1].offsets = {};
     },
     "a partial value cannot be sent"},
    {"a send by the wrong stage",
     [](Program& p) { std::swap(p.transfers[0].fromStage, p.transfers[0].toStage); },
     "belongs to stage 1"},
    // Memory.
    {"two temporaries overlap while both live",
     [](Program& p) { named(p, 1, "dw2").offset = named(p, 1, "one").offset; },
     "where one still lives"},
    {"a temporary on a parameter",
     [](Program& p) { named(p, 0, "dw1").offset = named(p, 0, "w1").offset; },
     "overlaps w1 in the arena"},
    {"an accumulator on an activation",
     [](Program& p) { named(p, 1, "dw2.sum").offset = named(p, 1, "y.whole0").offset; },
     "in the arena"},
    {"beyond the arena",
     [](Program& p) { named(p, 0, "dw1.sum").offset = p.stages[0].arenaBytes - 64; },
     "leave the arena"},
    {"unaligned", [](Program& p) { named(p, 0, "dw1").offset += 2; },
     "is not aligned to its elements"},
    {"a slot too few", [](Program& p) { named(p, 0, "x").slots = 1; },
     "takes the slot of microbatch 0, which is still in flight"},
    {"a slot too few for an activation",
     [](Program& p) {
         p.queues[0] = {{kForward, 0},  {kForward, 1},  {kForward, 2},
                        {kBackward, 0}, {kBackward, 1}, {kForward, 3},
                        {kBackward, 2}, {kBackward, 3}, {kUpdate, 0}};
     },
     "takes the slot of microbatch 0, which is still in flight"},
    {"slots smaller than the tensor", [](Program& p) { named(p, 0, "x").slotBytes = 64; },
     "2 slots of 64 bytes for f32[4,8]"},
    {"an activation that nobody writes",
     [](Program& p) { code(p, 1, kForward).erase(code(p, 1, kForward).begin() + 1); },
     "y.whole0 is read before anything writes it for this microbatch"},
    {"an activation read once per step",
     [](Program& p) { code(p, 1, kUpdate).push_back(code(p, 1, kForward)[1]); },
     "stage 1, update instruction 1 (all-gather y.whole0), in update: y.received is read before "
     "anything writes it"},
    {"a read before the write",
     [](Program& p) { std::swap(code(p, 1, kBackward)[0], code(p, 1, kBackward)[1]); },
     "reads temporary one before anything writes it"},
    {"a dot in place",
     [](Program& p) {
         code(p, 0, kForward)[0].outputs[0] = idOf(p, 0, "y");
         named(p, 0, "y").offset = named(p, 0, "w1").offset;
     },
     "overlaps"},
    {"a batch input written",
     [](Program& p) { code(p, 0, kForward)[0].outputs[0] = idOf(p, 0, "x"); },
     "writes batch input x"},
    // Shapes and specs.
    {"a wrong result shape",
     [](Program& p) {
         named(p, 1, "z").type.dims = {4, 2};
         named(p, 1, "z").globalDims = {4, 2};
     },
     "stage 1, forward instruction 2 (dot z): the result is f32[4,4], but its buffer f32[4,2]"},
    {"a wrong local shape",
     [](Program& p) {
         named(p, 0, "y.sent").type.dims = {4, 8};
     },
     "stage 0, buffer y.sent: local type f32[4,8] is not [4,8] under {-, x}"},
    {"a wrong result dtype", [](Program& p) { named(p, 1, "loss").type.dtype = DType::kBF16; },
     "but its buffer bf16[]"},
    {"a gather along the wrong dimension", [](Program& p) { code(p, 1, kForward)[1].dim = 1; },
     "(all-gather y.whole0)"},
    {"a gather where the spec stays",
     [](Program& p) { named(p, 1, "y.whole0").spec = parseSpec("{-, -} partial x").value(); },
     "over x, {x, -} does not become {-, -} partial x"},
    {"a collective over an axis that is not there",
     [](Program& p) { code(p, 1, kForward)[1].axes = 2; }, "over an axis that the mesh lacks"},
    {"another collective of the same shape",
     [](Program& p) { code(p, 1, kForward)[1].collective = CollectiveKind::kAllReduce; },
     "the result is"},
    {"a slice that leaves the tensor on the last device",
     [](Program& p) { code(p, 0, kForward)[1].offsets[0].stride = 5; },
     "the last device's slice of dimension 1 ends at 9, but the size is 8"},
    {"other contracting dimensions",
     [](Program& p) {
         std::get<DotAttributes>(code(p, 0, kForward)[0].attributes).rhsContracting = {};
     },
     "(dot y)"},
    {"an unknown op", [](Program& p) { code(p, 0, kUpdate)[0].opKind = OpKind::kOpaque; },
     "opaque ops cannot be executed"},
    {"a buffer id out of range",
     [](Program& p) { code(p, 0, kUpdate)[0].inputs[0] = BufferId(999); },
     "a buffer id is out of range"},
    {"a transfer id out of range",
     [](Program& p) { code(p, 0, kForward).back().transfer = TransferId(7); },
     "a transfer id is out of range"},
    {"a mesh that does not add up", [](Program& p) { p.stages[0].mesh.axes[0].size = 3; },
     "mesh axes multiply to 3, but there are 2 devices"},
    {"a loss that is not a scalar", [](Program& p) { p.stages[1].loss = idOf(p, 1, "z"); },
     "expected a replicated floating scalar"},
};

TEST(VerifyProgram, AcceptsSoundPrograms)
{
    for (const int microbatches : {1, 2, 3, 8}) {
        for (const char* const spec : {"{-, -}", "{x, -}", "{-, x}"}) {
            const Program program = pipelineProgram({.microbatches = microbatches,
                                                     .firstMesh = {2},
                                                     .secondMesh = {4},
                                                     .sentSpec = spec,
                                                     .receivedSpec = "{x, -}"});
            for (const Diagnostic& diagnostic : verifyProgram(program))
                ADD_FAILURE() << diagnostic.message;
        }
    }
}

TEST(VerifyProgram, CatchesEveryMutation)
{
    for (const Mutation& mutation : kMutations) {
        Program program = soundProgram();
        mutation.mutate(program);
        const std::vector<Diagnostic> found = verifyProgram(program);
        ASSERT_FALSE(found.empty()) << "not caught: " << mutation.name;
        std::string all;
        for (const Diagnostic& diagnostic : found)
            all += diagnostic.message + "\n";
        EXPECT_NE(all.find(mutation.expected), std::string::npos) << mutation.name << " expects\n"
                                                                  << mutation.expected << "\ngot\n"
                                                                  << all;
    }
}

/// 30,000 instructions on each of two stages and 1,024 microbatches, each with its own activations.
TEST(VerifyProgram, IsFastForLargePrograms)
{
    Program program = pipelineProgram({.microbatches = 1024});
    for (int stage = 0; stage < 2; ++stage) {
        StageProgram& target = program.stages[static_cast<size_t>(stage)];
        const TensorType type{DType::kF32, {16}};
        for (int i = 0; i < 10000; ++i) {
            Buffer buffer;
            buffer.name = "a" + std::to_string(i);
            buffer.type = type;
            buffer.globalDims = type.dims;
            buffer.spec = ShardingSpec::replicated(1);
            buffer.kind = i % 5 == 0 ? BufferKind::kActivation : BufferKind::kTemporary;
            buffer.offset = target.arenaBytes;
            buffer.slotBytes = 64;
            buffer.slots = buffer.kind == BufferKind::kActivation ? 2 : 1;
            target.arenaBytes += buffer.slotBytes * buffer.slots;
            target.buffers.push_back(buffer);
        }
        const size_t first = target.buffers.size() - 10000;
        for (const SegmentKind segment : {kForward, kBackward}) {
            for (size_t i = 0; i < 15000; ++i) {
                Instruction add;
                add.opKind = i % 10000 == 0 ? OpKind::kConstant : OpKind::kNegate;
                if (add.opKind == OpKind::kConstant)
                    add.attributes = ConstantAttributes{{1.0}};
                else
                    add.inputs = {BufferId(first + (i + 9999) % 10000)};
                add.outputs = {BufferId(first + i % 10000)};
                code(program, stage, segment).push_back(add);
            }
        }
    }
    const auto start = std::chrono::steady_clock::now();
    for (const Diagnostic& diagnostic : verifyProgram(program))
        ADD_FAILURE() << diagnostic.message;
    EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 3.0);
}

} // namespace
} // namespace alpa
