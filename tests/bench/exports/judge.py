"""Feeds exports of plans to the programs that they are for, and prints what those say.

    python judge.py ALPA MODELS [-o verdicts.md] [--plans NAME ...] [--megatron FOLDER]

ALPA is the program, MODELS a folder of JAX models (NAME.loss.stablehlo.mlir.gz, NAME.reference.safetensors,
NAME.json). Needs jax; torch, deepspeed, transformers, torchtitan where installed, and for Megatron-LM a checkout of
it ("-" otherwise). A verdict is "ok" with what was compared, "refused" (the exporter's own word), or the error.
"""
import argparse
import csv
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.dom.minidom

HERE = os.path.dirname(os.path.abspath(__file__))
PINS = ("--pin block_?.qkv.kernel*={-,y} --pin block_?.proj.kernel={y,-} --pin block_?.fc.kernel={-,y} "
        "--pin block_?.out.kernel={y,-}")
LARGE = ["torch", "torchtitan", "pipeline", "megatron", "deepspeed", "tp-plan", "trace", "csv", "dot", "svg"]
# Name: model, options of `alpa plan` on four CPU devices. Those with a cluster are only parsed, not trained.
PLANS = {
    "mlp dp4": ("mlp-tiny", "--strategy dp"),
    "mlp 2 microbatches": ("mlp-tiny", "--pp 1 --microbatches 2"),
    "gpt dp2 tp2": ("gpt-tiny", "--dp 2 --tp 2"),
    "gpt tp4": ("gpt-tiny", "--dp 1 --tp 4"),
    "gpt step file": ("gpt-tiny.step", "--dp 2 --tp 2"),
    "gpt megatron": ("gpt-tiny", "--pp 2 --tp 2 --schedule 1f1b " + PINS),
    "gpt zero2": ("gpt-tiny", "--strategy zero2 --pp 1"),
    "gpt zero3": ("gpt-tiny", "--strategy zero3 --pp 1"),
    "gpt selective": ("gpt-tiny", "--dp 2 --tp 2 --recomputation selective"),
    "gpt full recomputation": ("gpt-tiny", "--dp 4 --tp 1 --strategy zero2 --recomputation full"),
    "gpt pp2": ("gpt-tiny", "--pp 2 --dp 2 --microbatches 2 --schedule 1f1b"),
    "gpt gpipe": ("gpt-tiny", "--pp 2 --dp 2 --microbatches 2 --schedule gpipe"),
    "gpt zero-bubble": ("gpt-tiny", "--pp 2 --dp 2 --microbatches 2 --schedule zero-bubble"),
    "gpt bf16": ("gpt-tiny-bf16", "--dp 2 --tp 2"),
    "llama tp2 dp2": ("llama-tiny", "--dp 2 --tp 2"),
    "llama zero2": ("llama-tiny", "--strategy zero2 --pp 1"),
    "llama pp2 tp2": ("llama-tiny", "--pp 2 --tp 2 --microbatches 2 --schedule 1f1b"),
    "wresnet dp4": ("wresnet-tiny", "--dp 4"),
    "moe": ("moe-tiny", "--pp 1"),
    "moe pp2 tp2": ("moe-tiny", "--pp 2 --tp 2 --microbatches 2 --schedule 1f1b"),
    "scan gpt": ("scan-gpt-tiny", "--dp 2 --tp 2"),
    "scan gpt pp4": ("scan-gpt-tiny", "--pp 4 --microbatches 4 --schedule 1f1b"),
    "scan gpt interleaved": ("scan-gpt-tiny", "--pp 2 --tp 2 --microbatches 4 --schedule interleaved"),
    "1.3b zero2": ("gpt-1.3b", "--strategy zero2 --pp 1 --global-batch 32", "h200-x4", LARGE),
    "1.3b tp4": ("gpt-1.3b", "--dp 1 --tp 4 --global-batch 32 " + PINS.replace("_?", "_*"), "h200-x4", LARGE),
    "1.3b dp2 tp2": ("gpt-1.3b", "--dp 2 --tp 2 --global-batch 32 " + PINS.replace("_?", "_*"), "h200-x4", LARGE),
    "1.3b pp4": ("gpt-1.3b", "--pp 4 --global-batch 32 --schedule 1f1b", "h200-x4", LARGE),
    "1.3b pp2 tp2": ("gpt-1.3b", "--pp 2 --tp 2 --global-batch 32 --schedule 1f1b " + PINS.replace("_?", "_*"),
                     "h200-x4", LARGE),
    "1.3b zero-bubble": ("gpt-1.3b", "--pp 4 --global-batch 32 --schedule zero-bubble", "h200-x4", LARGE),
    "1.3b interleaved": ("gpt-1.3b", "--pp 4 --global-batch 32 --schedule interleaved --recomputation full", "h200-x4",
                         LARGE),
    "llama-8b tp4": ("llama-8b", "--tp 4 --global-batch 8", "h200-x4", LARGE),
}
FORMATS = ["jax", "sdy", "gspmd", "torch", "torchtitan", "pipeline", "megatron", "deepspeed", "tp-plan", "trace",
           "csv", "dot", "svg"]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=560, **options)


