#!/usr/bin/env bash
# Installs what is missing, builds the release and opens the window on a planned sample. Without a display it plans on
# the command line instead. Arguments: files to open instead of the sample.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source resources/packaging/debian-packages.sh

alpa_install_packages
cmake --preset release --log-level=WARNING
cmake --build --preset release --target alpa alpa-explorer alpa-layoutd

model=sample_models/gpt-1.3b/gpt-1.3b.loss.stablehlo.mlir.gz
cluster=h200-x4
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    if [ $# -gt 0 ]; then
        exec build/release/bin/alpa-explorer "$@"
    fi
    exec build/release/bin/alpa-explorer "$model" --cluster "$cluster"
fi

echo "no display: planning on the command line"
plan=build/gpt-1.3b.plan.json
build/release/bin/alpa plan "$model" --cluster "$cluster" --global-batch 32 -o "$plan"
for view in stages costs memory timeline; do
    echo
    build/release/bin/alpa show "$plan" "$view"
done | tee build/gpt-1.3b.report.txt
echo
echo "plan: $plan; report: build/gpt-1.3b.report.txt"
