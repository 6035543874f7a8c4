"""Runs an exported pipeline schedule with torch.distributed.pipelining on gloo processes, a Linear a stage, and compares
loss and gradients with the stages in a row."""
import csv
import re

import torch
import torch.distributed as dist
from torch.distributed.pipelining import PipelineStage
from torch.distributed.pipelining.schedules import _PipelineScheduleRuntime

from serve import Ranks, serve


def layers(count):
    torch.manual_seed(0)
    return [torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh()) for _ in range(count)]


def work(rank, count, case):
    path, stages_of, microbatches = case["path"], case["stages_of"], case["microbatches"]
    stage_count = sum(len(s) for s in stages_of)
    own, whole = layers(stage_count), layers(stage_count)
    stages = [PipelineStage(own[s], s, stage_count, torch.device("cpu")) for s in stages_of[rank]]
    loss_of = lambda y, t: (y - t).square().mean()
    schedule = _PipelineScheduleRuntime(stages, microbatches, loss_fn=loss_of, scale_grads=True)
    schedule._load_csv(path)
    torch.manual_seed(1)
    x, t = torch.randn(4 * microbatches, 8), torch.randn(4 * microbatches, 8)
    losses = []
    is_last = stage_count - 1 in stages_of[rank]
    arguments = (x,) if 0 in stages_of[rank] else ()
    schedule.step(*arguments, **(dict(target=t, losses=losses) if is_last else {}))
    y = x
    for layer in whole:
        y = layer(y)
    loss = loss_of(y, t)
    loss.backward()
    for s in stages_of[rank]:
        for a, b in zip(own[s].parameters(), whole[s].parameters()):
            torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-6)
    if is_last:
        assert abs(sum(float(l) for l in losses) / microbatches - float(loss)) < 1e-5
    dist.barrier()


pools = {}


def judge(case):
    with open(case["path"]) as file:
        cells = [[re.match(r"(\d+)([FBIW])(\d+)", c).groups() for c in row] for row in csv.reader(file)]
    case["stages_of"] = [sorted({int(c[0]) for c in row}) for row in cells]
    case["microbatches"] = 1 + max(int(c[2]) for row in cells for c in row)
    ranks = len(cells)
    pools.setdefault(ranks, Ranks(ranks, work)).ask(case)
    return (f"ok: torch runs it on {ranks} ranks, {case['microbatches']} microbatches, loss and gradients as without "
            "stages")


if __name__ == "__main__":
    serve(judge)
