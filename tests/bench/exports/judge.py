"""Feeds exports of plans to the programs that they are for, and prints what those say.

    python judge.py ALPA MODELS [-o verdicts.md] [--plans NAME ...]

ALPA is the program, MODELS a folder of JAX models (NAME.loss.stablehlo.mlir.gz, NAME.reference.safetensors,
NAME.json). Needs jax; torch, deepspeed, transformers, megatron-core, torchtitan where installed ("-" otherwise).
A verdict is "ok" with what was compared, "refused" (the exporter's own word), or the error.
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
# Name: model, options of `alpa plan` on four CPU devices.
PLANS = {
    "mlp dp4": ("mlp-tiny", "--strategy dp"),
    "mlp 2 microbatches": ("mlp-tiny", "--pp 1 --microbatches 2"),
    "gpt dp2 tp2": ("gpt-tiny", "--dp 2 --tp 2"),
    "gpt megatron": ("gpt-tiny", "--pp 2 --tp 2 --pin block_?.qkv.kernel*={-,y} --pin block_?.proj.kernel={y,-} "
                                 "--pin block_?.fc.kernel={-,y} --pin block_?.out.kernel={y,-}"),
    "gpt zero3": ("gpt-tiny", "--strategy zero3 --pp 1"),
    "gpt pp2": ("gpt-tiny", "--pp 2 --dp 2 --microbatches 2 --schedule 1f1b"),
    "gpt gpipe": ("gpt-tiny", "--pp 2 --dp 2 --microbatches 2 --schedule gpipe"),
    "gpt zero-bubble": ("gpt-tiny", "--pp 2 --dp 2 --microbatches 2 --schedule zero-bubble"),
    "gpt bf16": ("gpt-tiny-bf16", "--dp 2 --tp 2"),
    "llama tp2 dp2": ("llama-tiny", "--dp 2 --tp 2"),
    "llama zero2": ("llama-tiny", "--strategy zero2 --pp 1"),
    "llama pp2 tp2": ("llama-tiny", "--pp 2 --tp 2 --microbatches 2"),
    "wresnet dp4": ("wresnet-tiny", "--dp 4"),
    "moe": ("moe-tiny", ""),
    "scan gpt": ("scan-gpt-tiny", "--dp 2 --tp 2"),
}
FORMATS = ["jax", "sdy", "gspmd", "torch", "torchtitan", "pipeline", "megatron", "deepspeed", "tp-plan", "trace",
           "csv", "dot", "svg"]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=560, **options)


def has(module):
    return importlib.util.find_spec(module) is not None


def near(actual, expected, tolerance):
    return all(abs(a - e) <= tolerance * max(1e-9, abs(e)) for a, e in zip(actual, expected))


def judge_jax(path, case):
    """The file itself trains on forced host devices and on one device."""
    done = run(sys.executable, path, "--cpu", "--compare", "--steps", "3", "--inputs", case["inputs"])
    if done.returncode != 0:
        return (done.stderr.strip().split("\n") or ["failed"])[-1][:160]
    result = json.loads(done.stdout.strip().split("\n")[-1])
    tolerance = 2e-2 if "bf16" in case["model"] else 2e-4
    if not near(result["losses"], result["single"], tolerance):
        return f"losses {result['losses']} differ from one device's {result['single']}"
    if not near(result["losses"], case["losses"], tolerance):
        return f"losses {result['losses']} differ from the model's own {case['losses'][:3]}"
    return "ok: 3 losses as on one device and as the model's own, e.g. %.6g" % result["losses"][-1]


def judge_stablehlo(path, case):
    """XLA compiles the module for four host devices and runs a step of it."""
    done = run(sys.executable, os.path.join(HERE, "run_stablehlo.py"), path, case["inputs"])
    if done.returncode != 0:
        return (done.stderr.strip().split("\n") or ["failed"])[-1][:160]
    losses = json.loads(done.stdout.strip().split("\n")[-1])["losses"]
    tolerance = 2e-2 if "bf16" in case["model"] else 2e-4
    if not near(losses, case["losses"], tolerance):
        return f"losses {losses} differ from the model's own {case['losses'][:1]}"
    return "ok: XLA compiles it, the loss is the model's own"


def judge_torch(path, case):
    """Four gloo processes: every parameter's local part is the plan's; MODULES split a toy of Linears."""
    if not has("torch"):
        return "-"
    done = run(sys.executable, os.path.join(HERE, "run_torch.py"), path)
    if done.returncode != 0:
        return (done.stderr.strip().split("\n") or ["failed"])[-1][:160]
    return "ok: " + done.stdout.strip().split("\n")[-1]


def judge_torchtitan(path, case):
    if not has("torchtitan"):
        return "-"
    code = ("import sys, runpy\nfrom torchtitan.models.llama3.config_registry import llama3_debugmodel as base\n"
            "c = runpy.run_path(sys.argv[1])['alpa_plan'](base)\np = c.parallelism\n"
            "print(p.data_parallel_replicate_degree, p.data_parallel_shard_degree, p.tensor_parallel_degree, "
            "p.pipeline_parallel_degree)")
    done = run(sys.executable, "-c", code, path)
    if done.returncode != 0:
        return (done.stderr.strip().split("\n") or ["failed"])[-1][:160]
    degrees = [int(n) for n in done.stdout.strip().split("\n")[-1].split()]
    product = degrees[0] * degrees[1] * degrees[2] * degrees[3]
    return f"ok: a Trainer.Config for {product} ranks" if product == 4 else f"degrees {degrees} for 4 devices"


def judge_pipeline(path, case):
    if not has("torch"):
        return "-"
    done = run(sys.executable, os.path.join(HERE, "run_pipeline.py"), path)
    if done.returncode != 0:
        return (done.stderr.strip().split("\n") or ["failed"])[-1][:160]
    return "ok: " + done.stdout.strip().split("\n")[-1]


def judge_megatron(path, case):
    text = open(path).read()
    flags = dict(re.findall(r"--([a-z0-9-]+)(?: \"?([^\s\"\\-][^\s\"\\]*)\"?)?", text.split("pretrain_gpt.py")[1]))
    tp, pp = int(flags["tensor-model-parallel-size"]), int(flags["pipeline-model-parallel-size"])
    if int(flags["global-batch-size"]) % int(flags["micro-batch-size"]) != 0 or 4 % (tp * pp) != 0:
        return "degrees or batches do not divide"
    if not has("megatron.core"):
        return "-"
    layout = flags.get("pipeline-model-parallel-layout", "")
    code = ("import sys, json\nf = json.loads(sys.argv[1])\n"
            "from megatron.core.transformer.transformer_config import TransformerConfig\n"
            "layout = f.get('pipeline-model-parallel-layout')\n"
            "import torch\n"
            "c = TransformerConfig(num_layers=int(f['num-layers']), hidden_size=int(f['hidden-size']),\n"
            "  ffn_hidden_size=int(f['ffn-hidden-size']), num_attention_heads=int(f['num-attention-heads']),\n"
            "  tensor_model_parallel_size=int(f['tensor-model-parallel-size']),\n"
            "  pipeline_model_parallel_size=int(f['pipeline-model-parallel-size']), pipeline_dtype=torch.float32,\n"
            "  sequence_parallel='sequence-parallel' in f, pipeline_model_parallel_layout=layout)\n"
            "print('ok')")
    done = run(sys.executable, "-c", code, json.dumps(flags))
    if done.returncode != 0:
        return (done.stderr.strip().split("\n") or ["failed"])[-1][:160]
    return "ok: megatron-core's TransformerConfig" + (f" and layout parser take {layout}" if layout else " takes it")


def judge_deepspeed(path, case):
    if not has("deepspeed"):
        return "-"
    code = ("import sys, json\nfrom deepspeed.module_inject.autotp_config import AutoTPConfig\n"
            "from deepspeed.runtime.zero.config import DeepSpeedZeroConfig\n"
            "from deepspeed.runtime.tensor_parallel.config import TPTrainingConfig\n"
            "c = json.load(open(sys.argv[1]))\nDeepSpeedZeroConfig(**c['zero_optimization'])\n"
            "t = c.get('tensor_parallel')\n"
            "if t: TPTrainingConfig(**t); s = AutoTPConfig.from_dict(t['partition_config']); assert s.layer_specs\n"
            "dp = 4 // (t or {}).get('autotp_size', 1)\n"
            "assert c['train_batch_size'] == c['train_micro_batch_size_per_gpu'] * c['gradient_accumulation_steps'] * dp\n"
            "print('ok')")
    done = run(sys.executable, "-c", code, path)
    if done.returncode != 0:
        return (done.stderr.strip().split("\n") or ["failed"])[-1][:160]
    return "ok: its ZeRO and AutoTP configurations take it, batches multiply"


def judge_tp_plan(path, case):
    if not has("transformers"):
        return "-"
    code = ("import sys, json\nfrom transformers.distributed.tensor_parallel import ALL_PARALLEL_STYLES as S\n"
            "p = json.load(open(sys.argv[1]))\nassert p and all(s in S for s in p.values()), p\nprint(len(p))")
    done = run(sys.executable, "-c", code, path)
    if done.returncode != 0:
        return (done.stderr.strip().split("\n") or ["failed"])[-1][:160]
    return f"ok: {done.stdout.strip()} patterns, all styles known to transformers"


def judge_trace(path, case):
    events = json.load(open(path))["traceEvents"]
    spans = [e for e in events if e["ph"] == "X"]
    return f"ok: {len(spans)} spans" if all(e["dur"] >= 0 for e in spans) and spans else "no spans"


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
    xml.dom.minidom.parse(path)
    return "ok: well-formed"


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
    parser.add_argument("--formats", nargs="*", default=FORMATS)
    arguments = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (model, options) in PLANS.items():
            if arguments.plans and name not in arguments.plans:
                continue
            plan = os.path.join(folder, "plan.json")
            source = os.path.join(arguments.models, model)
            made = run(arguments.alpa, "plan", source + ".loss.stablehlo.mlir.gz", "--cluster", "cpu-x4",
                       *options.split(), "-o", plan)
            if made.returncode != 0:
                lines.append((name, "plan", made.stderr.strip().split("\n")[0]))
                print(*lines[-1], sep=" | ", flush=True)
                continue
            case = {"model": model, "inputs": source + ".reference.safetensors",
                    "losses": json.load(open(source + ".json"))["adam_1e-3_losses"]}
            for kind in arguments.formats:
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
    good = sum(l[2].startswith("ok") for l in lines)
    refused = sum(l[2].startswith("refused") for l in lines)
    table += f"\n{good} accepted, {refused} refused by the exporter, {len(lines) - good - refused} other.\n"
    print(table.split("\n\n")[-1])
    if arguments.output:
        with open(arguments.output, "w") as file:
            file.write("# Verdicts of the targets\n\nMade by judge.py, which says how.\n\n" + table)


if __name__ == "__main__":
    main()
