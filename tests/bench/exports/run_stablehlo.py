"""Compiles an exported StableHLO module with XLA for four CPU devices, feeds it the inputs of a safetensors file
(param:NAME, batch:NAME; states are zero) for one step and prints the loss.

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
from jax._src.sharding_impls import GSPMDSharding

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
out = executable.execute_sharded(arrays).disassemble_into_single_device_arrays()
print(json.dumps({"losses": [float(np.asarray(out[0][0]))]}))
