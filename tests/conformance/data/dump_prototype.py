#!/usr/bin/env python3
"""Dumps the integer programmes of the runnable prototype of Alpa's authors, in the contest's JSON.

    git clone https://github.com/alpa-projects/alpa && pip install numpy
    python3 dump_prototype.py alpa/playground/auto_sharding_solver OUTPUT

Strategies, costs and the merging of followers are the prototype's (b8078a9f); this script only hands
it the graphs and writes down what it hands to its solver. Costs of 1e10 ("infinite" there) become
1e18; a pair of strategies that an alias forbids is an edge of zeros and 1e18, which is what Alpa's
rows (h) mean for whole solutions. Followers are nodes of their own, tied to the node they follow.
Usages are bytes while a value is live.
"""
import gzip
import json
import os
import sys
import types

import numpy as np

FORBIDDEN = 10**18
captured = {}


def capture(*arguments, **_):
    captured["arguments"] = arguments
    raise StopIteration


# The prototype imports its solver from the package, which needs a whole installation.
for name in ("alpa", "alpa.shard_parallel", "alpa.shard_parallel.auto_sharding"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["alpa.shard_parallel.auto_sharding"]._call_solver_serialized_args = None
sys.path.insert(0, sys.argv[1])
import hlo  # noqa: E402
import solver  # noqa: E402
from cluster_env import ClusterEnvironment  # noqa: E402
from test_solver_mlp import get_mlp_n_layer_computation  # noqa: E402

solver.call_solver = capture
# Costs of edges may be integers when other costs are added to them.
add_edge_cost = solver.CostGraph.add_edge_cost
solver.CostGraph.add_edge_cost = lambda self, i, j, cost: add_edge_cost(
    self, i, j, np.array(cost, dtype=float))


def gpt_forward(blocks, batch=8, sequence=1024, hidden=2560, heads=32):
    """Attention without a mask and a feed-forward network with exp, each behind a residual."""
    width = hidden // heads
    tokens = batch * sequence
    computation = hlo.HloComputation()
    with computation:
        x = hlo.HloParameter((tokens, hidden))

        def projection(x):
            kernel = hlo.HloReshape(hlo.HloParameter((hidden, heads, width)), (hidden, hidden))
            y = hlo.HloReshape(hlo.HloDot(x, kernel), (batch, sequence, heads, width))
            bias = hlo.HloBroadcast(hlo.HloParameter((heads, width)),
                                    (batch, sequence, heads, width), dimensions=(2, 3))
            return hlo.HloAdd(y, bias)

        for _ in range(blocks):
            query = projection(x)
            scale = hlo.HloBroadcast(hlo.HloConstant(0.125), (batch, sequence, heads, width))
            query = hlo.HloTranspose(hlo.HloMutiply(scale, query), [0, 2, 1, 3])
            key = hlo.HloTranspose(projection(x), [0, 2, 3, 1])
            scores = hlo.HloDot(query, key, lhs_batch_dims=(0, 1), lhs_contracting_dims=(3,),
                                rhs_batch_dims=(0, 1), rhs_contracting_dims=(2,))
            square = (batch, heads, sequence, sequence)
            largest = hlo.HloBroadcast(hlo.HloReduce(scores, dimensions=(3,)), square,
                                       dimensions=(0, 1, 2))
            weights = hlo.HloExp(hlo.HloSubtract(scores, largest))
            total = hlo.HloBroadcast(hlo.HloReduce(weights, dimensions=(3,)), square,
                                     dimensions=(0, 1, 2))
            weights = hlo.HloDiv(weights, total)
            value = hlo.HloTranspose(projection(x), [0, 2, 3, 1])
            mixed = hlo.HloDot(value, weights, lhs_batch_dims=(0, 1), lhs_contracting_dims=(3,),
                               rhs_batch_dims=(0, 1), rhs_contracting_dims=(3,))
            mixed = hlo.HloReshape(hlo.HloTranspose(mixed, [0, 3, 1, 2]), (tokens, hidden))
            kernel = hlo.HloReshape(hlo.HloParameter((hidden, heads, width)), (hidden, hidden))
            x = hlo.HloAdd(x, hlo.HloDot(mixed, kernel))
            wide = hlo.HloExp(hlo.HloDot(x, hlo.HloParameter((hidden, 4 * hidden))))
            x = hlo.HloAdd(x, hlo.HloDot(wide, hlo.HloParameter((4 * hidden, hidden))))
        hlo.HloTuple([x])
    return computation


def number(cost):
    cost = float(cost)
    if cost >= hlo.INF_COST:
        return FORBIDDEN
    return int(cost) if cost == int(cost) else round(cost, 6)


def problem_of(computation, mesh, beta):
    environment = ClusterEnvironment(np.arange(np.prod(mesh)).reshape(mesh), [1, 1], beta, 10**15)
    try:
        solver.solve_auto_sharding(computation, environment)
    except StopIteration:
        pass
    n, _, lengths, follow, edges, aliases, live, c, d, m, r, v = captured["arguments"]
    lengths = [lengths[f] if f >= 0 else k for f, k in zip(follow, lengths)]
    begin, end = [0] * n, [0] * n
    for time, nodes in enumerate(live):
        for node in nodes:
            begin[node] = time if end[node] == 0 else begin[node]
            end[node] = time + 1
    pairs, costs = [], []
    for (i, j), cost in zip(edges, r):
        pairs.append([int(i), int(j)])
        costs.append([number(x) for x in np.ravel(cost)])
    for node, leader in enumerate(follow):
        if leader >= 0:
            k = lengths[leader]
            pairs.append([int(leader), node])
            costs.append([0 if p == q else FORBIDDEN for p in range(k) for q in range(k)])
    for (i, j), forbidden in zip(aliases, v):
        pairs.append([int(i), int(j)])
        costs.append([FORBIDDEN if x > 0.5 else 0 for x in np.ravel(forbidden)])
    return {
        "nodes": {
            "intervals": [[b, e] for b, e in zip(begin, end)],
            "costs": [[number(a + b) for a, b in zip(x, y)] for x, y in zip(c, d)],
            "usages": [[int(round(float(x))) for x in usage] for usage in m],
        },
        "edges": {"nodes": pairs, "costs": costs},
    }


def mlp(layers, mesh):
    return problem_of(get_mlp_n_layer_computation(layers, 128, 1024, 1024, 1024), mesh, [1, 0.01])


def gpt(blocks, mesh):
    return problem_of(gpt_forward(blocks), mesh, [1, 0.1])


CASES = {
    "gpt-forward-1-on-2x4": lambda: gpt(1, (2, 4)),
    "gpt-forward-4-on-2x4": lambda: gpt(4, (2, 4)),
    "gpt-forward-8-on-2x4": lambda: gpt(8, (2, 4)),
    "gpt-forward-8-on-4x8": lambda: gpt(8, (4, 8)),
    "gpt-forward-24-on-1x8": lambda: gpt(24, (1, 8)),
    "mlp-5-on-4x8": lambda: mlp(5, (4, 8)),
    "mlp-20-on-4x8": lambda: mlp(20, (4, 8)),
    "mlp-40-on-1x8": lambda: mlp(40, (1, 8)),
}

for name, make in CASES.items():
    stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
    problem = make()
    sys.stdout = stdout
    problem["name"] = name
    text = json.dumps({"problem": problem}, separators=(",", ":"))
    with open(os.path.join(sys.argv[2], name + ".json.gz"), "wb") as out:
        out.write(gzip.compress(text.encode(), 9, mtime=0))
    print(name, len(problem["nodes"]["costs"]), "nodes", len(problem["edges"]["nodes"]), "edges")
