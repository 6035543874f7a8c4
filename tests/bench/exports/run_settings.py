"""torchtitan's, DeepSpeed's and transformers' own readers take exported configurations."""
import json
import os
import runpy
import types

os.environ["DS_ACCELERATOR"] = "cpu"
from serve import serve


def judge_torchtitan(case):
    """Its own checks of degrees against the ranks, its schedule by name, and its count of stages a rank."""
    from torch.distributed.pipelining.schedules import PipelineScheduleSingle, get_schedule_class
    from torchtitan.distributed.parallel_dims import ParallelDims
    from torchtitan.models.llama3.config_registry import llama3_debugmodel
    config = runpy.run_path(case["path"])["alpa_plan"](llama3_debugmodel)
    p = config.parallelism
    ParallelDims.from_config(p, case["devices"])
    if p.pipeline_parallel_degree > 1:
        schedule = get_schedule_class(p.pipeline_parallel_schedule)
        per_rank = len(p.module_fqns_per_model_part) / p.pipeline_parallel_degree
        assert per_rank == 1 if issubclass(schedule, PipelineScheduleSingle) else per_rank >= 1, (schedule, per_rank)
        assert config.training.local_batch_size % p.pipeline_parallel_microbatch_size == 0
    return (f"ok: a Trainer.Config: {p.data_parallel_replicate_degree} replicas x {p.data_parallel_shard_degree} shards, "
            f"TP {p.tensor_parallel_degree}, PP {p.pipeline_parallel_degree}")


def judge_deepspeed(case):
    import deepspeed.runtime.config as config
    from deepspeed.module_inject.autotp_config import AutoTPConfig
    with open(case["path"]) as file:
        tensor = json.load(file).get("tensor_parallel") or {}
    degree = tensor.get("autotp_size", 1)
    dp = case["devices"] // degree
    config.dist = types.SimpleNamespace(get_rank=lambda: 0)
    read = config.DeepSpeedConfig(case["path"],
                                  mpu=types.SimpleNamespace(get_data_parallel_world_size=lambda: dp))
    assert read.train_batch_size == read.train_micro_batch_size_per_gpu * read.gradient_accumulation_steps * dp
    assert not tensor or AutoTPConfig.from_dict(tensor["partition_config"]).layer_specs
    return f"ok: DeepSpeedConfig takes it: ZeRO {read.zero_optimization_stage}, AutoTP {degree}, batches multiply"


def judge_tp_plan(case):
    from transformers.distributed.tensor_parallel import ALL_PARALLEL_STYLES
    with open(case["path"]) as file:
        plan = json.load(file)
    assert plan and all(style in ALL_PARALLEL_STYLES for style in plan.values()), plan
    return f"ok: {len(plan)} patterns, all styles known to transformers"


JUDGES = {"torchtitan": judge_torchtitan, "deepspeed": judge_deepspeed, "tp-plan": judge_tp_plan}

if __name__ == "__main__":
    serve(lambda case: JUDGES[case["format"]](case))
