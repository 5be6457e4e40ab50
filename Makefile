# The two commands that matter: `make run` analyses a workspace, `make test` runs every test.
# Both make what they need (.venv) and are instant the second time.

PYTHON ?= python3
VENV ?= .venv
WORKSPACE ?= examples/sample
PYTEST_ARGS ?=

CODE := driftd tests benchmarks hatch_build.py
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# Where PYTHONDONTWRITEBYTECODE is set, each start would compile all sources again: a third of a second.
BYTECODE := $(BIN)/python -m compileall -q driftd
# Touched after an installation that succeeded; older than pyproject.toml means: install again.
RUNTIME := $(VENV)/.installed
DEVELOPMENT := $(VENV)/.installed-dev
# What hatch_build.py compiles, and a little more; DRIFTD_PURE=1 leaves it interpreted and saves three minutes.
NATIVE := hatch_build.py $(wildcard driftd/pipeline/*.py driftd/pipeline/call_graph/*.py driftd/pipeline/data/*.py) \
  $(wildcard driftd/pipeline/facts/languages/ecmascript_*.py) driftd/pipeline/facts/languages/python_lowering.py \
  $(wildcard driftd/pipeline/detect/*.py) driftd/pipeline/patterns/shapes.py \
  driftd/pipeline/facts/source.py driftd/pipeline/entry_points/facts.py driftd/pipeline/slots.h

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: run test lint format types layers docs bench venv pure clean help

run: $(RUNTIME) ## Analyse WORKSPACE (the bundled sample by default) and print a summary
	@$(BIN)/driftd analyze "$(WORKSPACE)"

test: $(DEVELOPMENT) ## Run every test; PYTEST_ARGS="-k name" for some
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(DEVELOPMENT) ## Check style and formatting
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)

format: $(DEVELOPMENT) ## Format the code
	$(BIN)/ruff format $(CODE)

types: $(DEVELOPMENT) ## Check types, strictly
	$(BIN)/mypy

layers: $(DEVELOPMENT) ## Check that no import goes against the layers of ARCHITECTURE.md
	$(BIN)/lint-imports

docs: $(DEVELOPMENT) ## Write the generated pages of docs/ again
	$(BIN)/python -m driftd.config > docs/configuration.md
	$(BIN)/python -m driftd.rpc.discover > docs/rpc.md
	$(BIN)/python -m driftd.store.document > docs/schema.md
	$(BIN)/python -m driftd.pipeline.detect.document > docs/rules.md
	$(BIN)/python -m driftd.retention.document > docs/retention.md
	$(BIN)/python -m tests.pipeline.languages.capabilities

bench: $(DEVELOPMENT) ## Measure speed
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

venv: $(DEVELOPMENT) ## Make .venv with everything that development needs

pure: ## Remove the compiled modules: their sources are interpreted, and can be changed without a build
	rm -f *__mypyc.*.so driftd/compiled.json
	find driftd -name '*.so' -delete

clean: ## Remove caches and the sample's analysis; .venv stays
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist examples/sample/.drift
	find driftd tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

help: ## Show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  (PYTHON=$(PYTHON) VENV=$(VENV) WORKSPACE=$(WORKSPACE))"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "driftd needs Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "making $(VENV) ..."
	@$(PYTHON) -m venv "$(VENV)"

$(RUNTIME): pyproject.toml $(NATIVE) | $(BIN)/python
	@echo "installing driftd into $(VENV), and compiling it where there is a C compiler (about four minutes) ..."
	@$(PIP) -e .
	@$(BYTECODE)
	@touch $@

$(DEVELOPMENT): pyproject.toml $(NATIVE) | $(BIN)/python
	@echo "installing driftd and its development tools into $(VENV), and compiling it (about four minutes) ..."
	@$(PIP) -e '.[dev]'
	@$(BYTECODE)
	@touch $(RUNTIME) $@
