"""Makes the sample beside it: a layer norm and its derivatives, as JAX writes them.

Needs JAX. Run in this folder: python make_norm.py
"""
import gzip

import jax
import jax.numpy as jnp


def norm(x, scale, bias):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-3) * scale + bias


def both(x, scale, bias, dy):
    y, pull = jax.vjp(norm, x, scale, bias)
    return y, *pull(dy)


rows = jax.ShapeDtypeStruct((6, 8), jnp.float32)
features = jax.ShapeDtypeStruct((8,), jnp.float32)
with gzip.GzipFile("norm.stablehlo.mlir.gz", "wb", mtime=0) as file:
    file.write(jax.jit(both).lower(rows, features, features, rows).as_text().encode())
