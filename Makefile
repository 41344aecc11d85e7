# `make check` is the one gate, and what CI runs. All it needs: Python 3.11 or later, make, a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo check format lint types floors test chaos pins clean

help:
	@echo "make demo    a workbook comes in, in a throw-away installation (ARGS=\"FILE --serve\")"
	@echo "make check   the whole gate: format, lint, types, floors, tests"
	@echo "make test    the tests alone (ARGS=\"tests/orders -k upload\")"
	@echo "make chaos   the tests that kill processes, long"
	@echo "make pins    recompile requirements.lock and constraints.txt"
	@echo "make clean   remove the environment and everything built"

demo: $(STAMP)
	@$(BIN)/tranche demo $(ARGS)

check: format lint types floors test

format: $(STAMP)
	$(BIN)/ruff format --check .

lint: $(STAMP)
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

floors: $(STAMP)
	$(BIN)/lint-imports

test: $(STAMP)
	$(BIN)/pytest -n $(WORKERS) $(ARGS)

chaos: $(STAMP)
	TRANCHE_CHAOS=long $(BIN)/pytest -m chaos --timeout 1800 $(ARGS)

# Installed again only when the pins or the project's own description change.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tranche needs Python 3.11 or later; name one by make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $(STAMP)

# Pins hold versions and hashes, never an address, so that any index will do.
UV := $(VENV)/pins/bin/uv
COMPILE := $(UV) pip compile pyproject.toml --all-extras --universal --upgrade --no-header --no-annotate --quiet

pins: $(UV)
	$(COMPILE) --generate-hashes -o requirements.lock
	$(COMPILE) -o constraints.txt
	@! grep -n '://' requirements.lock constraints.txt

$(UV):
	$(PYTHON) -m venv $(VENV)/pins
	$(VENV)/pins/bin/python -m pip install --quiet --disable-pip-version-check uv

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
