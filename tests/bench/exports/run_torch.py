"""Judges an exported PyTorch plan on four gloo processes: every stored tensor, distributed as the file says, has the
local part that its placements mean and comes back whole; the styles split a model of Linears and Embeddings with the
plan's names, whose outputs stay those of the whole model; and, of plans without stages, the plan on the model itself
(torch_models.py) trains with the losses of JAX.

    python run_torch.py EXPORT.py [MODEL REFERENCE.safetensors LOSSES.json]"""
import json
import os
import runpy
import socket
import sys

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.distributed.tensor import DTensor

from adam_check import read_safetensors
import torch_models


def train(plan, mesh, name, reference, expected):
    """Three steps of Adam under the plan; the losses are those of JAX on one device."""
    reference = read_safetensors(reference)
    model = torch_models.load(name, reference, plan["PACKED"], plan["pack"])
    model.tensor_mesh = mesh["tp"]
    model = plan["apply"](model, mesh)
    optimizer = plan["make_optimizer"](model, lr=1e-3)
    ids, labels = (torch.tensor(reference["batch:" + n]).long() for n in ("ids", "labels"))
    data, count = mesh["dp"], plan["MICROBATCHES"]
    losses = []
    for _ in range(3):
        total = 0.0
        for x, y in zip(ids.chunk(count), labels.chunk(count)):
            x, y = (z.chunk(data.size())[data.get_local_rank()] for z in (x, y))
            logits = model(x)
            if isinstance(logits, DTensor):
                logits = logits.full_tensor()
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten()) / count
            loss.backward()
            total += loss.detach()
        optimizer.step()
        optimizer.zero_grad()
        dist.all_reduce(total)
        losses.append(float(total) / dist.get_world_size())
    for got, wanted in zip(losses, expected):
        assert abs(got - wanted) < 2e-4 * wanted, f"losses {losses} differ from JAX's {expected[:3]}"
    return f"trains with JAX's losses, e.g. {losses[-1]:.6g}"


def work(rank, path, port, queue, model=None, reference=None, wanted=None):
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK=str(rank), WORLD_SIZE="4", LOCAL_RANK=str(rank))
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=4)
    plan = runpy.run_path(path)
    mesh = plan["make_mesh"]("cpu")
    inner = mesh["dp", "tp"] if len(plan["MESH_SHAPE"]) == 3 else mesh
    torch.manual_seed(0)
    counted = 0
    for table in (plan["PARAMETERS"], plan["STATES"]):
        whole = {n: torch.randn(shape) for n, (shape, _) in table.items()}
        for name, value in plan["distribute"](whole, table, inner).items():
            pieces = 1
            for size, placement in zip(inner.shape, table[name][1]):
                pieces *= size if placement.is_shard() else 1
            assert value.to_local().numel() * pieces == whole[name].numel(), name
            assert torch.equal(value.full_tensor(), whole[name]), name
            counted += 1
    split = 0
    if plan["MESH_SHAPE"][-1] > 1:
        for name, style in plan["MODULES"].items():
            kernel = next((s for n, (s, _) in plan["PARAMETERS"].items()
                           if n.split("[")[0].rsplit(".", 1)[0] == name and len(s) == 2), None)
            if kernel is None or "Parallel" not in type(style).__name__ or "Sequence" in type(style).__name__:
                continue
            is_table = type(style).__name__ == "RowwiseParallel" and "embed" in name or name == "wte"
            layer = (torch.nn.Embedding(*kernel) if is_table else torch.nn.Linear(*kernel, bias=False))
            root = torch.nn.Module()
            at = root
            for part in name.split(".")[:-1]:
                at.add_module(part, torch.nn.Module())
                at = getattr(at, part)
            at.add_module(name.split(".")[-1], layer)
            x = torch.arange(8).reshape(2, 4) % kernel[0] if is_table else torch.randn(2, 4, kernel[0])
            expected = layer(x)
            size, coordinate = inner["tp"].size(), inner["tp"].get_local_rank()
            takes = getattr(style, "input_layouts", None)
            takes = takes[0] if takes else None
            given = x
            if takes is not None and takes.is_shard():
                given = x.chunk(size, takes.dim if takes.dim >= 0 else x.dim() + takes.dim)[coordinate]
            plan["parallelize_module"](layer, inner["tp"], style)
            got = layer(given)
            gives = style.output_layouts[0]
            if gives.is_shard():
                dim = gives.dim if gives.dim >= 0 else expected.dim() + gives.dim
                expected = expected.chunk(size, dim)[coordinate]
            got = got.full_tensor() if hasattr(got, "full_tensor") and not gives.is_shard() else got
            got = got.to_local() if hasattr(got, "to_local") else got
            torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)
            split += 1
    verdict = f"{counted} tensors distributed and whole again, {split} modules give what they gave whole"
    if model in torch_models.MODELS and len(plan["MESH_SHAPE"]) == 2:
        verdict += ", " + train(plan, mesh, model, reference, wanted)
    if rank == 0:
        queue.put(verdict)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    queue = mp.get_context("spawn").SimpleQueue()
    more = sys.argv[2:5]
    if more:
        more[2] = json.load(open(more[2]))["adam_1e-3_losses"]
    mp.spawn(work, (sys.argv[1], port, queue, *more), nprocs=4)
    print(queue.get())
