"""Makes dropout.loss.stablehlo.mlir.gz and dropout.reference.safetensors: three blocks with dropout, noise on their
input and a random gain, whose numbers come from a key (jax.random, threefry). Needs JAX and safetensors.
"""
import gzip
import re

import jax
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import save_file


def loss(params, key, batch):
    x = batch["x"] + 0.1 * jax.random.normal(jax.random.fold_in(key, 7), batch["x"].shape)
    for i in range(3):
        key, mask, gain = jax.random.split(key, 3)
        h = jnp.tanh(x @ params[f"block_{i}"]["up"])
        h = jnp.where(jax.random.bernoulli(mask, 0.9, h.shape), h / 0.9, 0)
        x = x + jax.random.uniform(gain, (), minval=0.5, maxval=1.5) * (h @ params[f"block_{i}"]["down"])
    return jnp.mean((x - batch["y"]) ** 2)


draw = np.random.RandomState(0)
normal = lambda *shape: draw.randn(*shape).astype(np.float32)
params = {f"block_{i}": {"up": 0.2 * normal(16, 32), "down": 0.2 * normal(32, 16)} for i in range(3)}
batch = {"x": normal(16, 16), "y": normal(16, 16)}
key = np.asarray(jax.random.PRNGKey(3))
text = jax.jit(loss).lower(params, key, batch).as_text(debug_info=True)
text = re.sub(r'loc\("[^"]*":\d+:\d+( to :\d+(:\d+)?)?\)', "loc(unknown)", text)
with gzip.GzipFile("dropout.loss.stablehlo.mlir.gz", "wb", mtime=0) as file:
    file.write(text.encode())
tensors = {f"param:{b}.{n}": v.astype(np.float32) for b, block in params.items() for n, v in block.items()}
tensors.update({f"batch:{n}": v for n, v in batch.items()})
tensors["batch:key"] = key
tensors["loss"] = np.asarray(jax.jit(loss)(params, key, batch)).reshape(())
save_file(tensors, "dropout.reference.safetensors")