def has(module):
    return importlib.util.find_spec(module) is not None


def near(actual, expected, tolerance):
    return all(abs(a - e) <= tolerance * max(1e-9, abs(e)) for a, e in zip(actual, expected))


def last_line(text):
    return (text.strip().split("\n") or [""])[-1]


def failure(done):
    return (last_line(done.stderr) or "failed")[:200]


def python(script, *arguments, **options):
    return run(sys.executable, os.path.join(HERE, script), *arguments, **options)


def tolerance_of(case):
    return 2e-2 if "bf16" in case["model"] else 2e-4


def judge_jax(path, case):
    """The file itself trains on forced host devices and on one device."""
    done = python("run_jax.py", path, case["inputs"], str(10 * tolerance_of(case)))
    if done.returncode != 0:
        return failure(done)
    result = json.loads(last_line(done.stdout))
    if not near(result["losses"], result["single"], tolerance_of(case)):
        return f"losses {result['losses']} differ from one device's {result['single']}"
    if not near(result["losses"], case["losses"], tolerance_of(case)):
        return f"losses {result['losses']} differ from the model's own {case['losses'][:3]}"
    return "ok: 3 losses as on one device and as the model's own, e.g. %.6g; %d tensors updated as by its gradients" % (
        result["losses"][-1], result["checked"])


def judge_stablehlo(path, case):
    """XLA compiles the module for four host devices and runs a step of it."""
    done = python("run_stablehlo.py", path, case["inputs"], str(10 * tolerance_of(case)))
    if done.returncode != 0:
        return failure(done)
    result = json.loads(last_line(done.stdout))
    if not near(result["losses"], case["losses"], tolerance_of(case)):
        return f"losses {result['losses']} differ from the model's own {case['losses'][:1]}"
    return f"ok: XLA compiles it, the loss is the model's own, {result['checked']} tensors updated as by its gradients"


def judge_torch(path, case):
    """Four gloo processes: every parameter's local part is the plan's; MODULES split a toy of Linears."""
    if not has("torch"):
        return "-"
    if case["cluster"] != "cpu-x4":
        with open(path) as file:
            compile(file.read(), path, "exec")
        return "ok: Python compiles it"
    more = [case["model"], case["inputs"], case["json"]] if "bf16" not in case["model"] else []
    done = python("run_torch.py", path, *more)
    return failure(done) if done.returncode != 0 else "ok: " + last_line(done.stdout)


def judge_torchtitan(path, case):
    if not has("torchtitan"):
        return "-"
    # Its own checks of degrees against the ranks, its schedule by name, and its count of stages a rank.
    code = ("import sys, runpy\nfrom torchtitan.models.llama3.config_registry import llama3_debugmodel as base\n"
            "from torchtitan.distributed.parallel_dims import ParallelDims\n"
            "from torch.distributed.pipelining.schedules import get_schedule_class, PipelineScheduleSingle\n"
            "c = runpy.run_path(sys.argv[1])['alpa_plan'](base)\np = c.parallelism\n"
            "ParallelDims.from_config(p, 4)\n"
            "if p.pipeline_parallel_degree > 1:\n"
            "    s = get_schedule_class(p.pipeline_parallel_schedule)\n"
            "    per_rank = len(p.module_fqns_per_model_part) / p.pipeline_parallel_degree\n"
            "    assert per_rank == 1 if issubclass(s, PipelineScheduleSingle) else per_rank >= 1, (s, per_rank)\n"
            "    assert c.training.local_batch_size % p.pipeline_parallel_microbatch_size == 0\n"
            "print(p.data_parallel_replicate_degree, p.data_parallel_shard_degree, p.tensor_parallel_degree, "
            "p.pipeline_parallel_degree)")
    done = run(sys.executable, "-c", code, path)
    if done.returncode != 0:
        return failure(done)
    degrees = [int(n) for n in done.stdout.strip().split("\n")[-1].split()]
    product = degrees[0] * degrees[1] * degrees[2] * degrees[3]
    return f"ok: a Trainer.Config for {product} ranks" if product == 4 else f"degrees {degrees} for 4 devices"


