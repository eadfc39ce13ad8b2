# Two commands for everybody: `make sandbox` to try the bot, `make test` to prove it. Both need only Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HISTORIES ?= 100000
# One more than there are cores: some tests wait for something.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))')

# The tests start hundreds of processes. Where nothing may be kept, each would compile all of its modules anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: sandbox test soak check lint types suite format lock clean

sandbox: $(VENV)/.ready
	@exec $(BIN)/mailwarden sandbox $(ARGS)

# Types take a minute on one core; the tests make use of the others meanwhile.
test: lint
	@$(MAKE) --no-print-directory --jobs=2 types suite

# Databases that nobody keeps are in memory, where there is room for them: on a disk each commit waits for it.
suite: export TMPDIR := $(shell $(PYTHON) -c 'import os, shutil, tempfile; m = "/dev/shm"; print(m if os.access(m, os.W_OK) and shutil.disk_usage(m).free > 4e9 else tempfile.gettempdir())')
suite: $(VENV)/.ready
	$(BIN)/pytest --numprocesses $(WORKERS) --dist worksteal $(ARGS)

# Made-up histories of the deletion queue, hours of them: `make soak HISTORIES=1000000`.
soak: $(VENV)/.ready
	$(BIN)/python -m tests.deletions.histories $(HISTORIES) $(ARGS)

check: lint types

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/lint-imports --no-logo

types: $(VENV)/.ready
	$(BIN)/mypy

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.ready
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml --group dev --output-file requirements.lock

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Mailwarden needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
