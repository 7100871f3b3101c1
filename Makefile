# Needs python3.11 or later, make and git. Everything else is in the lock files and goes into .venv.

PYTHON ?= $(shell python3.11 -c '' 2>/dev/null && echo python3.11 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
COVER ?= 80
LOCKER := uv==0.13.9
# Further arguments: make demo ARGS=--crash, make unit ARGS='-k refund'
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help venv demo test tests-small tests-whole unit properties simulate crash fuzz lint types imports fmt wheel lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(STAMP)  ## make .venv with the locked dependencies and this package

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=...")'
	@$(PYTHON) -c 'import ensurepip' || { echo 'Python lacks venv (Debian: apt-get install python3-venv)' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes --requirement requirements-dev.lock
	$(PIP) install --quiet --no-deps --no-index --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)  ## play one business day against the stand-ins and prove the books
	$(BIN)/avantto-qbo demo $(ARGS)

test: lint types imports  ## everything that must hold: style, types, layers, all tests with coverage
	@rm -f .coverage .coverage.*
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target tests-small tests-whole
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --fail-under=$(COVER)
	@$(BIN)/coverage report --include='*/rules/*' --fail-under=100

# Two halves that take about as long: the small tests, and those that play whole days. ARGS may leave one half empty.
SMALL := tests/unit tests/conformance tests/properties tests/lifecycle tests/fuzz
HALF = $(BIN)/coverage run -m pytest $(ARGS) -p no:cacheprovider
EMPTY = { code=$$?; $(if $(ARGS),[ $$code -eq 5 ] ||) exit $$code; }

tests-small: $(STAMP)
	$(HALF) $(SMALL) || $(EMPTY)

tests-whole: $(STAMP)
	$(HALF) tests $(addprefix --ignore=,$(SMALL)) || $(EMPTY)

unit: $(STAMP)  ## the unit tests alone, without coverage
	$(BIN)/pytest tests/unit $(ARGS)

# DOCS documents are drawn from SEED: invoices, receipts and lives of invoices in each of the seven kinds of company.
DOCS ?= 21000
SEED ?= 1

properties: $(STAMP)  ## random documents through every kind of company (DOCS=21000 SEED=1)
	DOCS=$(DOCS) $(BIN)/pytest tests/properties --hypothesis-seed=$(SEED) $(ARGS)

# SEEDS runs of the whole daemon in virtual time, from seed FROM on; SEED=123 repeats one and tells what happened.
SEEDS ?= 1000
FROM ?= 1
REQUESTID ?=
simulate: $(STAMP)  ## the daemon and both vendors under seeded faults (SEEDS=1000, REQUESTID=ignored, SEED=123 for one)
	PYTHONPATH=tests $(BIN)/python -m simulation --seeds $(SEEDS) --from $(FROM) \
		$(if $(filter command line,$(origin SEED)),--seed $(SEED)) $(if $(REQUESTID),--requestid $(REQUESTID)) $(ARGS)

KILLS ?= 500
crash: $(STAMP)  ## kill -9, power loss and failing disks against the installed daemon (KILLS=500)
	PYTHONPATH=tests $(BIN)/python -m crash --kills $(KILLS) $(ARGS)

N ?= 200000
fuzz: $(STAMP)  ## N broken webhooks, answers and status requests
	PYTHONPATH=tests $(BIN)/python -m fuzz --n $(N) --seed $(SEED) $(ARGS)

lint: $(STAMP)  ## style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)  ## static types
	$(BIN)/mypy

imports: $(STAMP)  ## which room may know which
	$(BIN)/lint-imports

fmt: $(STAMP)  ## format, and mend what can be mended mechanically
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: $(STAMP)  ## build the package into dist/ with the locked build backend
	$(PIP) wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir dist .

# Versions already in a lock stay unless UPGRADE=--upgrade (or --upgrade-package NAME) says otherwise.
UPGRADE ?=
COMPILE = $(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command 'make lock' $(UPGRADE)

lock:  ## write both lock files anew from pyproject.toml
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip --disable-pip-version-check install --quiet '$(LOCKER)'
	$(COMPILE) --group dev --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml

clean:  ## remove everything that make made
	rm -rf $(VENV) $(VENV)-lock .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist
