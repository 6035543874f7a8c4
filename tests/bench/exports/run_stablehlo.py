"""Compiles an exported StableHLO module with XLA for four CPU devices, feeds it the inputs of a safetensors file
(param:NAME, batch:NAME; states are zero) for two steps and prints the losses.

    python run_stablehlo.py MODULE.mlir INPUTS.safetensors"""
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

DTYPES = {"f32": np.float32, "f64": np.float64, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "i32": np.int32,
          "i64": np.int64, "i1": np.bool_, "ui32": np.uint32}


def read_safetensors(path):
    data = open(path, "rb").read()
    size = int.from_bytes(data[:8], "little")
    names = {"F32": np.float32, "BF16": ml_dtypes.bfloat16, "F16": np.float16, "I32": np.int32, "I64": np.int64}
    return {name: np.frombuffer(data[8 + size + e["data_offsets"][0]:8 + size + e["data_offsets"][1]],
                                names[e["dtype"]]).reshape(e["shape"])
            for name, e in json.loads(data[8:8 + size]).items() if name != "__metadata__"}


text = open(sys.argv[1]).read()
header = text[text.index("@main("):text.index("-> (")]
arguments = re.findall(r"%arg\d+: tensor<([^>]*)>.*?loc\(\"([^\"]*)\"\)", header)
given = read_safetensors(sys.argv[2])
inputs = []
for kind, path in arguments:
    *sizes, dtype = kind.split("x")
    shape = tuple(int(s) for s in sizes)
    root, *parts = re.findall(r"^[a-z_]+|'([^']*)'", path), *re.findall(r"'([^']*)'", path)
    root = path.split("[")[0]
    if root == "opt_state":
        value = np.full(shape, 1e-3 if parts[0] == "learning_rate" else 0)
        if parts[-1].endswith("master"):
            raise SystemExit("master weights are not fed")
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
build.allow_spmd_sharding_propagation_to_output = [True]
client = jax.devices()[0].client
devices = jax.devices()
build.device_assignment = xc.DeviceAssignment.create(np.arange(4).reshape(1, 4))
with mlir.make_ir_context() as context:
    module = ir.Module.parse(text)
    serialized = mlir.module_to_bytecode(module)
executable = client.compile_and_load(serialized, tuple(devices), options)
results = len(re.findall(r"tensor<", text[text.index("-> ("):text.index("{\n", text.index("-> ("))]))


def shardings(protos):
    return [jax.sharding.GSPMDSharding(devices, proto) for proto in protos]


in_shardings = shardings(executable.get_parameter_shardings())
out_shardings = shardings(executable.get_output_shardings())
outputs_of = re.findall(r"%arg(\d+)", "")
losses = []
states = list(inputs)
names = [path for _, path in arguments]
for step in range(2):
    arrays = [jax.device_put(x, s) for x, s in zip(states, in_shardings)]
    out = executable.execute_sharded(arrays)
    shards = out.consume_with_handlers([lambda x: x] * len(out_shardings))
    values = []
    for pieces, sharding in zip(shards, out_shardings):
        pieces = pieces if isinstance(pieces, (list, tuple)) else [pieces]
        shape = sharding_shape = None
        first = pieces[0]
        # The whole array's shape: the local one times the tiles.
        tiles = xc.HloSharding.from_proto(sharding._hlo_sharding.to_proto()).tile_assignment_dimensions() \
            if not sharding._hlo_sharding.is_replicated() else []
        local = first.shape
        shape = tuple(n * (tiles[i] if i < len(tiles) else 1) for i, n in enumerate(local))
        values.append(jax.make_array_from_single_device_arrays(shape, sharding, list(pieces)))
    losses.append(float(np.asarray(values[0])))
    # Updated values take the place of their inputs, in the order of OUTPUTS.
    order = [int(n) for n in re.findall(r"// updates: (.*)", text)[0].split()] if "// updates: " in text else []
    for position, target in enumerate(order):
        if target >= 0:
            states[target] = np.asarray(values[position])
print(json.dumps({"losses": losses}))
