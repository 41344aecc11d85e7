# `make check` is the one gate, and what CI runs. All it needs: Python 3.11 or later, make, a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := $(VENV)/peers/.installed
INSTALLER := $(VENV)/installer/.installed
UV := $(VENV)/installer/bin/uv
GENERATOR := $(VENV)/generator/.installed
AUDITOR := $(VENV)/auditor/.installed
# Tests mostly wait for processes that they start, so there are more workers than cores.
WORKERS ?= 4
# How long a soak lasts.
SECONDS ?= 900
ARGS ?=
# An environment, and what is in it: by uv, twenty times faster than by pip, which tries what uv could not, as where an
# index is one that only pip is told of.
new = $(PYTHON) -m venv --without-pip $(1)
install = @echo "install $(2), into $(1)"; $(UV) pip install --quiet --python $(1)/bin/python $(2) || \
	$(VENV)/installer/bin/python -m pip --python $(1)/bin/python install --quiet --disable-pip-version-check $(2)
# What Python compiles is kept, whatever the machine's habit: tests start hundreds of processes that load it.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo check ready format lint types floors compiled browser pooler test chaos soak fuzz pictures office client audit bench peers pins clean

help:
	@echo "make demo    a workbook comes in, in a throw-away installation (ARGS=\"FILE --serve\")"
	@echo "make check   the whole gate: format, lint, types, floors, tests"
	@echo "make ready   all that check installs, and nothing else (make -j3 ready: side by side)"
	@echo "make test    the tests alone (ARGS=\"tests/orders -k upload\")"
	@echo "make chaos   the tests that kill processes, long"
	@echo "make soak    all kinds of work at once under random kills, a quarter of an hour (SECONDS=60)"
	@echo "make fuzz    the whole OpenAPI description asked at length; an hour (ARGS=\"-k invoices\" for a part)"
	@echo "make pictures  what the tests see of pages and invoices, into build/pictures, to be looked at"
	@echo "make office  our exports as LibreOffice opens them, where it is installed"
	@echo "make bench   everything that has a speed, beside its peers and limits (ARGS=\"invoices lots\"); an hour, not for CI"
	@echo "make peers   install what we are measured beside"
	@echo "make client  a Python client for a running server, into build/client (URL=http://127.0.0.1:8080)"
	@echo "make audit   known vulnerabilities of what is pinned; asks services on the internet, not part of check"
	@echo "make pins    recompile requirements.lock, constraints.txt and bench/peers.txt, tests/clients/generator.txt, .ci/*.txt"
	@echo "make clean   remove the environment and everything built"

demo: $(STAMP)
	@$(BIN)/tranche demo $(ARGS)

check: format lint types floors compiled browser pooler test

ready: $(STAMP) $(GENERATOR) $(AUDITOR)

format: $(STAMP)
	$(BIN)/ruff format --check .

lint: $(STAMP)
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

floors: $(STAMP)
	$(BIN)/lint-imports

# Once, before several processes collect the tests side by side; what is wrong with them the tests tell.
compiled: $(STAMP)
	-@$(BIN)/pytest --collect-only -q >/dev/null

# The tests of the pages need Chromium; where it may be installed it is, else they are left out, aloud.
browser:
	@command -v chromium-headless-shell >/dev/null || [ -n "$$TRANCHE_BROWSER" ] || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
		  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null; } || \
		echo "BROWSER TESTS WERE NOT RUN: there is no chromium-headless-shell; install it, or name a Chromium by TRANCHE_BROWSER"

# The same for PgBouncer, before which some processes of the tests of several machines stand.
pooler:
	@command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || \
		{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
		  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null; } || \
		echo "TESTS BEHIND PGBOUNCER WERE NOT RUN: there is no pgbouncer"

test: $(STAMP) $(GENERATOR) $(AUDITOR)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

soak: $(STAMP)
	TRANCHE_SOAK=$(SECONDS) $(BIN)/pytest -s tests/chaos/test_soak.py $(ARGS)

