"""Runs an exported pipeline schedule with torch.distributed.pipelining on gloo processes, a Linear a stage, and compares
loss and gradients with the stages in a row.

    python run_pipeline.py SCHEDULE.csv"""
import csv
import os
import re
import socket
import sys

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.pipelining import PipelineStage
from torch.distributed.pipelining.schedules import _PipelineScheduleRuntime


def layers(count):
    torch.manual_seed(0)
    return [torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh()) for _ in range(count)]


def work(rank, path, port, ranks, stages_of, microbatches, queue):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=ranks)
    count = sum(len(s) for s in stages_of)
    own, whole = layers(count), layers(count)
    stages = [PipelineStage(own[s], s, count, torch.device("cpu")) for s in stages_of[rank]]
    loss_of = lambda y, t: (y - t).square().mean()
    schedule = _PipelineScheduleRuntime(stages, microbatches, loss_fn=loss_of, scale_grads=True)
    schedule._load_csv(path)
    torch.manual_seed(1)
    x, t = torch.randn(4 * microbatches, 8), torch.randn(4 * microbatches, 8)
    losses = []
    is_first, is_last = 0 in stages_of[rank], count - 1 in stages_of[rank]
    arguments = (x,) if is_first else ()
    options = dict(target=t, losses=losses) if is_last else {}
    schedule.step(*arguments, **options)
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
        queue.put(f"torch runs it on {ranks} ranks, {microbatches} microbatches, loss and gradients as without stages")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    rows = [row for row in csv.reader(open(sys.argv[1]))]
    cells = [[re.match(r"(\d+)([FBIW])(\d+)", c).groups() for c in row] for row in rows]
    stages_of = [sorted({int(c[0]) for c in row}) for row in cells]
    microbatches = 1 + max(int(c[2]) for row in cells for c in row)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    queue = mp.get_context("spawn").SimpleQueue()
    mp.spawn(work, (sys.argv[1], port, len(rows), stages_of, microbatches, queue), nprocs=len(rows))
    print(queue.get())
