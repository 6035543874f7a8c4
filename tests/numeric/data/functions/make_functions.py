"""Makes the samples here and in ../depthwise: functions of single numbers, and convolutions by groups, each with loss
and gradients as JAX computed them.

Needs JAX and safetensors. Run in this folder: python make_functions.py
"""
import gzip

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import save_file


def functions(params, batch):
    """Inverse and hyperbolic functions, shifts of integers, rounding: what JAX has and the graph has no op for."""
    x = 0.9 * jnp.tanh(batch["x"] @ params["w"])
    bits = jnp.arange(x.size, dtype=jnp.int32).reshape(x.shape) * -7919
    mask = ((bits << 3) ^ (bits >> 2) ^ jax.lax.shift_right_logical(bits, 5)) & 1
    y = jnp.arcsin(x) + jnp.arccos(x * 0.5) + jnp.arctan(3 * x) + jnp.arctan2(x, 1 + x * x)
    y += jnp.sinh(x) + jnp.cosh(x) + jnp.arcsinh(x) + jnp.arctanh(x) + jnp.arccosh(1.5 + x * x) + jnp.cbrt(2 + x)
    y += jax.lax.round(4 * jax.lax.stop_gradient(x))
    return jnp.mean(jnp.where(mask == 1, y, 0.5 * y) ** 2)


def convolution(x, kernel, groups, strides=(1, 1), dilation=(1, 1)):
    return jax.lax.conv_general_dilated(
        x, kernel, strides, "SAME", rhs_dilation=dilation, feature_group_count=groups,
        dimension_numbers=("NHWC", "HWIO", "NHWC"))


def depthwise(params, batch):
    x = jax.nn.relu6(convolution(batch["x"], params["stem"], 1, (2, 2)))
    x = jax.nn.silu(convolution(x, params["depth"], 8))
    x = jax.nn.hard_swish(convolution(x, params["point"], 1))
    x = convolution(x, params["stride"], 16, (2, 2))
    x = convolution(x, params["twice"], 16, (1, 1), (2, 2))  # Two results for each channel.
    x = convolution(x, params["groups"], 4)
    gate = jax.nn.sigmoid(x.mean((1, 2), keepdims=True) @ params["gate"])
    return jnp.mean((x * gate) ** 2)


SAMPLES = {
    "functions": (functions, {"w": (6, 8)}, (4, 6)),
    "depthwise": (depthwise, {"stem": (3, 3, 3, 8), "depth": (3, 3, 1, 8), "point": (1, 1, 8, 16),
                              "stride": (5, 5, 1, 16), "twice": (3, 3, 1, 32), "groups": (3, 3, 8, 12),
                              "gate": (12, 12)}, (2, 12, 12, 3)),
}
for name, (loss, shapes, data) in SAMPLES.items():
    random = np.random.default_rng(0)
    params = {key: jnp.asarray(random.normal(0, 0.3, shape), jnp.float32) for key, shape in shapes.items()}
    batch = {"x": jnp.asarray(random.normal(0, 1, data), jnp.float32)}
    lowered = jax.jit(loss).lower(params, batch)
    value, gradients = jax.value_and_grad(loss)(params, batch)
    for path, text in {"stablehlo.mlir": lowered.as_text(debug_info=True), "hlo.txt": lowered.as_text("hlo")}.items():
        with gzip.GzipFile(f"../{name}/{name}.loss.{path}.gz", "wb", mtime=0) as file:
            file.write(text.encode())
    tensors = {"loss": np.asarray(value), "batch:x": np.asarray(batch["x"])}
    tensors |= {f"param:{key}": np.asarray(value) for key, value in params.items()}
    tensors |= {f"grad:{key}": np.asarray(value) for key, value in gradients.items()}
    save_file(tensors, f"../{name}/{name}.reference.safetensors")
