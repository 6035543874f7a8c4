"""Megatron-LM's own argument parser and validate_args take an exported command line, without a GPU.

    python run_megatron.py MEGATRON_FOLDER EXPORT.sh WORLD_SIZE

MEGATRON_FOLDER is a checkout of Megatron-LM (the package megatron.training is not in megatron-core)."""
import os
import shlex
import sys
import types
import typing

import typing_extensions

typing.override = typing_extensions.override  # Python 3.11 lacks it.
sys.path.insert(0, sys.argv[1])
text = "\n".join(line for line in open(sys.argv[2]) if not line.startswith("#")).replace("\\\n", " ")
words = shlex.split(text.replace("\n", " "))
script = words.index("pretrain_gpt.py")
for word in words[:words.index("torchrun")]:
    name, _, value = word.partition("=")
    os.environ[name] = value
launcher = dict(zip(words[:script], words[1:script]))
world = int(launcher["--nnodes"]) * int(launcher["--nproc_per_node"])
assert world == int(sys.argv[3]), f"starts {world} ranks"
os.environ.update(WORLD_SIZE=str(world), RANK="0", LOCAL_RANK="0")
sys.argv = ["pretrain_gpt.py"] + words[script + 1:]

import torch

# What it asks of the GPU: a Hopper.
torch.cuda.get_device_capability = lambda *a: (9, 0)
torch.cuda.get_device_properties = lambda *a: types.SimpleNamespace(major=9, minor=0, total_memory=2**37, name="H200")
from megatron.training.arguments import parse_args, validate_args

arguments = parse_args(ignore_unknown_args=False)
validate_args(arguments)
print(arguments.data_parallel_size, arguments.tensor_model_parallel_size, arguments.pipeline_model_parallel_size,
      arguments.virtual_pipeline_model_parallel_size or 1)
