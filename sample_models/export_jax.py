#!/usr/bin/env python3
"""Makes the samples of this folder, and the larger test models, from JAX.

    pip install jax flax optax safetensors
    python3 sample_models/export_jax.py OUTPUT_FOLDER [NAME...]

Each model gives OUTPUT_FOLDER/NAME/ with
  NAME.loss.stablehlo.mlir.gz  jax.jit(loss).lower(parameters, batch).as_text(debug_info=True): the mean loss of one
                               batch; name stacks in the locations are the modules, argument locations the parameters;
  NAME.json                    number of parameters, order of the arguments and, for models with reference numbers,
                               loss, L2 norm of the gradient, losses of five Adam steps (1e-3) and five SGD steps (0.1),
                               each before its update (null once they diverge);
  NAME.loss.hlo.txt.gz         for those models the loss as HLO text;
  NAME.step.stablehlo.mlir.gz  for those models a whole training step: (parameters, Adam's state, batch) to (parameters,
                               state, loss), parameters and state donated;
  NAME.reference.safetensors   for those models param:*, batch:*, grad:* and loss, computed by JAX on the CPU.

Only shapes are traced for models without reference numbers, so 39 billion parameters cost no memory.
"""

import dataclasses
import functools
import gzip
import json
import os
import pathlib
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from safetensors.numpy import save_file

# Locations name files from the package's or this folder's name on, not from this machine's root.
jax.config.update("jax_hlo_source_file_canonicalization_regex", r".*/(site-packages|dist-packages|sample_models)/")


@dataclasses.dataclass(frozen=True)
class Config:
    layers: int = 2
    width: int = 64
    heads: int = 4
    kv_heads: int = 0  # 0: as many as heads
    vocabulary: int = 256
    tokens: int = 32
    batch: int = 4
    expansion: int = 4  # of the feed-forward layer
    experts: int = 0  # of the feed-forward layer of every second block; 0: none
    dtype: str = "float32"  # of the computation; parameters are float32


class Block(nn.Module):
    """A transformer block of GPT-2: layer norm first, learned positions, gelu."""

    config: Config

    @nn.compact
    def __call__(self, x):
        c, dtype = self.config, jnp.dtype(self.config.dtype)
        h = nn.LayerNorm(dtype=dtype, name="ln1")(x)
        qkv = nn.Dense(3 * c.width, dtype=dtype, name="qkv")(h)
        batch, tokens, _ = qkv.shape
        head = c.width // c.heads
        q, k, v = jnp.split(qkv.reshape(batch, tokens, 3 * c.heads, head), 3, axis=2)
        scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(head).astype(c.dtype)
        causal = jnp.tril(jnp.ones((tokens, tokens), bool))
        scores = jnp.where(causal, scores, jnp.finfo(scores.dtype).min)
        weights = jax.nn.softmax(scores.astype(jnp.float32), axis=-1).astype(dtype)
        mixed = jnp.einsum("bhqk,bkhd->bqhd", weights, v).reshape(batch, tokens, c.width)
        x = x + nn.Dense(c.width, dtype=dtype, name="proj")(mixed)
        h = nn.LayerNorm(dtype=dtype, name="ln2")(x)
        if c.experts:
            return x + MixtureOfExperts(c, name="moe")(h)
        h = nn.Dense(c.expansion * c.width, dtype=dtype, name="fc")(h)
        return x + nn.Dense(c.width, dtype=dtype, name="out")(nn.gelu(h))


