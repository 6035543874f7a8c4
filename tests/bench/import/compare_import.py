"""Import speed beside the parsers of others: bench_import on each file, then JAX's MLIR parser or onnx.load, where they
are installed, in the same run.

    python compare_import.py BENCH_IMPORT FILE... [--runs 5]

BENCH_IMPORT is the built benchmark. Every program runs in a process of its own, best of the runs; times are seconds of
the wall clock, with the processor's beside them, and include unpacking .gz. JAX parses and verifies, as we do; it builds
no graph of its own, expands no calls and recovers no scopes. onnx.load parses only; with shape inference beside it.
The ratio is ours by theirs: below 1 is faster than they are.
"""
import argparse
import json
import subprocess
import sys

PEER = r'''
import gzip, json, resource, sys, time
path, runs = sys.argv[1], int(sys.argv[2])
def read():
    return gzip.open(path).read() if path.endswith(".gz") else open(path, "rb").read()
if ".onnx" in path:
    import onnx
    name = "onnx.load + shapes " + onnx.__version__
    def parse():
        onnx.shape_inference.infer_shapes(onnx.load_from_string(read()))
elif ".hlo" in path:
    import jaxlib
    from jaxlib import _hlo
    name = "XLA's HLO parser " + jaxlib.__version__
    def parse():
        _hlo.hlo_module_from_text(read().decode())
else:
    import jax
    from jax.interpreters import mlir
    from jaxlib.mlir import ir
    name = "JAX's MLIR parser " + jax.__version__
    def parse():
        with mlir.make_ir_context():
            ir.Module.parse(read())
wall = cpu = 1e9
for _ in range(runs):
    w, c = time.perf_counter(), time.process_time()
    parse()
    wall, cpu = min(wall, time.perf_counter() - w), min(cpu, time.process_time() - c)
print(json.dumps([name, wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
'''


def ours(bench, path, runs):
    out = subprocess.run([bench, "--json", f"--runs={runs}", path], capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit(out.stderr)
    row = json.loads(out.stdout)
    return row["wallSeconds"], row["cpuSeconds"], row["peakMegabytes"], row["ops"]


def peer(path, runs):
    """Name, wall, processor, megabytes; why not, when it is not installed or does not read the file."""
    out = subprocess.run([sys.executable, "-c", PEER, path, str(runs)], capture_output=True, text=True)
    if out.returncode != 0:
        return (out.stderr.strip().splitlines() or ["no answer"])[-1]
    return json.loads(out.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    print("| file | ops | ours: wall, CPU, peak | peer | wall, CPU, peak | ratio of CPU |")
    print("|---|---|---|---|---|---|")
    for path in arguments.files:
        wall, cpu, peak, ops = ours(arguments.bench, path, arguments.runs)
        row = f"| {path.split('/')[-1]} | {ops:,} | {wall:.3f} s, {cpu:.3f} s, {peak:.0f} MB | "
        theirs = peer(path, arguments.runs)
        if isinstance(theirs, str):
            print(row + f"{theirs} | | |")
            continue
        name, other_wall, other_cpu, other_peak = theirs
        print(row + f"{name} | {other_wall:.3f} s, {other_cpu:.3f} s, {other_peak:.0f} MB | {cpu / other_cpu:.2f} |")


if __name__ == "__main__":
    main()
