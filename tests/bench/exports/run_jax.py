"""An exported JAX file trains for three steps on four forced CPU devices and on one device, and for one step more from
the start, whose parameters and moments must be those of Adam on the model's own gradients."""
import os
import runpy

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
from adam_check import check_step, read_safetensors
from jax.sharding import NamedSharding
from serve import near, serve


def check_one_step(trainer, module, parameters, batch, case):
    p = trainer.place_all(parameters, module["PARAMETERS"])
    states = trainer.place_all(module["initial_states"](parameters), module["STATES"])
    _, p, states = trainer.step(p, states, batch, 0)
    for name, (_, _, stage, spec) in module["PARAMETERS"].items():
        assert p[name].sharding.is_equivalent_to(NamedSharding(trainer.meshes[stage], spec), p[name].ndim), name
    moments = {n: states[n + ".m"] for n in p}
    return check_step(p, moments, read_safetensors(case["inputs"]), 10 * case["tolerance"])


def judge(case):
    module = runpy.run_path(case["path"])
    parameters, batch = module["inputs_from"](case["inputs"])
    losses = {}
    for is_sharded in (True, False):
        trainer = module["Trainer"](is_sharded=is_sharded)
        losses[is_sharded] = module["train"](trainer, parameters, batch, 3)
        if is_sharded:
            checked = check_one_step(trainer, module, parameters, batch, case)
    if not near(losses[True], losses[False], case["tolerance"]):
        return f"losses {losses[True]} differ from one device's {losses[False]}"
    if not near(losses[True], case["losses"], case["tolerance"]):
        return f"losses {losses[True]} differ from the model's own {case['losses'][:3]}"
    return ("ok: 3 losses as on one device and as the model's own, e.g. %.6g; %d tensors updated as by its gradients" %
            (losses[True][-1], checked))


if __name__ == "__main__":
    serve(judge)
