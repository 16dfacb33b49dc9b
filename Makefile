# Two commands for a newcomer: make run, make test. Each sets up what it needs in .venv.
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
# compiled code of the library is kept for the next process
export NUMBA_CACHE_DIR := $(CURDIR)/.venv/numba

# of config/benchmarks; the last two need the published files below $NEURODSR_TEST_DATA
BENCHMARKS ?= lorenz63 forcing partial $(if $(NEURODSR_TEST_DATA),published-lorenz63 eeg)

.PHONY: run test lint format bench benchmark pin clean

run: .venv/installed
	$(BIN)/snakemake --cores $(CORES)

test: lint
	$(BIN)/pytest -n 2 --dist loadfile

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/python envs/pin.py --check
	$(BIN)/snakemake --lint

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

bench: .venv/installed-dev
	$(BIN)/python tests/bench/bench_training.py
	$(BIN)/python tests/bench/bench_statespace.py
	$(BIN)/python tests/bench/bench_evaluation.py
	$(BIN)/python tests/bench/bench_dynamics.py
	$(BIN)/python tests/bench/bench_workflow.py

benchmark: .venv/installed
	set -e; for name in $(BENCHMARKS); do \
	    $(BIN)/snakemake benchmark --cores $(CORES) --configfile config/benchmarks/$$name.yaml; \
	done

pin: .venv/installed-dev
	$(BIN)/python envs/pin.py

clean:
	rm -rf .venv .snakemake results resources .mypy_cache .pytest_cache .ruff_cache

.venv/installed: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "neurodsr needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements.txt
	touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	touch $@
