#!/usr/bin/env bash
# Pictures of every page, light and dark, for documents and for looking at: gallery.sh PROGRAM DIRECTORY [MODEL CLUSTER].
# PROGRAM is alpa-explorer. Needs no display.
set -euo pipefail
program=$1 directory=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
model=${3:-$root/sample_models/gpt-125m/gpt-125m.loss.stablehlo.mlir.gz} cluster=${4:-h200-x4}
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
export QT_QPA_PLATFORM=offscreen
for theme in light dark; do
    "$program" --profile "$profile/$theme" --theme "$theme" --language en --size 1280x800 \
        --cluster "$cluster" --screenshot "$directory/$theme" "$model"
done
ls "$directory"/*/*.png
