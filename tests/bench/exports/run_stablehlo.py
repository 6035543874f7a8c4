"""XLA compiles an exported StableHLO module for four CPU devices and runs one step of it on the inputs of a safetensors
file (param:NAME, batch:NAME; states are zero): the loss is the model's own, and what the step updates is what Adam makes
of its gradients."""
import os
import re

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
import jax
import ml_dtypes
import numpy as np
from jax._src.interpreters import mlir
from jax._src.lib import xla_client as xc
from jax._src.lib.mlir import ir
from jax._src.sharding_impls import GSPMDSharding

from adam_check import check_step, read_safetensors
from serve import near, serve

DTYPES = {"f32": np.float32, "f64": np.float64, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "i32": np.int32,
          "i64": np.int64, "i1": np.bool_, "ui32": np.uint32}


def arrays_of(text, given):
    """The arguments of the module's main function, by the names in its locations."""
    header = text[text.index("@main("):text.index("-> (")]
    arrays = []
    for kind, path in re.findall(r"%arg\d+: tensor<([^>]*)>.*?loc\(\"([^\"]*)\"\)", header):
        *sizes, dtype = kind.split("x")
        shape = tuple(int(s) for s in sizes)
        root, parts = path.split("[")[0], re.findall(r"'([^']*)'", path)
        if root == "opt_state":
            value = np.full(shape, 1e-3 if parts[0] == "learning_rate" else 0)
        else:
            whole = given[("param:" if root == "params" else "batch:") + parts[0]]
            if len(parts) > 1:  # A part of a fused projection, along its last dimension.
                begin, end = (int(n) for n in parts[1].split(":"))
                whole = whole[..., begin:end]
            value = whole.reshape(shape)
        arrays.append(np.asarray(value).astype(DTYPES[dtype]))
    return arrays


def compile_module(text, devices):
    options = xc.CompileOptions()
    options.num_partitions = 4
    options.num_replicas = 1
    build = options.executable_build_options
    build.num_partitions = 4
    build.use_spmd_partitioning = True
    build.use_shardy_partitioner = "sdy.mesh" in text
    build.device_assignment = xc.DeviceAssignment.create(np.arange(4).reshape(1, 4))
    with mlir.make_ir_context():
        serialized = mlir.module_to_bytecode(ir.Module.parse(text))
    return devices[0].client.compile_and_load(serialized, xc.DeviceList(devices), options)


def run(text, given):
    """Every result of one step, whole."""
    devices = tuple(jax.devices())
    executable = compile_module(text, devices)
    protos = executable.get_parameter_shardings()
    arrays = [jax.device_put(x, GSPMDSharding(devices, proto)) for x, proto in zip(arrays_of(text, given), protos)]
    parts = executable.execute_sharded(arrays).disassemble_into_single_device_arrays()
    shardings = [GSPMDSharding(devices, proto) for proto in executable.get_output_shardings()]
    header = text[text.index("-> ("):]
    results = []
    for index, (kind, path) in enumerate(re.findall(RESULT, header[:header.index("\n")])):
        shape = tuple(int(s) for s in kind.split("x")[:-1])
        value = np.zeros(shape, np.float64)
        indices = shardings[index].devices_indices_map(shape)
        for piece in parts[index]:
            value[indices[next(iter(piece.devices()))]] = np.asarray(piece)
        results.append((path, value))
    return results


RESULT = r"tensor<([^>]*)>(?: \{(?:jax\.result_info = \"([^\"]*)\")?)?"


def plan_name(path):
    root, names = path.split("[")[0], re.findall(r"'([^']*)'", path)
    return root, names[0] + (f"[{names[1]}]" if len(names) > 1 and ":" in names[1] else "") + (
        "." + names[-1] if len(names) > 2 or len(names) == 2 and ":" not in names[1] else "")


def judge(case):
    given = read_safetensors(case["inputs"])
    results = run(open(case["path"]).read(), given)
    updated, moments = {}, {}
    for path, value in results:
        if not path:
            continue
        root, name = plan_name(path)
        if root == "params":
            updated[name] = value
        elif name.endswith((".m", ".mu")):  # Ours, or optax's of a file with a whole step.
            moments[name.rpartition(".")[0]] = value
    checked = check_step(updated, moments, given, 10 * case["tolerance"])
    # The first scalar that is no state, such as the count of steps.
    loss = next(float(value) for path, value in results if value.ndim == 0 and not path.startswith("opt_state"))
    if not near([loss], case["losses"], case["tolerance"]):
        return f"loss {loss} differs from the model's own {case['losses'][0]}"
    return f"ok: XLA compiles it, the loss is the model's own, {checked} tensors updated as by its gradients"


if __name__ == "__main__":
    serve(judge)
