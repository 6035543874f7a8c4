"""Trains an exported JAX file for three steps on four forced CPU devices, and one step more from the start whose
parameters and moments must be those of Adam on the model's own gradients; prints losses and what agrees.

    python run_jax.py EXPORT.py INPUTS.safetensors TOLERANCE"""
import json
import os
import runpy
import sys

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
from adam_check import check_step, read_safetensors

sys.argv, (path, inputs, tolerance) = sys.argv[:1], sys.argv[1:]
module = runpy.run_path(path)
parameters, batch = module["inputs_from"](inputs)
losses = {}
for is_sharded in (True, False):
    trainer = module["Trainer"](is_sharded=is_sharded)
    losses[is_sharded] = module["train"](trainer, parameters, batch, 3)
    if is_sharded:
        p = trainer.place_all(parameters, module["PARAMETERS"])
        states = trainer.place_all(module["initial_states"](parameters), module["STATES"])
        _, p, states = trainer.step(p, states, batch, 0)
        for name, (_, _, stage, spec) in module["PARAMETERS"].items():
            mesh = trainer.meshes[stage]
            from jax.sharding import NamedSharding
            assert p[name].sharding.is_equivalent_to(NamedSharding(mesh, spec), p[name].ndim), name
        moments = {n: states[n + ".m"] for n in p}
        checked = check_step(p, moments, read_safetensors(inputs), float(tolerance))
print(json.dumps({"losses": losses[True], "single": losses[False], "checked": checked}))
