# Builds, runs and tests Dispatch. `make` alone tells what there is.
#
# The first run of a target fetches and builds everything it needs; later ones only what changed.

TARGET := $(or $(CARGO_TARGET_DIR),target)
MODULES := web/node_modules/.package-lock.json
QUERIES := github-queries/node_modules/.package-lock.json
CLIENTS := tests/mcp/node_modules/.package-lock.json
WEB := web/dist/index.html
WEB_SOURCES := schema.graphql $(shell find web -type d \( -name node_modules -o -name dist -o -name test-results \) -prune -o -type f -print)

.PHONY: help run test check bench web tools

help:
	@echo 'make run    build and start Dispatch: your repositories when GITHUB_TOKEN is set, else a demonstration'
	@echo 'make test   build and run all tests, those in a browser too'
	@echo 'make check  formatting, lints, documentation, generated files, dependencies, REST API'
	@echo 'make bench  measure the speed, as docs/performance.md reports it'
	@echo 'make web    build the web pages alone'

run: $(WEB)
	@test -x $(TARGET)/release/dispatch || echo 'Building the server (about ten minutes on two cores the first time) ...'
	cargo build --release --locked
	@if [ -n "$$GITHUB_TOKEN" ]; then exec $(TARGET)/release/dispatch serve; else exec $(TARGET)/release/dispatch demo; fi

test: $(WEB) $(CLIENTS) $(QUERIES)
	@scripts/test

check: $(MODULES) $(QUERIES) $(WEB)
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items
	cd web && npm run --silent lint
	cd web && npm run --silent typecheck
	cd web && npm run --silent codegen:check
	cd web && npm run --silent size
	cd github-queries && npm run --silent check
	node scripts/dependencies.mjs
	scripts/advisories
	scripts/schemathesis

bench: $(WEB)
	cargo bench --locked

web: $(WEB)

tools:
	@scripts/tools

$(MODULES): web/package-lock.json | tools
	@echo 'Fetching the modules of the web pages (about a minute) ...'
	cd web && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

$(QUERIES): github-queries/package-lock.json | tools
	@echo "Fetching GitHub's schema (a few seconds) ..."
	cd github-queries && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

$(CLIENTS): tests/mcp/package-lock.json | tools
	@echo 'Fetching clients of the Model Context Protocol (a few seconds) ...'
	cd tests/mcp && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

$(WEB): $(MODULES) $(WEB_SOURCES)
	@echo 'Building the web pages (a few seconds) ...'
	cd web && npm run --silent build
	@touch $@
