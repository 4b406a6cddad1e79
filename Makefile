# make demo | test | check | bench: each makes .venv by itself when it is missing or older than what it is made from
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check format bench clean

demo: $(STAMP)
	$(BIN)/guardrank-train --dim truthfulness --base embedded --out judges/truthfulness --fresh
	$(BIN)/guardrank-export judges/truthfulness
	$(BIN)/guardrank-score data/samples/responses.jsonl --judge judges/truthfulness -o judges/responses.verdicts.jsonl

test: $(STAMP)
	$(BIN)/python -m pytest

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python .ci/typecheck.py

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet -c constraints.txt --group bench
	$(BIN)/python tests/benchmarks/throughput.py --json docs/results/throughput.json --markdown docs/results/throughput.md

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade -c constraints.txt pip
	$(BIN)/python -m pip install --quiet -c constraints.txt --group dev
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation -e '.[all]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info judges .mypy_cache .ruff_cache .pytest_cache
