# Both images can be replaced; `make image-local` makes them from Debian's packages.
ARG RUST=rust:1-slim-bookworm
ARG BASE=debian:bookworm-slim

FROM ${RUST} AS build
WORKDIR /build
# `release` builds faster; `dist` runs faster.
ARG PROFILE=dist
# What it is built from, for --version: a commit.
ARG BUILD

# The dependencies alone, as a layer that lasts until they change. Cargo wants to see the benches that Cargo.toml names.
COPY Cargo.toml Cargo.lock askama.toml ./
RUN mkdir -p src benches/load \
 && echo 'fn main() {}' | tee src/main.rs benches/micro.rs > benches/load/main.rs \
 && touch src/lib.rs \
 && cargo build --locked --profile "$PROFILE" --bin wecom-bridge

COPY wecom-bridge.example.toml ./
COPY src src
# Cargo goes by the time of change, which the copies may have from before.
RUN touch src/main.rs src/lib.rs \
 && export ${BUILD:+WECOM_BRIDGE_BUILD="$BUILD"} \
 && cargo build --locked --profile "$PROFILE" --bin wecom-bridge \
 && install -D "target/$PROFILE/wecom-bridge" /out/usr/local/bin/wecom-bridge \
 && mkdir -p /out/data

FROM ${BASE}
COPY --from=build /out/usr/local/bin/wecom-bridge /usr/local/bin/wecom-bridge
# The embedded store lies here: its default path is relative.
COPY --from=build --chown=10001:10001 /out/data /data
WORKDIR /data
VOLUME /data
USER 10001:10001

# The container's own loopback is out of reach from outside. This wins over the file.
ENV WECOM_BRIDGE_SERVER__LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["wecom-bridge", "healthcheck"]
ENTRYPOINT ["wecom-bridge"]
CMD ["serve"]
