"""gpt-tiny and llama-tiny once more, in PyTorch, with the names that the exported plans use: written from the same
description as the JAX models (sample_models/export_jax.py), so that a plan can be applied to them and their losses
compared with JAX's. Widths are read off the weights at hand: under tensor parallelism a device has its share."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.distributed.tensor import DTensor, Replicate, Shard

WIDTH, HEADS, TOKENS, VOCABULARY = 64, 4, 32, 256
HEAD = WIDTH // HEADS


def attention(q, k, v, scale):
    """q (B, T, heads, head), k and v with as many heads or fewer."""
    k, v = (z.repeat_interleave(q.shape[2] // z.shape[2], dim=2) for z in (k, v))
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) * scale
    causal = torch.tril(torch.ones(q.shape[1], q.shape[1], dtype=torch.bool))
    scores = scores.masked_fill(~causal, torch.finfo(scores.dtype).min)
    return torch.einsum("bhqk,bkhd->bqhd", scores.softmax(-1), v).flatten(2)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(WIDTH, eps=1e-6), nn.LayerNorm(WIDTH, eps=1e-6)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.fc, self.out = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        q, k, v = self.qkv(self.ln1(x)).unflatten(-1, (3, -1, HEAD)).unbind(2)
        x = x + self.proj(attention(q, k, v, HEAD**-0.5))
        return x + self.out(F.gelu(self.fc(self.ln2(x)), approximate="tanh"))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.wte = nn.Embedding(VOCABULARY, WIDTH)
        self.wpe = nn.Parameter(torch.zeros(TOKENS, WIDTH))
        self.block_0, self.block_1 = Block(), Block()
        self.ln_f = nn.LayerNorm(WIDTH, eps=1e-6)

    def forward(self, ids):
        x = self.wte(ids)
        positions = self.wpe
        if x.shape[1] < TOKENS:  # A part of the sequence.
            at = self.tensor_mesh.get_local_rank() * x.shape[1]
            positions = positions[at:at + x.shape[1]]
        x = self.ln_f(self.block_1(self.block_0(x + positions)))
        table = self.wte.weight
        if not isinstance(table, DTensor):
            assert x.shape[1] == TOKENS
            return F.linear(x, table)
        layout = Replicate() if x.shape[1] == TOKENS else Shard(1)
        x = DTensor.from_local(x, table.device_mesh, [layout]).redistribute(placements=[Replicate()])
        return F.linear(x, table).full_tensor()


class LlamaBlock(nn.Module):
    def __init__(self):
        super().__init__()
        dense = lambda i, o: nn.Linear(i, o, bias=False)
        self.attn_norm, self.ffn_norm = nn.RMSNorm(WIDTH, eps=1e-6), nn.RMSNorm(WIDTH, eps=1e-6)
        self.wq, self.wk, self.wv, self.wo = (dense(WIDTH, o) for o in (WIDTH, 2 * HEAD, 2 * HEAD, WIDTH))
        self.w1, self.w3, self.w2 = dense(WIDTH, 3 * WIDTH), dense(WIDTH, 3 * WIDTH), dense(3 * WIDTH, WIDTH)

    def forward(self, x):
        h = self.attn_norm(x)
        q, k, v = (w(h).unflatten(-1, (-1, HEAD)) for w in (self.wq, self.wk, self.wv))
        angle = torch.arange(q.shape[1])[:, None] * 1e4 ** (-torch.arange(0, HEAD, 2) / HEAD)
        cos, sin = angle.cos()[None, :, None], angle.sin()[None, :, None]

        def rotate(z):
            a, b = z.chunk(2, -1)
            return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

        x = x + self.wo(attention(rotate(q), rotate(k), v, HEAD**-0.5))
        h = self.ffn_norm(x)
        return x + self.w2(F.silu(self.w1(h)) * self.w3(h))


class Llama(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.layer_0, self.layer_1 = LlamaBlock(), LlamaBlock()
        self.norm, self.lm_head = nn.RMSNorm(WIDTH, eps=1e-6), nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, ids):
        return self.lm_head(self.norm(self.layer_1(self.layer_0(self.embed(ids)))))


MODELS = {"gpt-tiny": GPT, "llama-tiny": Llama}


def load(name, reference, packed, pack):
    """The model with JAX's parameters; fused projections reordered by the plan's pack()."""
    model = MODELS[name]()
    own = dict(model.named_parameters())
    assert len(own) == sum(n.startswith("param:") for n in reference)
    with torch.no_grad():
        for key, array in reference.items():
            if not key.startswith("param:"):
                continue
            module, _, leaf = key[len("param:"):].rpartition(".")
            value = torch.tensor(array)
            if leaf == "kernel":
                value = value.T
            leaf = {"kernel": "weight", "scale": "weight", "embedding": "weight"}.get(leaf, leaf)
            if module in packed:
                value = pack(value.contiguous(), packed[module])
            own[f"{module}.{leaf}" if module else leaf].copy_(value)
    return model
