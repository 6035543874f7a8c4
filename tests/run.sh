#!/usr/bin/env bash
# Installs what is missing, builds and runs every test. With ALPA_ASAN=1 once more under the address and
# undefined-behaviour sanitizers. Arguments go to ctest: tests/run.sh -L unit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source resources/packaging/debian-packages.sh

alpa_install_packages
jobs=${ALPA_JOBS:-$(nproc)}
export QT_QPA_PLATFORM=offscreen

run_preset() { # preset, then arguments for ctest
    local preset=$1
    shift
    cmake --preset "$preset" --log-level=WARNING
    cmake --build --preset "$preset" --parallel "$jobs"
    ctest --preset "$preset" --parallel "$jobs" "$@"
}

run_preset release "$@"
if [ "${ALPA_ASAN:-0}" != 0 ]; then run_preset asan "$@"; fi
