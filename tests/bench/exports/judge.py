"""Feeds exports of plans to the programs that they are for, and prints what those say.

    python judge.py ALPA MODELS [-o verdicts.md] [--plans NAME ...] [--formats NAME ...] [--megatron FOLDER]
                    [--cache FILE]

ALPA is the program, MODELS a folder of JAX models (NAME.loss.stablehlo.mlir.gz, NAME.reference.safetensors,
NAME.json). Needs jax, jsonschema and Graphviz; torch, deepspeed, transformers, torchtitan where installed, and for
Megatron-LM a checkout of it ("-" otherwise). A verdict is "ok" with what was compared, "refused" (the exporter's own
word), or the error. Each target is started once and takes all exports; with a cache, those that it has not seen."""
import argparse
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile

from plans import PLANS

HERE = os.path.dirname(os.path.abspath(__file__))
# Format: the worker that judges it, the module without which it cannot, what "ok" means.
FORMATS = {
    "jax": ("run_jax.py", "jax", "trains on 4 forced devices: losses as on one device and as the model's own, Adam's "
            "updates those of the model's own gradients"),
    "sdy": ("run_stablehlo.py", "jax", "XLA compiles it with Shardy and runs a step: loss and updates as above"),
    "gspmd": ("run_stablehlo.py", "jax", "XLA compiles it with GSPMD and runs a step: loss and updates as above"),
    "torch": ("run_torch.py", "torch", "4 gloo ranks distribute every tensor and gather it whole again; plans of gpt and "
              "llama without stages train with JAX's losses"),
    "torchtitan": ("run_settings.py", "torchtitan", "a Trainer.Config whose degrees and schedule torchtitan's own "
                   "checks take"),
    "pipeline": ("run_pipeline.py", "torch", "torch.distributed.pipelining runs it: loss and gradients as without "
                 "stages"),
    "megatron": ("run_megatron.py", "torch", "Megatron-LM's parser and validate_args take it"),
    "deepspeed": ("run_settings.py", "deepspeed", "DeepSpeedConfig and AutoTPConfig take it, batches multiply"),
    "tp-plan": ("run_settings.py", "transformers", "all styles are known to transformers"),
    "trace": ("run_views.py", "jsonschema", "valid by the schema of trace events, spans do not overlap"),
    "csv": ("run_views.py", "jsonschema", "the csv module reads it, numbers are numbers, all stages are there"),
    "dot": ("run_views.py", "jsonschema", "Graphviz draws it, a cluster a stage"),
    "svg": ("run_views.py", "jsonschema", "an XML parser reads it, every task lies inside the picture"),
}
# What of a case a worker reads, beside the export.
READS = {
    "run_jax.py": ("inputs", "losses", "tolerance"),
    "run_stablehlo.py": ("inputs", "losses", "tolerance"),
    "run_torch.py": ("model", "inputs", "losses"),
    "run_settings.py": ("format", "devices"),
    "run_pipeline.py": (),
    "run_megatron.py": ("devices",),
    "run_views.py": ("format", "stages"),
}
SUFFIX = {"jax": ".py", "torch": ".py", "torchtitan": ".py"}


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=560)


def export_plan(arguments, folder, name):
    """The cases of a plan: format, path of the export, or the exporter's refusal."""
    model, options, *rest = PLANS[name]
    cluster, formats = rest or ("cpu-x4", list(FORMATS))
    plan = os.path.join(folder, re.sub(r"\W+", "-", name) + ".plan")
    source = os.path.join(arguments.models, model + ("" if model.endswith(".step") else ".loss"))
    made = run(arguments.alpa, "plan", source + ".stablehlo.mlir.gz", "--cluster", cluster, *options.split(), "-o", plan)
    if made.returncode != 0:
        return [{"plan": name, "format": "plan", "verdict": made.stderr.strip().split("\n")[0]}]
    model = model.removesuffix(".step")
    about = os.path.join(arguments.models, model)
    with open(plan) as file:
        stages = len(json.load(file)["stages"])
    with open(about + ".json") as file:
        losses = json.load(file).get("adam_1e-3_losses", [])
    cases = []
    for kind in [f for f in formats if f in arguments.formats]:
        case = {"plan": name, "format": kind, "model": model, "inputs": about + ".reference.safetensors",
                "losses": losses, "devices": 4, "stages": stages, "megatron": arguments.megatron,
                "tolerance": 2e-2 if "bf16" in model else 2e-4,
                "path": plan + "." + kind + SUFFIX.get(kind, "")}
        done = run(arguments.alpa, "export", plan, "--to", kind, "-o", case["path"])
        if done.returncode != 0:
            case["verdict"] = "refused: " + done.stderr.strip().split("this plan: ")[-1].split("\n")[0]
        cases.append(case)
    return cases


