# Cowscope: `make play` to watch, `make test` to check. Both do all of the set-up.

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# Most tests wait for processes and disks, so more of them run at once than there are cores.
# Files go in their order: the longest, those of the screen, would otherwise come last and alone.
PYTEST := $(BIN)/python -m pytest -q -n 4 --dist loadfile --no-loadscope-reorder --durations=15
# pip compiles what it copies; of an editable install the first start would wait for it.
BYTE_CODE := $(BIN)/python -m compileall -q engine scenes app
CODE := engine scenes app tests bench

.PHONY: play test check gates format lint types imports bench crash-long clean

play: $(VENV)/.play
	@$(BIN)/cowscope play 04

test: $(VENV)/.dev
	$(PYTEST)

check: $(VENV)/.dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PYTEST)

gates: $(VENV)/.dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(VENV)/.dev
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

bench: $(VENV)/.dev $(VENV)/.bench
	$(BIN)/python -m bench

crash-long: $(VENV)/.dev
	$(BIN)/python -m app.crash_long

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis build dist

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Cowscope needs Python 3.11 or later with its venv module."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.play: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e .
	@$(BYTE_CODE)
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) -e ".[dev]"
	@$(BYTE_CODE)
	@touch $@ $(VENV)/.play

# Only peers to compare with: where they cannot be had, the table says so.
$(VENV)/.bench: pyproject.toml constraints.txt | $(VENV)/.dev
	@$(PIP) -e ".[bench]" && touch $@ || echo "bench: its peer servers could not be installed"
