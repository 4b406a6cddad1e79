# make demo | test | check | bench | mini: each makes .venv by itself when it is missing or older than what it is made from
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check format bench mini clean

demo: $(STAMP)
	$(BIN)/guardrank-score data/samples/responses.jsonl --judge guardrank-mini -o demo/responses.verdicts.jsonl

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

# The judge in the package, from annotated files to its card: some two and a half hours on two cores; stopped, it goes on.
ANNOTATIONS ?= ../shared/data
SETS = $(wildcard $(ANNOTATIONS)/*.jsonl.gz data/seed/*.jsonl data/chat/*.jsonl)
FILES = $(SETS:%=--data %)
MINI := build/mini

mini: $(MINI)/guardrank-mini/guardrank.json
	$(BIN)/guardrank-export $(MINI)/guardrank-mini --precision int8 --ship data/judges/guardrank-mini
	$(BIN)/python tests/benchmarks/mini_results.py --judge data/judges/guardrank-mini --shared $(ANNOTATIONS) --json docs/results/mini.json --into data/judges/guardrank-mini

$(MINI)/bilingual/config.json: $(SETS) | $(STAMP)
	$(BIN)/python -m guardrank.train.prepare_base $(FILES) -o $(MINI)/bilingual --epochs 2 --resume

$(MINI)/guardrank-mini/guardrank.json: $(MINI)/bilingual/config.json
	$(BIN)/guardrank-train --recipe mini --base $(MINI)/bilingual $(FILES) -o $(MINI)/guardrank-mini --resume

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade -c constraints.txt pip
	$(BIN)/python -m pip install --quiet -c constraints.txt --group dev
	$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation -e '.[all]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info demo judges .mypy_cache .ruff_cache .pytest_cache