def judge_pipeline(path, case):
    if not has("torch"):
        return "-"
    done = run(sys.executable, os.path.join(HERE, "run_pipeline.py"), path)
    if done.returncode != 0:
        return failure(done)
    return "ok: " + done.stdout.strip().split("\n")[-1]


def judge_megatron(path, case):
    if not case["megatron"]:
        return "-"
    done = python("run_megatron.py", case["megatron"], path, "4")
    if done.returncode != 0:
        return failure(done)
    degrees = [int(n) for n in last_line(done.stdout).split()]
    return "ok: its parser and validate_args take it: DP %d, TP %d, PP %d, VPP %d" % tuple(degrees)


def judge_deepspeed(path, case):
    if not has("deepspeed"):
        return "-"
    code = ("import sys, json, types, os\nos.environ['DS_ACCELERATOR'] = 'cpu'\n"
            "from deepspeed.module_inject.autotp_config import AutoTPConfig\n"
            "import deepspeed.runtime.config as config\n"
            "c = json.load(open(sys.argv[1]))\nt = c.get('tensor_parallel')\n"
            "dp = 4 // (t or {}).get('autotp_size', 1)\n"
            "config.dist = types.SimpleNamespace(get_rank=lambda: 0)\n"
            "d = config.DeepSpeedConfig(sys.argv[1], mpu=types.SimpleNamespace(get_data_parallel_world_size=lambda: dp))\n"
            "assert d.train_batch_size == d.train_micro_batch_size_per_gpu * d.gradient_accumulation_steps * dp\n"
            "if t: s = AutoTPConfig.from_dict(t['partition_config']); assert s.layer_specs\n"
            "print(d.zero_optimization_stage, (t or {}).get('autotp_size', 1))")
    done = run(sys.executable, "-c", code, path)
    if done.returncode != 0:
        return failure(done)
    return "ok: DeepSpeedConfig takes it: ZeRO %s, AutoTP %s, batches multiply" % tuple(last_line(done.stdout).split())


def judge_tp_plan(path, case):
    if not has("transformers"):
        return "-"
    code = ("import sys, json\nfrom transformers.distributed.tensor_parallel import ALL_PARALLEL_STYLES as S\n"
            "p = json.load(open(sys.argv[1]))\nassert p and all(s in S for s in p.values()), p\nprint(len(p))")
    done = run(sys.executable, "-c", code, path)
    if done.returncode != 0:
        return failure(done)
    return f"ok: {done.stdout.strip()} patterns, all styles known to transformers"


def judge_trace(path, case):
    """As the Trace Event Format has it: named processes, spans that do not overlap on a thread, finite counters."""
    events = json.load(open(path))["traceEvents"]
    spans = [e for e in events if e["ph"] == "X"]
    named = {e["pid"] for e in events if e["ph"] == "M" and e["name"] == "process_name"}
    threads = {}
    for e in spans:
        assert e["dur"] >= 0 and e["ts"] >= 0 and e["pid"] in named and isinstance(e["tid"], int), e
        if e["tid"] == 0:  # Transfers of different links overlap.
            threads.setdefault((e["pid"], e["tid"]), []).append((e["ts"], e["ts"] + e["dur"]))
    for thread in threads.values():
        thread.sort()
        assert all(b[0] >= a[1] - 1e-6 * max(1, a[1]) for a, b in zip(thread, thread[1:])), "spans overlap"
    for e in events:
        assert e["ph"] in "XMC", e
        assert e["ph"] != "C" or all(isinstance(v, (int, float)) for v in e["args"].values()), e
    return f"ok: {len(spans)} spans on {len(threads)} threads, none overlap" if spans else "no spans"


