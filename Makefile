# Targets for people and CI. Each is a few lines; the work is in eaf-host/dev/setup and in the `eaf`
# binary.
.DEFAULT_GOAL := help
SHELL := /bin/bash
setup := eaf-host/dev/setup

# Demo, tests and benchmark share one cargo profile and one feature set, so that wasmtime compiles
# once.
.PHONY: help setup demo demo-reset test lint web pooler browser screens bench chaos guide fuzz reference generated check-deploy cluster supply-chain

help: ## List the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: ## Fetch and build what demo and tests need.
	@$(setup)

demo: setup ## Run everything on this machine; Ctrl-C stops it.
	@exec bin/eaf dev

demo-reset: ## Forget what the demo kept. Refuses while it runs.
	@if [ -x bin/eaf ]; then bin/eaf dev reset; else rm -rf "$${EAF_STATE_DIR:-.eaf}"; fi

test: setup lint generated web check-deploy ## Everything that must hold, on real parts.
	go test -C eaf-host/dev/vcsim ./...
	bin/eaf dev exec --with postgres,vcsim,smtp -- cargo test --workspace --locked
	deploy/cluster/run --no-mutations
	$(MAKE) pooler
	eaf-host/dev/guide
	eaf-host/dev/fuzz 3 1
	$(MAKE) browser

pooler: setup ## Tenants kept apart by 64 clients behind a real PgBouncer.
	@$(setup) pgbouncer
	bin/eaf dev exec --with postgres -- cargo test --workspace --test it -- --ignored pooler

web: setup ## Check the web client: types, lints, format, unit tests, size.
	npm run check --prefix web
	npm run size --prefix web

browser: setup ## Every user story in a real browser, against a demo of its own.
	@$(setup) browser
	eaf-host/dev/with-demo eaf-host/dev/browser

screens: setup ## Take the pictures of docs/screens again.
	@$(setup) browser
	eaf-host/dev/with-demo eaf-host/dev/browser --project=screens

lint: ## Format and lints, of code and of migrations.
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	@$(setup) services
	eaf-host/dev/lint-migrations

# Our own crates are optimised here and nowhere else. The comparison with message-db needs
# EAF_BENCH_MESSAGE_DB=DIR.
capabilities := $(addprefix eaf-,$(notdir $(wildcard eaf-host/capabilities/*)))
optimised := --config profile.dev.package.eaf-core.opt-level=2 \
  $(foreach crate,eaf eaf-capability eaf-http eaf-identity eaf-plugin $(capabilities),--config profile.dev.package.$(crate).opt-level=1)
bench: setup ## Measure appends, views, the walk over a million events, a command's way, lists and commands beside a plain handler, approvals and deadlines, a list of 1,000 rows.
	cargo build --workspace $(optimised) --bin eaf
	EAF_LOG=info EAF_TEST_BINARY=$(CURDIR)/bin/eaf bin/eaf dev exec --durable -- cargo bench --workspace --profile dev $(optimised) --bench append --bench views --bench rls --bench verify --bench host --bench approvals
	@$(setup) browser
	eaf-host/dev/with-demo eaf-host/dev/browser --project=figures

chaos: setup ## Kills of hosts and of PostgreSQL 200 times instead of 5, outages of a minute instead of 5 s, 200 machines by a difficult vCenter.
	EAF_TEST_OUTAGE_SECONDS=60 EAF_CHAOS_ROUNDS=200 EAF_DIFFICULT_ROUNDS=200 \
		bin/eaf dev exec -- cargo test --workspace --test it -- chaos difficult hosts kill outage

guide: setup ## Run docs/guides/api.md against a demo of its own.
	eaf-host/dev/guide

fuzz: setup ## Send the API what its document allows, and what it does not, as every role: 500 cases per operation.
	eaf-host/dev/fuzz 500

check-deploy: ## Render and validate everything under deploy/, and find each of the mutations in deploy/check/mutations.yaml.
	@deploy/check/run

cluster: ## Install everything under deploy/ on a real control plane with simulated nodes, and find its mutations.
	@deploy/cluster/run

supply-chain: ## Check licences and sources of all dependencies, and the files of the CI services.
	@eaf-host/dev/supply-chain/run

reference: setup ## Generate the reference files.
	@mkdir -p deploy
	bin/eaf config reference > deploy/configuration.md
	bin/eaf openapi bin/dcm.eaf > web/openapi.json
	npm run generate --prefix web

generated: setup ## Fail when a committed generated file differs from what would be generated.
	@bin/eaf config reference | diff -u deploy/configuration.md - \
	  || { echo "deploy/configuration.md is not what the code says; run: make reference" >&2; exit 1; }
	@bin/eaf openapi bin/dcm.eaf | diff -u web/openapi.json - \
	  || { echo "web/openapi.json is not what host and DCM say; run: make reference" >&2; exit 1; }
	@npm run --silent generated --prefix web \
	  || { echo "web/src/schema.d.ts is not what web/openapi.json says; run: make reference" >&2; exit 1; }