class MixtureOfExperts(nn.Module):
    """GShard's feed-forward layer: every token goes to its two best experts while they have room."""

    config: Config

    @nn.compact
    def __call__(self, x):
        c, dtype = self.config, jnp.dtype(self.config.dtype)
        batch, tokens, width = x.shape
        room = max(4, 2 * tokens // c.experts)  # of an expert, in tokens of one sequence
        initial = nn.initializers.lecun_normal()
        gate = self.param("gate", initial, (width, c.experts))
        wi = self.param("wi", initial, (c.experts, width, c.expansion * width))
        wo = self.param("wo", initial, (c.experts, c.expansion * width, width))
        gates = jax.nn.softmax(jnp.einsum("bsd,de->bse", x, gate.astype(dtype)).astype(jnp.float32))
        first = jax.nn.one_hot(jnp.argmax(gates, -1), c.experts)
        first_gate = (gates * first).sum(-1)
        others = gates * (1 - first)
        second = jax.nn.one_hot(jnp.argmax(others, -1), c.experts)
        second_gate = (others * second).sum(-1)
        first_place = (jnp.cumsum(first, axis=1) - 1) * first
        second_place = (jnp.cumsum(second, axis=1) - 1) * second + first.sum(1, keepdims=True) * second
        first = first * (first_place < room)
        second = second * (second_place < room)
        total = first_gate + second_gate + 1e-9

        def combine(share, chosen, place):
            slot = jax.nn.one_hot((place * chosen).sum(-1).astype(jnp.int32), room)
            return share[..., None, None] * chosen[..., None] * slot[:, :, None, :]

        combined = combine(first_gate / total, first, first_place) + combine(second_gate / total, second, second_place)
        dispatched = (combined > 0).astype(dtype)
        h = jnp.einsum("bsec,bsd->ebcd", dispatched, x)
        h = nn.gelu(jnp.einsum("ebcd,edh->ebch", h, wi.astype(dtype)))
        h = jnp.einsum("ebch,ehd->ebcd", h, wo.astype(dtype))
        return jnp.einsum("bsec,ebcd->bsd", combined.astype(dtype), h)


class GPT(nn.Module):
    """Token and position embeddings, blocks, and logits through the tied token embedding."""

    config: Config

    @nn.compact
    def __call__(self, ids):
        c, dtype = self.config, jnp.dtype(self.config.dtype)
        embedding = nn.Embed(c.vocabulary, c.width, dtype=dtype, name="wte")
        positions = self.param("wpe", nn.initializers.normal(0.02), (c.tokens, c.width))
        x = embedding(ids) + positions[None].astype(dtype)
        for i in range(c.layers):
            dense = dataclasses.replace(c, experts=0)
            x = Block(c if i % 2 == 1 else dense, name=f"block_{i}")(x)
        return embedding.attend(nn.LayerNorm(dtype=dtype, name="ln_f")(x))


class ScanGPT(nn.Module):
    """GPT whose blocks are one scan over stacked parameters: the text has a while loop."""

    config: Config

    @nn.compact
    def __call__(self, ids):
        c, dtype = self.config, jnp.dtype(self.config.dtype)
        embedding = nn.Embed(c.vocabulary, c.width, dtype=dtype, name="wte")

        class Body(nn.Module):
            @nn.compact
            def __call__(self, x, _):
                return Block(c)(x), None

        scan = nn.scan(Body, variable_axes={"params": 0}, split_rngs={"params": True}, length=c.layers)
        x, _ = scan()(embedding(ids), None)
        return embedding.attend(nn.LayerNorm(dtype=dtype)(x))


class LlamaBlock(nn.Module):
    """A block of Llama: RMS norm, rotary positions, grouped key-value heads, gated silu."""

    config: Config

    @nn.compact
    def __call__(self, x):
        c, dtype = self.config, jnp.dtype(self.config.dtype)
        batch, tokens, width = x.shape
        head, kv_heads = width // c.heads, self.config.kv_heads or c.heads
        dense = functools.partial(nn.Dense, use_bias=False, dtype=dtype)
        h = nn.RMSNorm(dtype=dtype, name="attn_norm")(x)
        q = dense(width, name="wq")(h).reshape(batch, tokens, c.heads, head)
        k = dense(kv_heads * head, name="wk")(h).reshape(batch, tokens, kv_heads, head)
        v = dense(kv_heads * head, name="wv")(h).reshape(batch, tokens, kv_heads, head)
        angle = jnp.arange(tokens)[:, None] * (1e4 ** (-jnp.arange(0, head, 2) / head))[None]
        cos, sin = jnp.cos(angle)[None, :, None].astype(dtype), jnp.sin(angle)[None, :, None].astype(dtype)

        def rotate(z):
            a, b = jnp.split(z, 2, -1)
            return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], -1)

        q, k = rotate(q), rotate(k)
        k = jnp.repeat(k, c.heads // kv_heads, axis=2)
        v = jnp.repeat(v, c.heads // kv_heads, axis=2)
        scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) * (head**-0.5)
        scores = jnp.where(jnp.tril(jnp.ones((tokens, tokens), bool)), scores, jnp.finfo(scores.dtype).min)
        weights = jax.nn.softmax(scores.astype(jnp.float32), -1).astype(dtype)
        mixed = jnp.einsum("bhqk,bkhd->bqhd", weights, v).reshape(batch, tokens, width)
        x = x + dense(width, name="wo")(mixed)
        h = nn.RMSNorm(dtype=dtype, name="ffn_norm")(x)
        gate = nn.silu(dense(c.expansion * width, name="w1")(h)) * dense(c.expansion * width, name="w3")(h)
        return x + dense(width, name="w2")(gate)


class Llama(nn.Module):
    config: Config

    @nn.compact
    def __call__(self, ids):
        c, dtype = self.config, jnp.dtype(self.config.dtype)
        x = nn.Embed(c.vocabulary, c.width, dtype=dtype, name="embed")(ids)
        for i in range(c.layers):
            x = LlamaBlock(c, name=f"layer_{i}")(x)
        x = nn.RMSNorm(dtype=dtype, name="norm")(x)
        return nn.Dense(c.vocabulary, use_bias=False, dtype=dtype, name="lm_head")(x)


class ResidualBlock(nn.Module):
    filters: int
    stride: int
    widening: int

    @nn.compact
    def __call__(self, x):
        norm = functools.partial(nn.BatchNorm, use_running_average=False, momentum=0.9)
        conv = functools.partial(nn.Conv, use_bias=False)
        wide, strides = self.filters * self.widening, (self.stride, self.stride)
        y = nn.relu(norm()(conv(wide, (1, 1))(x)))
        y = nn.relu(norm()(conv(wide, (3, 3), strides)(y)))
        y = norm()(conv(self.filters * 4, (1, 1))(y))
        if x.shape != y.shape:
            x = norm()(conv(self.filters * 4, (1, 1), strides)(x))
        return nn.relu(x + y)


class WideResNet(nn.Module):
    """A bottleneck ResNet of widened blocks, with batch statistics in every batch norm."""

    stages: tuple
    filters: int
    widening: int
    classes: int

    @nn.compact
    def __call__(self, x):
        x = nn.Conv(self.filters, (7, 7), (2, 2), use_bias=False, name="stem")(x)
        x = nn.relu(nn.BatchNorm(use_running_average=False)(x))
        x = nn.max_pool(x, (3, 3), (2, 2), "SAME")
        for i, count in enumerate(self.stages):
            for j in range(count):
                stride = 2 if i > 0 and j == 0 else 1
                x = ResidualBlock(self.filters * 2**i, stride, self.widening, name=f"stage{i}_block{j}")(x)
        return nn.Dense(self.classes, name="head")(x.mean((1, 2)))


class MLP(nn.Module):
    widths: tuple

    @nn.compact
    def __call__(self, x):
        for i, width in enumerate(self.widths):
            x = nn.Dense(width)(x)
            if i < len(self.widths) - 1:
                x = nn.relu(x)
        return x


def cross_entropy(logits, labels):
    log_probabilities = jax.nn.log_softmax(logits.astype(jnp.float32), -1)
    return -jnp.take_along_axis(log_probabilities, labels[..., None], -1).mean()


# A maker returns the module, its example inputs, the batch's shapes and loss(params, batch). The loss functions keep
# the name `loss`: it is the first word of every name stack, jit(loss)/....


def language_model(module_type, **settings):
    config = Config(**settings)
    module = module_type(config)
    ids = jax.ShapeDtypeStruct((config.batch, config.tokens), jnp.int32)

    def loss(params, batch):
        return cross_entropy(module.apply({"params": params}, batch["ids"]), batch["labels"])

    return module, (ids,), {"ids": ids, "labels": ids}, loss


def classifier(module, image_shape):
    x = jax.ShapeDtypeStruct(image_shape, jnp.float32)
    y = jax.ShapeDtypeStruct(image_shape[:1], jnp.int32)

    def loss(params, batch):
        variables = {"params": params, "batch_stats": {}}
        logits, _ = module.apply(variables, batch["x"], mutable=["batch_stats"])
        return cross_entropy(logits, batch["y"])

    return module, (x,), {"x": x, "y": y}, loss


def regression(widths, batch_size, inputs):
    module = MLP(widths)
    x = jax.ShapeDtypeStruct((batch_size, inputs), jnp.float32)

    def loss(params, batch):
        return jnp.mean(module.apply({"params": params}, batch["x"]) ** 2)

    return module, (x,), {"x": x}, loss


# The language models of Alpa's paper: sequence 1024, vocabulary 51200; the batch is a template that rebatch changes.
paper = functools.partial(language_model, GPT, vocabulary=51200, tokens=1024, batch=8, dtype="bfloat16")

# name -> (maker, does it come with reference numbers)
MODELS = {
    "mlp-seed": (lambda: regression((2048, 2048, 10), 32, 512), True),
    "mlp-tiny": (lambda: regression((64, 64, 8), 16, 32), True),
    "gpt-tiny": (lambda: language_model(GPT), True),
    "gpt-tiny-bf16": (lambda: language_model(GPT, dtype="bfloat16"), True),
    "llama-tiny": (lambda: language_model(Llama, kv_heads=2, expansion=3), True),
    "scan-gpt-tiny": (lambda: language_model(ScanGPT, layers=4), True),
    "moe-tiny": (lambda: language_model(GPT, layers=4, experts=4), True),
    "wresnet-tiny": (lambda: classifier(WideResNet((1, 1), 8, 2, 10), (4, 32, 32, 3)), True),
    "moe-2.4b": (
        lambda: language_model(GPT, layers=16, width=1024, heads=16, vocabulary=32000, tokens=1024, batch=8, experts=16,
                               expansion=8, dtype="bfloat16"),
        False,
    ),
    "moe-10b": (
        lambda: language_model(GPT, layers=16, width=1536, heads=16, vocabulary=32000, tokens=1024, batch=8, experts=32,
                               expansion=8, dtype="bfloat16"),
        False,
    ),
    "wresnet-1b": (lambda: classifier(WideResNet((3, 4, 6, 3), 320, 2, 1024), (32, 224, 224, 3)), False),
    "wresnet-2b": (lambda: classifier(WideResNet((3, 4, 6, 3), 448, 2, 1024), (32, 224, 224, 3)), False),
    "gpt-125m": (lambda: paper(layers=12, width=768, heads=12), False),
    "gpt-350m": (lambda: paper(layers=24, width=1024, heads=16), False),
    "gpt-1.3b": (lambda: paper(layers=24, width=2048, heads=32), False),
    "gpt-39b": (lambda: paper(layers=48, width=8192, heads=64), False),
    "llama-8b": (
        lambda: language_model(Llama, layers=32, width=4096, heads=32, kv_heads=8, vocabulary=128256, tokens=2048,
                               batch=4, expansion=4, dtype="bfloat16"),
        False,
    ),
}

# Above this the reference file would weigh more than all the rest; the listed losses stay.
MOST_REFERENCE_PARAMETERS = 2_000_000


def reference_numbers(loss, shapes, batch_shapes, names):
    """Entries for the .json and tensors for the .safetensors: inputs drawn from seed 0, then JAX's own numbers."""
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda s: jnp.asarray(rng.normal(0, 0.05, s.shape), s.dtype), shapes)

    def draw(shape):
        if shape.dtype == jnp.int32:  # classes 0..7, or tokens 0..255
            return jnp.asarray(rng.integers(0, 8 if len(shape.shape) == 1 else 256, shape.shape), shape.dtype)
        return jnp.asarray(rng.normal(0, 1, shape.shape), shape.dtype)

    batch = {key: draw(batch_shapes[key]) for key in sorted(batch_shapes)}
    value_and_gradient = jax.jit(jax.value_and_grad(loss))
    first_loss, gradient = value_and_gradient(params, batch)

    def losses_of_steps(optimizer):
        p, state, losses = params, optimizer.init(params), []
        for _ in range(5):
            value, g = value_and_gradient(p, batch)
            updates, state = optimizer.update(g, state, p)
            p = optax.apply_updates(p, updates)
            losses.append(float(value) if jnp.isfinite(value) else None)
        return losses

    squares = [jnp.sum(g.astype(jnp.float32) ** 2) for g in jax.tree.leaves(gradient)]
    numbers = {
        "loss": float(first_loss),
        "adam_1e-3_losses": losses_of_steps(optax.adam(1e-3)),
        "sgd_1e-1_losses": losses_of_steps(optax.sgd(0.1)),
        "grad_l2": float(jnp.sqrt(sum(squares))),
    }
    tensors = {"param:" + name: np.asarray(a) for name, a in zip(names, jax.tree.leaves(params))}
    tensors.update({"batch:" + key: np.asarray(a) for key, a in batch.items()})
    tensors.update({"grad:" + name: np.asarray(a) for name, a in zip(names, jax.tree.leaves(gradient))})
    tensors["loss"] = np.asarray(first_loss)
    return numbers, tensors