def judge_csv(path, case):
    rows = list(csv.reader(open(path)))
    return f"ok: {len(rows) - 1} rows" if len({len(r) for r in rows}) == 1 else "rows differ in length"


def judge_dot(path, case):
    try:
        done = run("dot", "-Tsvg", path)
    except FileNotFoundError:
        return "-"
    return "ok: Graphviz draws it" if done.returncode == 0 else done.stderr.strip()[:160]


def judge_svg(path, case):
    document = xml.dom.minidom.parse(path)
    box = [float(n) for n in document.documentElement.getAttribute("viewBox").split()]
    for shape in document.getElementsByTagName("rect")[1:]:
        x, y, width, height = (float(shape.getAttribute(a)) for a in ("x", "y", "width", "height"))
        assert x >= 0 and x + width <= box[2] + 0.1 and y >= 0 and y + height <= box[3] + 0.1, "outside of the picture"
    return f"ok: well-formed, {len(document.getElementsByTagName('rect')) - 1} tasks inside the picture"


JUDGES = {"jax": judge_jax, "sdy": judge_stablehlo, "gspmd": judge_stablehlo, "torch": judge_torch,
          "torchtitan": judge_torchtitan, "pipeline": judge_pipeline, "megatron": judge_megatron,
          "deepspeed": judge_deepspeed, "tp-plan": judge_tp_plan, "trace": judge_trace, "csv": judge_csv,
          "dot": judge_dot, "svg": judge_svg}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("alpa")
    parser.add_argument("models")
    parser.add_argument("-o", "--output")
    parser.add_argument("--plans", nargs="*")
    parser.add_argument("--megatron", help="a checkout of Megatron-LM")
    parser.add_argument("--formats", nargs="*", default=FORMATS)
    arguments = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (model, options, *rest) in PLANS.items():
            if arguments.plans and name not in arguments.plans:
                continue
            cluster, formats = rest or ("cpu-x4", FORMATS)
            plan = os.path.join(folder, "plan.json")
            source = os.path.join(arguments.models, model + ("" if model.endswith(".step") else ".loss"))
            made = run(arguments.alpa, "plan", source + ".stablehlo.mlir.gz", "--cluster", cluster, *options.split(),
                       "-o", plan)
            if made.returncode != 0:
                lines.append((name, "plan", made.stderr.strip().split("\n")[0]))
                print(*lines[-1], sep=" | ", flush=True)
                continue
            model = model.removesuffix(".step")
            about = os.path.join(arguments.models, model)
            losses = json.load(open(about + ".json")).get("adam_1e-3_losses", [])
            case = {"model": model, "inputs": about + ".reference.safetensors", "json": about + ".json",
                    "losses": losses, "cluster": cluster, "megatron": arguments.megatron}
            for kind in [f for f in arguments.formats if f in formats]:
                path = os.path.join(folder, "export.py" if kind in ("jax", "torch", "torchtitan") else "export")
                done = run(arguments.alpa, "export", plan, "--to", kind, "-o", path)
                if done.returncode != 0:
                    reason = done.stderr.strip().split("this plan: ")[-1].split("\n")[0]
                    verdict = "refused: " + reason
                else:
                    try:
                        verdict = JUDGES[kind](path, case)
                    except Exception as error:  # A judge's own failure is a verdict too.
                        verdict = f"{type(error).__name__}: {error}"[:160]
                lines.append((name, kind, verdict))
                print(*lines[-1], sep=" | ", flush=True)
    table = "| plan | format | verdict |\n|---|---|---|\n" + "".join("| " + " | ".join(l) + " |\n" for l in lines)
    table += "\n| format | accepted | refused by the exporter | other |\n|---|---|---|---|\n"
    for kind in FORMATS:
        verdicts = [l[2] for l in lines if l[1] == kind]
        good = sum(v.startswith("ok") for v in verdicts)
        refused = sum(v.startswith("refused") for v in verdicts)
        table += f"| {kind} | {good} | {refused} | {len(verdicts) - good - refused} |\n"
    print(table.split("\n\n")[-1])
    if arguments.output:
        with open(arguments.output, "w") as file:
            file.write("# Verdicts of the targets\n\nMade by judge.py, which says how.\n\n" + table)


if __name__ == "__main__":
    main()