chaos: $(STAMP)
	TRANCHE_CHAOS=long $(BIN)/pytest -m chaos --timeout 1800 $(ARGS)

fuzz: $(STAMP)
	TRANCHE_FUZZ=long $(BIN)/pytest --timeout 7200 tests/fuzz $(ARGS)

pictures: $(STAMP) browser
	TRANCHE_PICTURES=1 $(BIN)/pytest -n $(WORKERS) --dist worksteal tests/browser tests/invoicing/printing $(ARGS)

office: $(STAMP)
	$(BIN)/pytest tests/orders/office.py $(ARGS)

URL ?= http://127.0.0.1:8080

client: $(STAMP) $(GENERATOR)
	$(BIN)/python -m tests.clients.generating $(URL)

# The generator of clients needs an older typer than we do: an environment of its own.
$(GENERATOR): tests/clients/generator.txt $(INSTALLER)
	$(call new,$(VENV)/generator)
	$(call install,$(VENV)/generator,--require-hashes -r tests/clients/generator.txt)
	@touch $(GENERATOR)

# What a service does not know, or one that cannot be asked, is a failure; ARGS=--where-possible says so aloud and goes on.
audit: $(AUDITOR)
	@$(PYTHON) .ci/audit.py $(ARGS)

$(AUDITOR): .ci/auditor.txt $(INSTALLER)
	$(call new,$(VENV)/auditor)
	$(call install,$(VENV)/auditor,--require-hashes -r .ci/auditor.txt)
	@touch $(AUDITOR)

bench: $(STAMP) $(PEERS)
	$(BIN)/python bench/everything.py $(ARGS)

peers: $(PEERS)

# What we are measured beside is no part of us: pins and an environment of its own.
$(PEERS): bench/peers.txt $(INSTALLER)
	$(call new,$(VENV)/peers)
	$(call install,$(VENV)/peers,--require-hashes -r bench/peers.txt)
	@touch $(PEERS)

# Installed again only when the pins, the project's own description or the browser's libraries change.
$(STAMP): requirements.lock pyproject.toml web/package-lock.json web/build.mjs web/hatch_build.py $(INSTALLER)
	$(call new,$(VENV))
	$(call install,$(VENV),--require-hashes -r requirements.lock)
	$(call install,$(VENV),--force-reinstall --no-deps -e .)
	@touch $(STAMP)

$(INSTALLER): .ci/installer.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tranche needs Python 3.11 or later; name one by make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)/installer
	$(VENV)/installer/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/installer.txt
	@touch $(INSTALLER)

# Pins hold versions and hashes, never an address, so that any index will do.
PEER_NAMES := django django-import-export 'dlt[postgres,sql_database]' openpyxl 'psycopg[binary]' pyarrow \
	reportlab rustpy-xlsxwriter sqlalchemy tablib weasyprint xlsxwriter
COMPILE := $(UV) pip compile pyproject.toml --all-extras --universal --upgrade --no-header --no-annotate --quiet

pins: $(INSTALLER)
	$(COMPILE) --generate-hashes -o requirements.lock
	$(COMPILE) -o constraints.txt
	printf '%s\n' $(PEER_NAMES) | $(UV) pip compile - --universal --python-version 3.11 --upgrade --no-header \
		--no-annotate --quiet --generate-hashes -o bench/peers.txt
	echo openapi-python-client | $(UV) pip compile - --universal --python-version 3.11 --upgrade --no-header \
		--no-annotate --quiet --generate-hashes -o tests/clients/generator.txt
	echo pip-audit | $(UV) pip compile - --universal --python-version 3.11 --upgrade --no-header \
		--no-annotate --quiet --generate-hashes -o .ci/auditor.txt
	echo uv | $(UV) pip compile - --universal --python-version 3.11 --upgrade --no-header \
		--no-annotate --quiet --generate-hashes -o .ci/installer.txt
	@! grep -n '://' requirements.lock constraints.txt bench/peers.txt tests/clients/generator.txt .ci/*.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
