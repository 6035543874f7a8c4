"""Megatron-LM's own argument parser and validate_args take an exported command line, without a GPU. The case names a
checkout of Megatron-LM: the package megatron.training is not in megatron-core."""
import contextlib
import io
import os
import shlex
import sys
import types
import typing

import typing_extensions

from serve import serve


def command_of(path):
    """Variables, the launcher's options and the script's, of "A=1 torchrun --x 1 pretrain_gpt.py --y 2"."""
    with open(path) as file:
        text = "\n".join(line for line in file if not line.startswith("#")).replace("\\\n", " ")
    words = shlex.split(text.replace("\n", " "))
    script = words.index("pretrain_gpt.py")
    launch = words.index("torchrun")
    variables = dict(word.split("=", 1) for word in words[:launch])
    return variables, dict(zip(words[launch:script], words[launch + 1:script])), words[script + 1:]


def judge(case):
    if "megatron.training" not in sys.modules:
        typing.override = typing_extensions.override  # Python 3.11 lacks it.
        sys.path.insert(0, case["megatron"])
        import torch
        # What it asks of the GPU: a Hopper.
        torch.cuda.get_device_capability = lambda *a: (9, 0)
        torch.cuda.get_device_properties = lambda *a: types.SimpleNamespace(major=9, minor=0, total_memory=2**37,
                                                                            name="H200")
    from megatron.training.arguments import parse_args, validate_args
    variables, launcher, options = command_of(case["path"])
    os.environ.pop("CUDA_DEVICE_MAX_CONNECTIONS", None)
    os.environ.update(variables)
    world = int(launcher["--nnodes"]) * int(launcher["--nproc_per_node"])
    if world != case["devices"]:
        return f"starts {world} ranks for {case['devices']} devices"
    os.environ.update(WORLD_SIZE=str(world), RANK="0", LOCAL_RANK="0")
    sys.argv = ["pretrain_gpt.py"] + options
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            arguments = parse_args(ignore_unknown_args=False)
            validate_args(arguments)
    except SystemExit:
        return said.getvalue().strip().split("\n")[-1][:200]
    return "ok: its parser and validate_args take it: DP %d, TP %d, PP %d, VPP %d" % (
        arguments.data_parallel_size, arguments.tensor_model_parallel_size, arguments.pipeline_model_parallel_size,
        arguments.virtual_pipeline_model_parallel_size or 1)


if __name__ == "__main__":
    serve(judge)
