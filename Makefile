# The targets are listed by `make` alone. Tools from Debian's packages are installed only where they are missing.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

IMAGE ?= wecom-bridge
# What builds the image: buildah, podman or docker.
BUILDER ?= $(firstword $(notdir $(shell command -v buildah podman docker 2>/dev/null)))
SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)

# $(call need,command,package): installs the package when the command is missing.
define need
	@command -v $(1) >/dev/null || { \
		echo "installing $(2) for $(1)"; \
		$(SUDO) apt-get update -qq; \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(2) >/dev/null; }
endef

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 20

.PHONY: lint
lint: ## Check format, lints and documentation
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

.PHONY: test
test: alerts ## Run all tests
	$(call need,redis-server,redis-server)
	$(call need,chromedriver,chromium chromium-driver)
	cargo test

.PHONY: alerts
alerts: ## Check the rules for alerts, and that each fires when it should
	$(call need,promtool,prometheus)
	cd deploy && promtool check rules alerts.yml && promtool test rules alerts.test.yml

.PHONY: torture
torture: ## Trouble of every kind at random under load; ROUNDS=3 of each store, SEED= to play the same again
	$(call need,redis-server,redis-server)
	$(call need,faketime,faketime)
	ROUNDS=$(or $(ROUNDS),3) SEED=$(SEED) cargo test --test it -- --ignored --nocapture --test-threads 1 torture

.PHONY: demo
demo: ## Build and play the main job with the simulator; pages stay open until Ctrl-C
	cargo run --release -- simulate

.PHONY: bench
bench: ## Measure the steps of a callback, and the service under load (some four minutes)
	$(call need,redis-server,redis-server)
	cargo bench

.PHONY: bench-instructions
bench-instructions: ## Count the instructions of one accepted callback
	$(call need,redis-server,redis-server)
	$(call need,valgrind,valgrind)
	cargo bench --bench load -- instructions

.PHONY: bench-peers
bench-peers: ## Measure servers of others that do the same work (installs them below target/peers)
	$(call need,redis-server,redis-server)
	$(call need,node,nodejs)
	$(call need,npm,npm)
	$(call need,python3,python3)
	$(call need,go,golang-go)
	@[ -d /usr/share/gocode/src/github.com/gomodule/redigo ] || \
		$(SUDO) apt-get install -y -qq --no-install-recommends golang-github-gomodule-redigo-dev
	@python3 -c 'import ensurepip' 2>/dev/null || \
		$(SUDO) apt-get install -y -qq --no-install-recommends python3-venv
	cargo bench --bench load -- peers

.PHONY: bench-growth
bench-growth: ## Measure with a million events and contacts, 10,000 connections, 100 corps, and memory over time
	$(call need,redis-server,redis-server)
	cargo bench --bench load -- growth
	cargo bench --bench load -- soak

# $(call need-cargo,command): installs the program from the registry when it is missing.
define need-cargo
	@command -v $(1) >/dev/null || { echo "installing $(1)"; cargo install $(1) --locked; }
endef

.PHONY: fuzz
fuzz: ## Let the fuzzer try every way in, SECONDS=60 each, or only TARGETS=; KEEP=1 adds to the corpus what was found
	SECONDS_EACH=$(or $(SECONDS),60) TARGETS="$(TARGETS)" KEEP=$(KEEP) fuzz/run

.PHONY: mutants
mutants: ## Find changes of the code that no test notices; IN=src/worker/retry.rs alone, SHARD=0/50 for a part of all
	$(call need,redis-server,redis-server)
	$(call need-cargo,cargo-mutants)
	cargo mutants --no-shuffle $(if $(IN),--file "$(IN)") $(if $(SHARD),--shard $(SHARD))

.PHONY: licenses
licenses: ## Check licences, sources and bans of all dependencies; asks nobody
	$(call need-cargo,cargo-deny)
	cargo deny --offline check bans licenses sources

.PHONY: audit
audit: licenses ## Look dependencies up in the advisory database as well, which is fetched
	$(call need-cargo,cargo-audit)
	@cargo deny fetch db || { \
		echo "The advisory database cannot be fetched from https://github.com/rustsec/advisory-db."; \
		echo "Licences, sources and bans are in order; whether there are advisories is not known."; \
		exit 1; }
	cargo deny check advisories
	cargo audit
	cargo audit --file fuzz/Cargo.lock

.PHONY: sbom
sbom: ## List what the program is made of: target/sbom/wecom-bridge.cdx.json (CycloneDX)
	$(call need-cargo,cargo-cyclonedx)
	cargo cyclonedx --format json --spec-version 1.5 --describe binaries --no-build-deps
	@mkdir -p target/sbom
	@# Where it was made is nobody's concern.
	@sed 's|path+file://$(CURDIR)#||g' wecom-bridge_bin.cdx.json >target/sbom/wecom-bridge.cdx.json
	@rm wecom-bridge_bin.cdx.json
	@echo "target/sbom/wecom-bridge.cdx.json"

# What is built, for --version and /healthz.
BUILD := $(shell git rev-parse --short HEAD 2>/dev/null)

.PHONY: release
release: ## Build the program for use: target/dist/wecom-bridge
	$(if $(BUILD),WECOM_BRIDGE_BUILD=$(BUILD)) cargo build --locked --profile dist --bin wecom-bridge

.PHONY: image
image: ## Build the container image
	@[ -n "$(BUILDER)" ] || { echo "install buildah, podman or docker, or set BUILDER"; exit 1; }
	image/build "$(BUILDER)" "$(IMAGE)" --build-arg BUILD=$(BUILD)

.PHONY: image-local
image-local: ## Build the image with neither a daemon nor an image registry (Debian, root)
	$(call need,buildah,buildah)
	$(call need,debootstrap,debootstrap)
	image/base wecom-bridge-base wecom-bridge-rust
	image/build buildah "$(IMAGE)" --build-arg BUILD=$(BUILD) \
		--build-arg BASE=localhost/wecom-bridge-base --build-arg RUST=localhost/wecom-bridge-rust
