#include "core/export/jax_runtime.h"

namespace alpa
{

std::string_view jaxRuntimeText()
{
    return R"PY(

class Trainer:
    """The plan on `devices` (its device numbers index them), or everything on one device."""

    def __init__(self, devices=None, is_sharded=True):
        devices = jax.devices() if devices is None else devices
        self.is_sharded = is_sharded
        self.meshes = []
        if is_sharded:
            if len(devices) < DEVICES:
                raise SystemExit(f"the plan is for {DEVICES} devices, there are {len(devices)}")
            for shape, axes, numbers in MESHES:
                array = np.array([devices[n] for n in numbers]).reshape(shape)
                self.meshes.append(Mesh(array, axes, axis_types=(AxisType.Auto,) * len(axes)))
        self.whole_step = jax.jit(self._whole_step, donate_argnums=(0, 1))
        self.forward = [jax.jit(partial(self._forward, k)) for k in range(len(STAGES))]
        self.backward = [jax.jit(partial(self._backward, k)) for k in range(len(STAGES))]
        self.update = [jax.jit(partial(self._update, k)) for k in range(len(STAGES))]

    def constraint(self, stage):
        if not self.is_sharded:
            return lambda x, spec: x
        mesh = self.meshes[stage]
        return lambda x, spec: lax.with_sharding_constraint(x, NamedSharding(mesh, spec))

    def place(self, x, stage, spec):
        """`x` on the devices of `stage`, split as `spec` says."""
        if not self.is_sharded:
            return jnp.asarray(x)
        return jax.device_put(x, NamedSharding(self.meshes[stage], spec))

    def place_all(self, values, table):
        return {n: self.place(values[n], stage, spec) for n, (_, _, stage, spec) in table.items()}

    # One microbatch of one stage. Only floating-point values have gradients.
    def _run(self, stage, p, b, received, kept):
        sent = STAGES[stage](p, b, {**received, **kept}, self.constraint(stage))
        is_float = {n: jnp.issubdtype(v.dtype, jnp.floating) for n, v in sent.items()}
        return ({n: v for n, v in sent.items() if is_float[n]},
                {n: v for n, v in sent.items() if not is_float[n]})

    def _forward(self, stage, p, b, received, kept):
        return self._run(stage, p, b, received, kept)

    def _backward(self, stage, p, b, received, kept, cotangents, sums):
        run = lambda p, received: self._run(stage, p, b, received, kept)
        _, pull, _ = jax.vjp(run, p, received, has_aux=True)
        gradients, back = pull(cotangents)
        c = self.constraint(stage)
        add = lambda n: c(sums[n] + gradients[n].astype(sums[n].dtype), gradient_spec(n, stage))
        return {n: add(n) for n in sums}, back

    def _update(self, stage, p, states, gradients, learning_rate, step):
        c = self.constraint(stage)
        new_p, new_states = {}, {}
        for name in p:
            gradient = c(gradients[name] / MICROBATCHES, GRADIENTS[name])
            own = {n: states[f"{name}.{n}"] for n in STATE_NAMES if f"{name}.{n}" in states}
            value, own = optimizer_update(p[name], own, gradient, learning_rate, step)
            new_p[name] = c(value, PARAMETERS[name][3])
            for n, state in own.items():
                new_states[f"{name}.{n}"] = c(state, STATES[f"{name}.{n}"][3])
        return new_p, new_states

    # A plan of one stage is one program; microbatches are a scan over their leading dimension.
    def _whole_step(self, p, states, batch, learning_rate, step):
        one = lambda p, b: STAGES[0](p, b, {}, self.constraint(0))["loss"]
        sums = {n: jnp.zeros(v.shape, gradient_dtype(n)) for n, v in p.items()}

        def add(carried, b):
            loss, gradients = jax.value_and_grad(one)(p, b)
            total = {n: carried[1][n] + gradients[n].astype(carried[1][n].dtype) for n in p}
            c = self.constraint(0)
            return (carried[0] + loss, {n: c(v, GRADIENTS[n]) for n, v in total.items()}), None

        start = (jnp.zeros((), LOSS_DTYPE), sums)
        if MICROBATCHES == 1:
            (loss, gradients), _ = add(start, {n: b[0] for n, b in batch.items()})
        else:
            (loss, gradients), _ = lax.scan(add, start, batch)
        p, states = self._update(0, p, states, gradients, learning_rate, step)
        return loss / MICROBATCHES, p, states

    def _pipelined_step(self, p, states, batch, learning_rate, step):
        stages = range(len(STAGES))
        read = [{n: self.place(p[n], k, spec) for n, spec in READS[k].items()} for k in stages]
        sums = [{n: self.place(jnp.zeros(read[k][n].shape, gradient_dtype(n)), k,
                               gradient_spec(n, k)) for n in read[k]} for k in stages]
        inputs, sent, back, losses = {}, {}, {}, []
        for task, k, m in SCHEDULE:
            if task == "F":
                b = {n: self.place(batch[n][m], k, spec) for n, spec in BATCH_READS[k].items()}
                arrived = {n: self.place(sent[n, m], k, spec) for n, spec in RECEIVES[k].items()}
                is_float = {n: jnp.issubdtype(v.dtype, jnp.floating) for n, v in arrived.items()}
                inputs[k, m] = (b, {n: v for n, v in arrived.items() if is_float[n]},
                                {n: v for n, v in arrived.items() if not is_float[n]})
                floats, rest = self.forward[k](read[k], *inputs[k, m])
                sent.update({(n, m): v for n, v in {**floats, **rest}.items()})
                if "loss" in floats:
                    losses.append(floats["loss"])
            else:
                b, arrived, kept = inputs.pop((k, m))
                cotangents = {}
                for n, spec in SENDS[k].items():
                    if n == "loss":
                        cotangents[n] = jnp.ones((), LOSS_DTYPE)
                    elif jnp.issubdtype(sent[n, m].dtype, jnp.floating):
                        parts = [self.place(part, k, spec) for part in back.pop((n, m), [])]
                        cotangents[n] = sum(parts, jnp.zeros_like(sent[n, m]))
                sums[k], gone = self.backward[k](read[k], b, arrived, kept, cotangents, sums[k])
                for n, v in gone.items():
                    back.setdefault((n, m), []).append(v)
        new_p, new_states = {}, {}
        for k in stages:
            own = {n: v for n, v in p.items() if PARAMETERS[n][2] == k}
            total = {n: sum((self.place(sums[j][n], k, GRADIENTS[n]) for j in stages
                             if n in sums[j]), jnp.zeros((), gradient_dtype(n))) for n in own}
            mine = {n: v for n, v in states.items() if STATES[n][2] == k}
            got_p, got_states = self.update[k](own, mine, total, learning_rate, step)
            new_p.update(got_p)
            new_states.update(got_states)
        return sum(float(loss) for loss in losses) / MICROBATCHES, new_p, new_states

    def step(self, p, states, batch, step, learning_rate=LEARNING_RATE):
        """Trains one step. `batch` has the microbatches as leading dimension; `step` counts from 0.
        Returns the loss and the new parameters and states."""
        if len(STAGES) > 1:
            return self._pipelined_step(p, states, batch, learning_rate, float(step))
        batch = {n: self.place(v, 0, P(None, *BATCH_READS[0].get(n, P())))
                 for n, v in batch.items()}
        return self.whole_step(p, states, batch, learning_rate, float(step))


def gradient_dtype(name):
    return jnp.promote_types(PARAMETERS[name][1], jnp.float32)


def gradient_spec(name, stage):
    """Where another stage owns the parameter, its gradient is kept as the parameter is read."""
    return GRADIENTS[name] if PARAMETERS[name][2] == stage else READS[stage][name]


def sort_together(arrays, dimension, is_descending):
    """Sorts by the first array; equal keys stay in order."""
    order = jnp.argsort(arrays[0], axis=dimension, stable=True, descending=is_descending)
    return tuple(jnp.take_along_axis(a, order, dimension) for a in arrays)


def split_parameters(model_parameters):
    """The plan's parameters from the model's: fused projections are stored in parts."""
    parameters = {}
    for name in PARAMETERS:
        source, dim, begin, end = PARTS.get(name, (name, 0, None, None))
        index = (slice(None),) * dim + (slice(begin, end),) if begin is not None else ...
        parameters[name] = np.asarray(model_parameters[source])[index]
    return parameters


def join_parameters(parameters):
    """The inverse of split_parameters."""
    model, parts = {}, {}
    for name, value in parameters.items():
        if name in PARTS:
            parts.setdefault(PARTS[name][0], []).append((PARTS[name][2], PARTS[name][1], value))
        else:
            model[name] = np.asarray(value)
    for source, found in parts.items():
        found.sort(key=lambda part: part[0])
        model[source] = np.concatenate([np.asarray(v) for _, _, v in found], axis=found[0][1])
    return model


def initial_states(parameters):
    states = {n: np.zeros(shape, dtype) for n, (shape, dtype, _, _) in STATES.items()}
    for name in STATES:
        if name.endswith(".master"):
            states[name] = np.asarray(parameters[name[:-len(".master")]]).astype(np.float32)
    return states


def random_inputs(seed=0):
    """Small random parameters and a random batch of one step."""
    rng = np.random.default_rng(seed)
    draw = lambda shape, dtype: np.asarray(0.05 * rng.standard_normal(shape)).astype(dtype)
    parameters = {n: draw(shape, dtype) for n, (shape, dtype, _, _) in PARAMETERS.items()}
    batch = {}
    for name, (shape, dtype) in BATCH.items():
        shape = (MICROBATCHES,) + shape
        is_float = jnp.issubdtype(dtype, jnp.floating)
        batch[name] = draw(shape, dtype) if is_float else rng.integers(0, 2, shape).astype(dtype)
    return parameters, batch


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    size = int.from_bytes(data[:8], "little")
    names = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": jnp.bfloat16,
             "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8",
             "U16": "uint16", "U32": "uint32", "U64": "uint64", "BOOL": "bool"}
    tensors = {}
    for name, entry in json.loads(data[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + n for n in entry["data_offsets"])
            array = np.frombuffer(data[begin:end], np.dtype(names[entry["dtype"]]))
            tensors[name] = array.reshape(entry["shape"])
    return tensors


def inputs_from(path):
    """param:NAME and batch:NAME (or input:NAME) of a safetensors file."""
    tensors = read_safetensors(path)
    strip = lambda *roots: {n.split(":", 1)[1]: v for n, v in tensors.items()
                            if n.split(":", 1)[0] in roots}
    batch = {}
    for name, value in strip("batch", "input").items():
        shape, dtype = BATCH[name]
        batch[name] = value.reshape((MICROBATCHES,) + shape).astype(dtype)
    return split_parameters(strip("param")), batch


def train(trainer, parameters, batch, steps):
    p = trainer.place_all(parameters, PARAMETERS)
    states = trainer.place_all(initial_states(parameters), STATES)
    losses = []
    for step in range(steps):
        loss, p, states = trainer.step(p, states, batch, step)
        losses.append(float(loss))
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--inputs", help="safetensors with param:NAME and batch:NAME")
    parser.add_argument("--cpu", action="store_true", help="on as many simulated CPU devices")
    parser.add_argument("--compare", action="store_true", help="train on one device as well")
    arguments = parser.parse_args()
    parameters, batch = inputs_from(arguments.inputs) if arguments.inputs else random_inputs()
    losses = train(Trainer(), parameters, batch, arguments.steps)
    single = []
    if arguments.compare:
        single = train(Trainer(is_sharded=False), parameters, batch, arguments.steps)
    print(json.dumps({"losses": losses, "single": single}))
)PY";
}

} // namespace alpa
