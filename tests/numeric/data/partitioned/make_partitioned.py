"""Makes the samples beside it: a small GPT's loss and training steps, as written and as XLA's partitioner leaves them
for one of eight devices.

Needs JAX and optax; the eight devices are forced on the host. Run in this folder: python make_partitioned.py
"""
import gzip
import os
import re

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=8"

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P

V, T, D, H, L, B = 64, 8, 32, 8, 2, 16
mesh = Mesh(np.array(jax.devices()).reshape(2, 4), ("data", "model"))


def layer_norm(x, scale, bias):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * scale + bias


def loss(params, batch):
    x = params["wte"][batch["tokens"]] + params["wpe"][None]
    for i in range(L):
        p = params[f"block_{i}"]
        with jax.named_scope(f"GPT/block_{i}"):
            h = layer_norm(x, p["ln1_scale"], p["ln1_bias"])
            q, k, v = [jnp.einsum("btd,dhk->bhtk", h, p[name]) for name in ("q", "k", "v")]
            scores = jnp.einsum("bhtk,bhsk->bhts", q, k) / np.sqrt(D // H)
            scores = jnp.where(jnp.tril(jnp.ones((T, T), bool)), scores, -1e9)
            mixed = jnp.einsum("bhts,bhsk->bhtk", jax.nn.softmax(scores, -1), v)
            x = x + jnp.einsum("bhtk,hkd->btd", mixed, p["o"])
            h = layer_norm(x, p["ln2_scale"], p["ln2_bias"])
            x = x + jax.nn.gelu(h @ p["up"] + p["up_bias"]) @ p["down"] + p["down_bias"]
    with jax.named_scope("GPT/head"):
        logits = layer_norm(x, params["ln_scale"], params["ln_bias"]) @ params["head"]
        chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), batch["targets"][..., None], -1)
        return -jnp.mean(chosen)


def arguments(tensor_axis, batch_axes):
    def arg(shape, spec=P(), dtype=jnp.float32):
        return jax.ShapeDtypeStruct(shape, dtype, sharding=NamedSharding(mesh, spec))

    m, k = tensor_axis, D // H
    params = {"wte": arg((V, D)), "wpe": arg((T, D)), "ln_scale": arg((D,)), "ln_bias": arg((D,)), "head": arg((D, V))}
    for i in range(L):
        params[f"block_{i}"] = {
            "ln1_scale": arg((D,)), "ln1_bias": arg((D,)), "ln2_scale": arg((D,)), "ln2_bias": arg((D,)),
            "q": arg((D, H, k), P(None, m)), "k": arg((D, H, k), P(None, m)), "v": arg((D, H, k), P(None, m)),
            "o": arg((H, k, D), P(m)), "up": arg((D, 4 * D), P(None, m)), "up_bias": arg((4 * D,), P(m)),
            "down": arg((4 * D, D), P(m)), "down_bias": arg((D,)),
        }
    tokens = arg((B, T), P(batch_axes), jnp.int32)
    return params, {"tokens": tokens, "targets": tokens}


def write(path, text):
    # Tables of source places say nothing of the program.
    text = re.sub(r"\n(FileNames|FunctionNames|FileLocations|StackFrames)\n.*?(?=\n\n)", "", text, flags=re.S)
    text = re.sub(r" stack_frame_id=\d+", "", text)
    text = re.sub(r'loc\("[^"]*":\d+:\d+( to :\d+(:\d+)?)?\)', "loc(unknown)", text)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(text.encode())


for name, (tensor_axis, batch_axes) in {"tp": ("model", "data"), "dp": (None, ("data", "model"))}.items():
    lowered = jax.jit(loss).lower(*arguments(tensor_axis, batch_axes))
    write(f"gpt-{name}.stablehlo.mlir.gz", lowered.as_text(debug_info=True))
    write(f"gpt-{name}.partitioned.hlo.txt.gz", lowered.compile().as_text())


adam = optax.adam(1e-3)


def step(params, state, batch):
    value, gradients = jax.value_and_grad(loss)(params, batch)
    updates, state = adam.update(gradients, state, params)
    return optax.apply_updates(params, updates), state, value


def split_over_data(argument, axes):
    """The first whole dimension that the axes divide is split over them."""
    spec = list(argument.sharding.spec) + [None] * (len(argument.shape) - len(argument.sharding.spec))
    count = int(np.prod([mesh.shape[axis] for axis in axes]))
    free = [at for at, size in enumerate(argument.shape) if spec[at] is None and size % count == 0]
    if free:
        spec[free[0]] = axes if len(axes) > 1 else axes[0]
    return jax.ShapeDtypeStruct(argument.shape, argument.dtype, sharding=NamedSharding(mesh, P(*spec)))


def write_step(name, tensor_axis, batch_axes, zero):
    """zero: 0, 1 (moments split) or 3 (parameters, too)."""
    params, batch = arguments(tensor_axis, batch_axes)
    split = jax.tree.map(lambda x: split_over_data(x, batch_axes), params)
    whole = NamedSharding(mesh, P())
    params, moments = (split if zero == 3 else params), (split if zero else params)
    first, *others = jax.eval_shape(adam.init, params)
    count = jax.ShapeDtypeStruct((), jnp.int32, sharding=whole)
    state = (first._replace(count=count, mu=moments, nu=moments), *others)
    results = jax.tree.map(lambda x: x.sharding, (params, state)) + (whole,)
    lowered = jax.jit(step, out_shardings=results, donate_argnums=(0, 1)).lower(params, state, batch)
    write(f"{name}.stablehlo.mlir.gz", lowered.as_text(debug_info=True))
    write(f"{name}.partitioned.hlo.txt.gz", lowered.compile().as_text())


write_step("step-tp", "model", ("data",), 0)
write_step("step-zero1", None, ("data", "model"), 1)
write_step("step-zero3", None, ("data", "model"), 3)
