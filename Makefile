# What people and CI run. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Downloads and tools are cached outside the checkout, so that a clean clone has them at once;
# nothing relies on that.
CACHE := $(or $(CONCIERGE_CACHE_DIR),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/concierge)
export CONCIERGE_CACHE_DIR := $(CACHE)

H5_SOURCES := $(shell find h5/src h5/public h5/index.html h5/*.json h5/*.ts -type f 2>/dev/null)
ADMIN_SOURCES := $(shell find admin/src admin/public admin/index.html admin/*.json admin/*.ts -type f 2>/dev/null)

.PHONY: help run test test-rust test-browser walk-money lint bless bench soak pages runtime clean

help: ## List what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: runtime pages ## Build everything, start the server with the sample, print the links
	cargo build --release --locked
	scripts/run

test: test-rust test-browser ## Run all tests, those in the browser included

# the same cases every time: new ones are for `make soak`, where a new failure is news and not a nuisance
test-rust: export PROPTEST_RNG_SEED := 1
test-rust: runtime pages tests/chain/node_modules/.package-lock.json $(CACHE)/python/.cryptography
	trap 'cargo test -q --locked --test it -- --ignored --exact cluster::stop >/dev/null' EXIT; \
	CONCIERGE_PYTHON_DIR=$(CACHE)/python cargo test --locked
	cd h5 && npm test
	cd admin && npm test

test-browser: runtime pages tests/browser/node_modules/.package-lock.json tests/chain/node_modules/.package-lock.json
	cargo build --locked
	scripts/test-browser

walk-money: runtime tests/chain/node_modules/.package-lock.json ## Show the whole walk of money against doubles of Stripe and of a chain
	trap 'cargo test -q --locked --test it -- --ignored --exact cluster::stop >/dev/null' EXIT; scripts/walk-money

lint: h5/node_modules/.package-lock.json admin/node_modules/.package-lock.json $(CACHE)/tools/bin/cargo-deny ## Format, clippy, licences, documentation, types
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	$(CACHE)/tools/bin/cargo-deny --locked check bans licenses sources
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
	cd h5 && npm run check
	cd admin && npm run check

bless: ## Rewrite what is generated: openapi/ and the types of the page
	cargo run -q --locked -- openapi native > openapi/native.json.new
	mv openapi/native.json.new openapi/native.json
	cargo run -q --locked -- openapi admin > openapi/admin.json.new
	mv openapi/admin.json.new openapi/admin.json
	cd h5 && npm run api
	cd admin && npm run api

bench: runtime ## Measure: ratios, side by side with the thing compared
	cargo bench --locked --bench bench

soak: runtime tests/chain/node_modules/.package-lock.json $(CACHE)/python/.cryptography ## The long tests: many more cases and kills, the walls on the oldest PostgreSQL
	PROPTEST_CASES=50000 cargo test --release --locked --lib
	PROPTEST_CASES=50000 cargo test --release --locked --test it lexical::
	trap 'CONCIERGE_TEST_POSTGRES=16 cargo test -q --release --locked --test it -- --ignored --exact cluster::stop >/dev/null' EXIT; \
	for part in walls:: search:: identity::; do \
	  CONCIERGE_TEST_POSTGRES=16 CONCIERGE_PYTHON_DIR=$(CACHE)/python cargo test --release --locked --test it $$part; \
	done
	cargo test --release --locked --test it -- --ignored orders::
	for n in 1 2 3 4 5 6 7 8 9 10; do cargo test --release --locked --test it -- kill:: away:: embedded::watch; done
	cargo test --release --locked --test it -- books::injected:: books::walk:: chain::injected::
	cargo test --release --locked --test it -- --ignored --nocapture books::
	cargo test --release --locked --test it -- --ignored chain::random::
	cargo test --release --locked --test it -- --ignored metering::
	if [ $$(id -u) = 0 ]; then cargo test --release --locked --test it -- --ignored full::; fi

runtime: ## Fetch the embedded PostgreSQL, ONNX Runtime, PDFium and MiniLM, once
	@scripts/fetch-runtime

pages: h5/dist/index.html admin/dist/index.html ## Build the chat page and the console

h5/dist/index.html: h5/node_modules/.package-lock.json $(H5_SOURCES)
	cd h5 && npm run build
	@touch $@

admin/dist/index.html: admin/node_modules/.package-lock.json $(ADMIN_SOURCES)
	cd admin && npm run build
	@touch $@

admin/node_modules/.package-lock.json: admin/package-lock.json
	cd admin && npm ci --no-audit --no-fund
	@touch $@

h5/node_modules/.package-lock.json: h5/package-lock.json
	cd h5 && npm ci --no-audit --no-fund
	@touch $@

tests/browser/node_modules/.package-lock.json: tests/browser/package-lock.json
	cd tests/browser && npm ci --no-audit --no-fund
	@touch $@

# a chain of our own; where the package has no program for the platform, anvil is taken from the path
tests/chain/node_modules/.package-lock.json: tests/chain/package-lock.json
	cd tests/chain && npm ci --no-audit --no-fund
	@touch $@

# the library whose tokens are the golden ones
$(CACHE)/python/.cryptography: scripts/requirements-test.txt
	python3 -m pip install -q --disable-pip-version-check --upgrade --target $(CACHE)/python -r $<
	@touch $@

$(CACHE)/tools/bin/cargo-deny:
	cargo install -q --locked --root $(CACHE)/tools cargo-deny@0.20.2

clean: ## Remove what was built in this checkout
	rm -rf .runtime h5/dist h5/node_modules admin/dist admin/node_modules tests/browser/node_modules tests/browser/artifacts tests/chain/node_modules
