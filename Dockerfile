# The module as an image for Istio and Envoy Gateway: `/plugin.wasm` in the last layer, and nothing else.
#
#   docker build -t registry.example.com/usergrid-auth-filter:0.1.0 .
#
# The stages in between are what `docker-compose.yml` runs. Base images are arguments, so that a machine without an image
# registry can bring its own (`integration/images.sh` makes some). Nothing here needs BuildKit.

ARG ENVOY_IMAGE=envoyproxy/envoy:v1.40.0
ARG RUST_IMAGE=rust:1.95.0-bookworm
ARG BASE_IMAGE=debian:bookworm-20260824-slim

# Envoy by itself, for a module that is mounted: `envoy/prebuilt.yml`. First, so that nothing has to be built for it.
FROM ${ENVOY_IMAGE} AS envoy-bare

FROM ${RUST_IMAGE} AS build
# What the image lacks; binaryen makes the module a sixth smaller.
RUN command -v wasm-opt >/dev/null \
    || { apt-get update && apt-get install --yes --no-install-recommends binaryen && rm -rf /var/lib/apt/lists/*; }
RUN test -d "$(rustc --print target-libdir --target wasm32-wasip1)" || rustup target add wasm32-wasip1
WORKDIR /src
# Cargo wants to see every package of the workspace.
COPY . .
RUN module=$(.cargo/build-module) && cp "$module" /plugin.wasm

FROM build AS build-stub
RUN CARGO_PROFILE_DEV_DEBUG=0 cargo build --locked --package integration --bin stub

# The verifying server and the backend of the compose file.
FROM ${BASE_IMAGE} AS stub
COPY --from=build-stub /src/target/debug/stub /usr/local/bin/stub
USER 65534:65534

FROM envoy-bare AS envoy
COPY --from=build /plugin.wasm /etc/envoy/usergrid_auth_filter.wasm

FROM scratch
COPY --from=build /plugin.wasm /plugin.wasm