def fingerprint(case):
    """Of all that a verdict depends on: the export, what its worker reads of the case, the worker itself."""
    worker = FORMATS[case["format"]][0]
    digest = hashlib.sha256(json.dumps([case[field] for field in READS[worker]]).encode())
    with open(case["path"], "rb") as file:
        digest.update(file.read())
    for name in (worker, "serve.py", "adam_check.py", "torch_models.py"):
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def judge_all(worker, cases, said):
    """Gives `cases` to one process after another: one that dies is started again behind the case that it died of."""
    waiting = list(cases)
    while waiting:
        with subprocess.Popen([sys.executable, os.path.join(HERE, worker)], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            while waiting:
                try:
                    process.stdin.write(json.dumps(waiting[0]) + "\n")
                    process.stdin.flush()
                    line = process.stdout.readline()
                except BrokenPipeError:
                    line = ""
                case = waiting.pop(0)
                case["verdict"] = json.loads(line) if line else "its judge died"
                said(case)
                if not line:
                    break
            process.stdin.close()


def judge(cases, cache, said):
    """Fills in the verdicts that cases lack; `cache` gains those that are ok one by one."""
    open_cases = []

    def judged(case):
        if case["verdict"].startswith("ok"):
            cache[fingerprint(case)] = case["verdict"]
        said(case)

    for case in cases:
        is_missing = case["format"] in FORMATS and (
            importlib.util.find_spec(FORMATS[case["format"]][1]) is None or
            (case["format"] == "megatron" and not case["megatron"]))
        if "verdict" not in case and is_missing:
            case["verdict"] = "-"
        if "verdict" not in case:
            case["verdict"] = cache.get(fingerprint(case), "")
        if case["verdict"]:
            said(case)
        else:
            del case["verdict"]
            open_cases.append(case)
    for worker in dict.fromkeys(worker for worker, _, _ in FORMATS.values()):
        judge_all(worker, [case for case in open_cases if FORMATS[case["format"]][0] == worker], judged)


def describe(cases):
    """One table of all, then the reasons of refusals and what else was said."""
    formats = [f for f in FORMATS if any(c["format"] == f for c in cases)]
    reasons = []
    rows = ["| plan | asked of `alpa plan` | " + " | ".join(formats) + " |", "|---" * (len(formats) + 2) + "|"]
    for name in dict.fromkeys(c["plan"] for c in cases):
        own = {c["format"]: c["verdict"] for c in cases if c["plan"] == name}
        marks = []
        for kind in ["plan"] * ("plan" in own) or formats:
            verdict = own.get(kind, "")
            if verdict.startswith("ok") or verdict in ("", "-"):
                marks.append("ok" if verdict.startswith("ok") else verdict)
                continue
            if verdict not in reasons:
                reasons.append(verdict)
            marks.append(("no " if verdict.startswith("refused") else "FAILS ") + f"({reasons.index(verdict) + 1})")
        model, options, *rest = PLANS[name]
        asked = f"{model} {options}" + (f" on {rest[0]}" if rest else "")
        rows.append(f"| {name} | `{asked}` | " + " | ".join(marks) + " |")
    for title, starts in (("accepted", "ok"), ("refused", "refused")):
        counts = [sum(c["format"] == f and c["verdict"].startswith(starts) for c in cases) for f in formats]
        rows.append(f"| **{title}** | | " + " | ".join(map(str, counts)) + " |")
    text = "\n".join(rows) + "\n\n## Why not\n" + "".join(f"{i + 1}. {r}\n" for i, r in enumerate(reasons))
    text += "\n## What was compared\n| format | ok means | for instance |\n|---|---|---|\n"
    for kind in formats:
        example = next((f"{c['plan']}: {c['verdict'][4:]}" for c in cases
                        if c["format"] == kind and c["verdict"].startswith("ok")), "")
        text += f"| {kind} | {FORMATS[kind][2]} | {example} |\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("alpa")
    parser.add_argument("models")
    parser.add_argument("-o", "--output")
    parser.add_argument("--plans", nargs="*", default=list(PLANS))
    parser.add_argument("--formats", nargs="*", default=list(FORMATS))
    parser.add_argument("--megatron", help="a checkout of Megatron-LM")
    parser.add_argument("--cache", help="verdicts of earlier runs, by what they depend on")
    arguments = parser.parse_args()
    cache = {}
    if arguments.cache and os.path.exists(arguments.cache):
        with open(arguments.cache) as file:
            cache = json.load(file)
    with tempfile.TemporaryDirectory() as folder:
        cases = [case for name in arguments.plans for case in export_plan(arguments, folder, name)]

        def said(case):
            print(case["plan"], case["format"], case["verdict"], sep=" | ", flush=True)
            if arguments.cache:
                with open(arguments.cache, "w") as file:
                    json.dump(cache, file, indent=1, sort_keys=True)

        judge(cases, cache, said)
    text = "# Verdicts of the targets\n\nMade by judge.py on plans for four devices.\n\n" + describe(cases)
    print(text)
    if arguments.output:
        with open(arguments.output, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
