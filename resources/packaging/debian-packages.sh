# Sourced by app/run.sh and tests/run.sh: what building and running needs, as packages of Debian 12 and Ubuntu 24.04.

# One line a purpose. "a|b" means whichever of the two the distribution has.
alpa_packages=(
    ca-certificates g++ cmake ninja-build pkg-config
    libfmt-dev nlohmann-json3-dev libcli11-dev zlib1g-dev
    liblpsolve55-dev libsuitesparse-dev         # the solver's engine for cores, and its colamd
    libjemalloc-dev                             # what the planner allocates with
    libonnx-dev libprotobuf-dev                 # the reader of ONNX files
    libopenblas-dev                             # dots of the CPU devices
    "qt6-base-dev" "qt6-svg-dev|libqt6svg6-dev" # the window
    libgl-dev libgraphviz-dev fonts-dejavu-core
    qt6-l10n-tools qt6-translations-l10n        # languages of the window, and Qt's own texts in them
    libgtest-dev                                # the tests
)

alpa_is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs what is missing; asks neither questions nor the network when nothing is.
alpa_install_packages() {
    command -v dpkg-query >/dev/null || {
        echo "this system has no dpkg: install the packages named in ${BASH_SOURCE[0]} by its own means" >&2
        return 0
    }
    local missing=() entry name found
    for entry in "${alpa_packages[@]}"; do
        found=
        for name in ${entry//|/ }; do
            if alpa_is_installed "$name"; then found=1; fi
        done
        if [ -z "$found" ]; then missing+=("$entry"); fi
    done
    if [ ${#missing[@]} -eq 0 ]; then return 0; fi

    echo "installing: ${missing[*]}"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "packages are missing and neither root nor sudo is there: ${missing[*]}" >&2
            return 1
        }
        root=(sudo)
    fi
    local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
    "${apt[@]}" update
    local chosen=()
    for entry in "${missing[@]}"; do
        for name in ${entry//|/ }; do
            if apt-cache show "$name" >/dev/null 2>&1; then break; fi
        done
        chosen+=("$name")
    done
    "${apt[@]}" install -y --no-install-recommends "${chosen[@]}" >/dev/null
}
