"""Compiles an exported StableHLO module with XLA for four CPU devices, feeds it the inputs of a safetensors file
(param:NAME, batch:NAME; states are zero) for one step, prints the loss and compares what the step updates with Adam on
the model's own gradients.

    python run_stablehlo.py MODULE.mlir INPUTS.safetensors TOLERANCE"""
import json
import os
import re
import sys

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

DTYPES = {"f32": np.float32, "f64": np.float64, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "i32": np.int32,
          "i64": np.int64, "i1": np.bool_, "ui32": np.uint32}


text = open(sys.argv[1]).read()
header = text[text.index("@main("):text.index("-> (")]
arguments = re.findall(r"%arg\d+: tensor<([^>]*)>.*?loc\(\"([^\"]*)\"\)", header)
given = read_safetensors(sys.argv[2])
inputs = []
for kind, path in arguments:
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
    inputs.append(np.asarray(value).astype(DTYPES[dtype]))

options = xc.CompileOptions()
options.num_partitions = 4
options.num_replicas = 1
build = options.executable_build_options
build.num_partitions = 4
build.use_spmd_partitioning = True
build.use_shardy_partitioner = "sdy.mesh" in text
devices = jax.devices()
build.device_assignment = xc.DeviceAssignment.create(np.arange(4).reshape(1, 4))
with mlir.make_ir_context() as context:
    serialized = mlir.module_to_bytecode(ir.Module.parse(text))
executable = devices[0].client.compile_and_load(serialized, xc.DeviceList(tuple(devices)), options)
protos = executable.get_parameter_shardings()
arrays = [jax.device_put(x, GSPMDSharding(tuple(devices), proto)) for x, proto in zip(inputs, protos)]
results = executable.execute_sharded(arrays)
shardings = [GSPMDSharding(tuple(devices), proto) for proto in executable.get_output_shardings()]
parts = results.disassemble_into_single_device_arrays()


def whole(index, shape):
    """A result from the pieces of its devices."""
    value = np.zeros(shape, np.float64)
    indices = shardings[index].devices_indices_map(tuple(shape))
    for piece in parts[index]:
        value[indices[next(iter(piece.devices()))]] = np.asarray(piece)
    return value


def plan_name(path):
    root, names = path.split("[")[0], re.findall(r"'([^']*)'", path)
    return root, names[0] + (f"[{names[1]}]" if len(names) > 1 and ":" in names[1] else "") + (
        "." + names[-1] if len(names) > 2 or len(names) == 2 and ":" not in names[1] else "")


header = text[text.index("-> ("):]
header = header[:header.index("\n")]
outputs = re.findall(r"tensor<([^>]*)>(?: \{(?:jax\.result_info = \"([^\"]*)\")?)?", header)
updated, moments = {}, {}
for index, (kind, path) in enumerate(outputs):
    if not path:
        continue
    root, name = plan_name(path)
    shape = [int(s) for s in kind.split("x")[:-1]]
    if root == "params":
        updated[name] = whole(index, shape)
    elif name.endswith((".m", ".mu")):  # Ours, or optax's of a file with a whole step.
        moments[name.rpartition(".")[0]] = whole(index, shape)
checked = check_step(updated, moments, given, float(sys.argv[3]))
print(json.dumps({"losses": [float(np.asarray(parts[0][0]))], "checked": checked}))
