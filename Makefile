# Veriscope: `make run` starts everything and judges the samples, `make test` runs all tests.

PYTHON ?= python3
MEDIA ?= $(wildcard samples/*.jpg samples/*.mp4)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test test-exhaustive chaos overload bench fuzz screenshots check format lock docs audit test-training clean

help: ## Say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: .venv/serve .venv-triton/ready ## Start everything, judge MEDIA="file dir/ …" (ONCE=1: then exit)
	@$(BIN)/veriscope up $(MEDIA) $(if $(ONCE),--once)

test: .venv/dev .venv-triton/ready ## Run all tests, on real Kafka, PostgreSQL, Triton and Chromium
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

test-exhaustive: .venv/dev ## Run the tests that take minutes and are left out of the others
	$(BIN)/pytest -m exhaustive

chaos: .venv/dev .venv-triton/ready ## Break all that can break while uploads pass (CHAOS_SEED=7, CHAOS_FAULTS=100)
	$(BIN)/pytest -m chaos -s tests/chaos

overload: .venv/dev .venv-triton/ready ## Send ten times the load (OVERLOAD_RATE=4 urgent upload a second, OVERLOAD_SECONDS=300)
	$(BIN)/pytest -m overload -s tests/chaos

bench: .venv/dev .venv-triton/ready ## Measure speed as ratios, side by side (BENCH="efficiency transport" for some)
	$(BIN)/python -m benchmarks.speed $(BENCH)

fuzz: .venv/dev ## Decode 100,000 altered media (FUZZ_SEED=7, FUZZ_INPUTS=100000)
	$(BIN)/pytest -m fuzz -s tests/fuzz

screenshots: .venv/dev .venv-triton/ready ## Take the README's pictures anew
	SCREENSHOTS=docs/pictures $(BIN)/pytest tests/browser/test_make_run.py

check: .venv/dev ## Formats, lints, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/dev ## Generate settings, contracts, alerts and dashboards anew
	$(BIN)/python -m runtime.documents docs
	$(BIN)/python -m monitoring.mixin

audit: .venv-audit/ready ## List what serves in docs/sbom.cdx.json (CycloneDX), and look it up among known vulnerabilities
	.venv-audit/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		-o docs/sbom.cdx.json .venv-audit/served/bin/python
	.venv-audit/bin/pip-audit --disable-pip --require-hashes -r requirements/serve.lock

test-training: .venv-training/ready ## Run the tests that need torch, in an environment of their own
	.venv-training/bin/pytest training/tests

lock: .venv/dev ## Resolve all dependencies anew, with hashes
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra embedded --extra dev $(LOCK) -o requirements/dev.lock
	$(BIN)/uv pip compile pyproject.toml --extra embedded --extra tracing -c requirements/dev.lock $(LOCK) -o requirements/serve.lock
	$(BIN)/uv pip compile pyproject.toml --extra embedded --extra training --extra dev -c requirements/dev.lock $(LOCK) -o requirements/training.lock
	$(BIN)/uv pip compile requirements/triton.in --no-deps $(LOCK) -o requirements/triton.lock
	$(BIN)/uv pip compile requirements/usual.in --no-deps $(LOCK) -o requirements/usual.lock
	$(BIN)/uv pip compile requirements/audit.in $(LOCK) -o requirements/audit.lock

LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

clean: ## Remove environments and state
	rm -rf .venv .venv-triton .venv-training .venv-audit .veriscope

# An environment's stamp names the lock file it was made from. What develops and trains compiles its
# modules when they are imported, which few of torch's thousands are.

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	@$(PYTHON) -m venv .venv

.venv/serve: requirements/serve.lock pyproject.toml | .venv/bin/python
	@test -e .venv/dev || echo "installing what Veriscope needs (a minute or two, once) …"
	@test -e .venv/dev || $(BIN)/pip install --quiet --require-hashes -r requirements/serve.lock
	@$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

.venv/dev: requirements/dev.lock pyproject.toml | .venv/bin/python
	@echo "installing what Veriscope and its tests need (a minute or two, once) …"
	@$(BIN)/pip install --quiet --no-compile --require-hashes -r requirements/dev.lock
	@$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@ .venv/serve

# Triton's Python backend has an environment of its own. Where it cannot be made, `veriscope up`
# says so and runs the model in the worker.
.venv-triton/ready: requirements/triton.lock
	@echo "installing the Triton server (once) …"
	@$(PYTHON) -m venv .venv-triton
	@.venv-triton/bin/pip install --quiet --no-deps --only-binary :all: --require-hashes -r requirements/triton.lock \
		|| echo "no Triton server for this system: the model will run inside the worker"
	@touch $@

.venv-training/ready: requirements/training.lock pyproject.toml
	@echo "installing torch and what training needs (some minutes, once) …"
	@$(PYTHON) -m venv .venv-training
	@.venv-training/bin/pip install --quiet --no-compile --require-hashes -r requirements/training.lock
	@.venv-training/bin/pip install --quiet --no-deps --editable .
	@touch $@

# What people use instead of Veriscope, for `make bench`; torch is training's.
.venv-training/usual: requirements/usual.lock .venv-training/ready
	@.venv-training/bin/pip install --quiet --no-deps --require-hashes -r requirements/usual.lock
	@touch $@

# What serves, in an environment that holds nothing else.
.venv-audit/ready: requirements/audit.lock requirements/serve.lock
	@$(PYTHON) -m venv --clear .venv-audit
	@.venv-audit/bin/pip install --quiet --require-hashes -r requirements/audit.lock
	@$(PYTHON) -m venv --clear .venv-audit/served
	@.venv-audit/served/bin/pip install --quiet --require-hashes -r requirements/serve.lock
	@.venv-audit/served/bin/pip uninstall --quiet --yes pip setuptools
	@touch $@
