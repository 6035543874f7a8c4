"""Judges an exported PyTorch plan on four gloo processes: every stored tensor, distributed as the file says, has the
local part that its placements mean and comes back whole; the styles split a model of Linears and Embeddings with the
plan's names, whose outputs stay those of the whole model; and, of plans without stages, the plan on the model itself
(torch_models.py) trains with the losses of JAX."""
import runpy

import torch
import torch.distributed as dist
from torch.distributed.tensor import DTensor

from adam_check import read_safetensors
from serve import Ranks, serve
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


def check_tables(plan, mesh):
    """Every stored tensor has the local part that its placements mean, and comes back whole."""
    counted = 0
    for table in (plan["PARAMETERS"], plan["STATES"]):
        whole = {n: torch.randn(shape) for n, (shape, _) in table.items()}
        for name, value in plan["distribute"](whole, table, mesh).items():
            pieces = 1
            for size, placement in zip(mesh.shape, table[name][1]):
                pieces *= size if placement.is_shard() else 1
            assert value.to_local().numel() * pieces == whole[name].numel(), name
            assert torch.equal(value.full_tensor(), whole[name]), name
            counted += 1
    return counted


def part_along(value, placement, mesh):
    """This rank's part of `value` where `placement` splits it."""
    if placement is None or not placement.is_shard():
        return value
    dim = placement.dim if placement.dim >= 0 else value.dim() + placement.dim
    return value.chunk(mesh.size(), dim)[mesh.get_local_rank()]


def check_style(plan, mesh, name, style, kernel):
    """The style splits a Linear or an Embedding with the module's sizes, whose output stays that of the whole."""
    is_table = type(style).__name__ == "RowwiseParallel" and "embed" in name or name == "wte"
    layer = torch.nn.Embedding(*kernel) if is_table else torch.nn.Linear(*kernel, bias=False)
    x = torch.arange(8).reshape(2, 4) % kernel[0] if is_table else torch.randn(2, 4, kernel[0])
    expected = layer(x)
    takes = getattr(style, "input_layouts", None)
    given = part_along(x, takes[0], mesh) if takes else x
    plan["parallelize_module"](layer, mesh, style)
    got = layer(given)
    gives = style.output_layouts[0]
    got = got.full_tensor() if hasattr(got, "full_tensor") and not gives.is_shard() else got
    got = got.to_local() if hasattr(got, "to_local") else got
    torch.testing.assert_close(got, part_along(expected, gives, mesh), rtol=1e-4, atol=1e-5)


def work(rank, count, case):
    plan = runpy.run_path(case["path"])
    mesh = plan["make_mesh"]("cpu")
    inner = mesh["dp", "tp"] if len(plan["MESH_SHAPE"]) == 3 else mesh
    torch.manual_seed(0)
    counted, split = check_tables(plan, inner), 0
    for name, style in plan["MODULES"].items() if plan["MESH_SHAPE"][-1] > 1 else ():
        kernel = next((s for n, (s, _) in plan["PARAMETERS"].items()
                       if n.split("[")[0].rsplit(".", 1)[0] == name and len(s) == 2), None)
        if kernel is not None and "Parallel" in type(style).__name__ and "Sequence" not in type(style).__name__:
            check_style(plan, inner["tp"], name, style, kernel)
            split += 1
    verdict = f"ok: {counted} tensors distributed and whole again, {split} modules give what they gave whole"
    if case["model"] in torch_models.MODELS and len(plan["MESH_SHAPE"]) == 2:
        verdict += ", " + train(plan, mesh, case["model"], case["inputs"], case["losses"])
    dist.barrier()
    return verdict


if __name__ == "__main__":
    ranks = Ranks(4, work)
    serve(lambda case: ranks.ask(case)[0])
