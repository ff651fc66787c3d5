# The program with its web page, TLS and SASL, in an image without a compiler and without root.

FROM node:22-bookworm-slim AS page
WORKDIR /page
COPY crates/dashboard/web .
RUN npm ci && npm run build

FROM rust:1.95.0-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends libsasl2-dev libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
COPY --from=page /page/dist crates/dashboard/web/dist
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked -p alongside --features tls \
    && cp target/release/alongside /alongside

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libsasl2-2 libsasl2-modules libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/alongside alongside
COPY --from=build /alongside /usr/local/bin/alongside
USER alongside
WORKDIR /var/lib/alongside
ENTRYPOINT ["alongside"]
