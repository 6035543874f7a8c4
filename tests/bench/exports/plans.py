"""The plans that judge.py exports: small models on four CPU devices, two larger ones that are only parsed."""

GPT_PINS = ("--pin block_?.qkv.kernel*={-,y} --pin block_?.proj.kernel={y,-} --pin block_?.fc.kernel={-,y} "
            "--pin block_?.out.kernel={y,-}")
LARGE_PINS = GPT_PINS.replace("_?", "_*")
# Of layers stacked in one parameter.
SCAN_PINS = ("--pin *qkv.kernel={-,-,y} --pin *proj.kernel={-,y,-} --pin *fc.kernel={-,-,y} "
             "--pin *out.kernel={-,y,-}")
MEGATRON = "--strategy megatron"
# What large models are too slow for here: those formats run the model.
PARSED = ["torchtitan", "pipeline", "megatron", "deepspeed", "tp-plan", "trace", "csv", "dot", "svg"]

# Name: model, options of `alpa plan`, then, for large ones, the cluster and the formats.
PLANS = {
    "mlp dp": ("mlp-tiny", "--strategy dp"),
    "mlp zero3": ("mlp-tiny", "--strategy zero3 --microbatches 1"),
    "mlp pp2": ("mlp-tiny", "--pp 2 --microbatches 2"),
    "gpt dp": ("gpt-tiny", "--strategy dp"),
    "gpt zero2": ("gpt-tiny", "--strategy zero2 --microbatches 1"),
    "gpt zero3": ("gpt-tiny", "--strategy zero3 --microbatches 1"),
    "gpt dp2 tp2": ("gpt-tiny", "--dp 2 --tp 2"),
    "gpt dp2 tp2, 2 microbatches": ("gpt-tiny", "--dp 2 --tp 2 --microbatches 2"),
    "gpt tp4": ("gpt-tiny", "--dp 1 --tp 4"),
    "gpt megatron dp2 tp2": ("gpt-tiny", f"{MEGATRON} --dp 2 --tp 2 {GPT_PINS}"),
    "gpt megatron tp4": ("gpt-tiny", f"{MEGATRON} --dp 1 --tp 4 {GPT_PINS}"),
    "gpt megatron pp2 tp2": ("gpt-tiny", f"{MEGATRON} --pp 2 --tp 2 --schedule 1f1b {GPT_PINS}"),
    "gpt megatron pp2 dp2": ("gpt-tiny", f"{MEGATRON} --pp 2 --dp 2 --microbatches 2 --schedule 1f1b"),
    "gpt selective recomputation": ("gpt-tiny", "--dp 2 --tp 2 --recomputation selective"),
    "gpt full recomputation": ("gpt-tiny", "--strategy zero2 --microbatches 1 --recomputation full"),
    "gpt pp2 gpipe": ("gpt-tiny", "--pp 2 --dp 2 --microbatches 2 --schedule gpipe"),
    "gpt pp2 zero-bubble": ("gpt-tiny", "--pp 2 --tp 2 --microbatches 4 --schedule zero-bubble"),
    "gpt step file": ("gpt-tiny.step", "--dp 2 --tp 2"),
    "gpt bf16": ("gpt-tiny-bf16", "--dp 2 --tp 2"),
    "llama dp2 tp2": ("llama-tiny", "--dp 2 --tp 2"),
    "llama tp4": ("llama-tiny", "--dp 1 --tp 4"),
    "llama zero3": ("llama-tiny", "--strategy zero3 --microbatches 1"),
    "llama step file": ("llama-tiny.step", "--dp 2 --tp 2"),
    "llama megatron pp2 tp2": ("llama-tiny", f"{MEGATRON} --pp 2 --tp 2 --microbatches 2 --schedule 1f1b"),
    "scan gpt zero2": ("scan-gpt-tiny", "--strategy zero2 --microbatches 1"),
    "scan gpt dp2 tp2": ("scan-gpt-tiny", f"--dp 2 --tp 2 {SCAN_PINS}"),
    "scan gpt tp4": ("scan-gpt-tiny", f"{MEGATRON} --dp 1 --tp 4 {SCAN_PINS}"),
    "scan gpt uneven stages": ("scan-gpt-tiny", f"{MEGATRON} --pp 2 --tp 2 --layers 4 --cut 1 --microbatches 4 "
                                                f"--schedule 1f1b {SCAN_PINS}"),
    "scan gpt pp4": ("scan-gpt-tiny", f"{MEGATRON} --pp 4 --microbatches 4 --schedule 1f1b"),
    "scan gpt pp4 zero-bubble": ("scan-gpt-tiny", "--pp 4 --microbatches 4 --schedule zero-bubble"),
    "scan gpt interleaved": ("scan-gpt-tiny", f"{MEGATRON} --pp 2 --tp 2 --microbatches 4 --schedule interleaved "
                                              f"--chunks 2 {SCAN_PINS}"),
    "moe dp": ("moe-tiny", "--strategy dp"),
    "moe": ("moe-tiny", "--pp 1"),
    "moe pp2 tp2": ("moe-tiny", "--pp 2 --tp 2 --microbatches 2 --schedule 1f1b"),
    "wresnet dp": ("wresnet-tiny", "--strategy dp"),
    "wresnet pp2": ("wresnet-tiny", "--pp 2 --microbatches 1 --schedule 1f1b"),
    "gpt-1.3b dp2 tp2": ("gpt-1.3b", f"{MEGATRON} --dp 2 --tp 2 --global-batch 32 {LARGE_PINS}", "h200-x4", PARSED),
    "gpt-1.3b interleaved": ("gpt-1.3b", "--pp 4 --global-batch 32 --schedule interleaved --recomputation full",
                             "h200-x4", PARSED),
}