def write_text(path, text):
    with open(path, "wb") as file:  # no time stamp: the same bytes again
        file.write(gzip.compress(text.encode(), 9, mtime=0))


def step_text(loss, shapes, batch):
    """Loss, gradients and one Adam step in one function."""
    optimizer = optax.adam(1e-3)

    def step(params, state, batch):
        value, gradient = jax.value_and_grad(loss)(params, batch)
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), state, value

    state = jax.eval_shape(optimizer.init, shapes)
    return jax.jit(step, donate_argnums=(0, 1)).lower(shapes, state, batch).as_text(debug_info=True)


def export(name, folder):
    make, has_reference = MODELS[name]
    module, inputs, batch, loss = make()
    zeros = [jnp.zeros(i.shape, i.dtype) for i in inputs]
    shapes = jax.eval_shape(lambda: module.init(jax.random.PRNGKey(0), *zeros))["params"]
    count = sum(int(np.prod(leaf.shape)) for leaf in jax.tree.leaves(shapes))
    paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(shapes)[0]]
    names = [".".join(str(key.key) for key in path) for path in paths]
    folder.mkdir(parents=True, exist_ok=True)

    lowered = jax.jit(loss).lower(shapes, batch)
    text = lowered.as_text(debug_info=True)
    write_text(folder / f"{name}.loss.stablehlo.mlir.gz", text)
    if has_reference:
        write_text(folder / f"{name}.loss.hlo.txt.gz", lowered.as_text("hlo"))
        write_text(folder / f"{name}.step.stablehlo.mlir.gz", step_text(loss, shapes, batch))
    arguments = ["param:" + n for n in names] + ["batch:" + key for key in sorted(batch)]
    meta = {"name": name, "parameters": count, "argument_order": arguments}
    if has_reference:
        numbers, tensors = reference_numbers(loss, shapes, batch, names)
        meta.update(numbers)
        if count < MOST_REFERENCE_PARAMETERS:
            save_file(tensors, folder / f"{name}.reference.safetensors")
    (folder / f"{name}.json").write_text(json.dumps(meta, indent=1))
    print(f"{name}: {count:,} parameters", flush=True)


def main(arguments):
    unknown = [name for name in arguments[1:] if name not in MODELS]
    if not arguments or unknown:
        sys.exit(f"{__doc__}\nmodels: {' '.join(MODELS)}" + (f"\nunknown: {' '.join(unknown)}" if unknown else ""))
    for name in arguments[1:] or MODELS:
        export(name, pathlib.Path(arguments[0]) / name)


if __name__ == "__main__":
    main(sys.argv[1:])
