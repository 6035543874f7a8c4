torchrun --nproc_per_node=8 --nnodes 2 pretrain_gpt.py --bf16 --num-layers 32 \
 --tensor-model-parallel-size 4 --pipeline-model-parallel-size=2 --pipeline-model-parallel-layout "Et*16|t*16L" \
 --micro-batch-size 1 --global-batch-size 128 --use-distributed-optimizer --recompute-granularity full
