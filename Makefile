# make run | test | soak | coverage | mutate | lint | bench | lock | schemas | clean
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
HOST ?= 127.0.0.1
PORT ?= 8000
ON ?= 2025-10-15
COUNTY := build/county
RECORD := sqlite:///$(COUNTY)/record.db
KEYS := $(COUNTY)/record.keys.json
# Three for two cores: much of a test is waiting for a server that starts; a fourth gains nothing.
WORKERS ?= 3
BASE ?= origin/main

# Every command starts from compiled files, also where Python was told not to write any.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test soak coverage mutate mutate-changed lint bench lock schemas clean setup spark

run: $(VENV)/run.stamp
	@$(BIN)/relief decide samples/household.json --on $(ON)
	@echo
	@echo "The same over HTTP, with the same decision_id:"
	@echo "  curl -s -H 'Content-Type: application/json' --data-binary @samples/household.json \\"
	@echo "    'http://$(HOST):$(PORT)/v1/decisions?on=$(ON)'"
	@$(BIN)/relief decide samples/household.json --on $(ON) --format json | head -c 81; echo
	@echo
	@echo "示例县全部家庭，从最困难排起 · the whole sample county, the hardest lives first:"
	@rm -rf $(COUNTY)/data $(COUNTY)/results
	@$(BIN)/relief sample --households 2000 --out $(COUNTY)/data >/dev/null
	@$(BIN)/relief decide-all $(COUNTY)/data/households.parquet --on 2026-09-15 --known 2026-09-15 --out $(COUNTY)/results >/dev/null
	@$(BIN)/relief rank $(COUNTY)/results --data $(COUNTY)/data/households.parquet > $(COUNTY)/ranked.txt && head -8 $(COUNTY)/ranked.txt
	@echo
	@$(MAKE) --no-print-directory $(COUNTY)/record.db
	@$(BIN)/relief record init --record $(RECORD) --keys $(KEYS) >/dev/null
	@echo "接口说明 · the API's description: http://$(HOST):$(PORT)/docs"
	@$(BIN)/relief serve --host $(HOST) --port $(PORT) --record $(RECORD) --keys $(KEYS)

# The sample county's record, made once, so that what is tried in it stays; a newer program brings its tables up to date. A
# night has looked at it. Its passwords are printed then and never again.
$(COUNTY)/record.db: | $(VENV)/run.stamp
	@mkdir -p $(COUNTY) && rm -f $(COUNTY)/making.db* $(KEYS)
	@$(BIN)/relief record init --record sqlite:///$(COUNTY)/making.db --keys $(KEYS) >/dev/null
	@$(BIN)/relief record load $(COUNTY)/data --actor setup --record sqlite:///$(COUNTY)/making.db --keys $(KEYS)
	@$(BIN)/relief nightly --actor night --record sqlite:///$(COUNTY)/making.db --keys $(KEYS)
	@$(BIN)/relief account demo --record sqlite:///$(COUNTY)/making.db --keys $(KEYS)
	@mv $(COUNTY)/making.db $@

test: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

soak: $(VENV)/dev.stamp
	RELIEF_SOAK=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder
	$(BIN)/relief mutate

# What the features exercise, and which mistakes in the rules they would notice (docs/coverage.md).
coverage: $(VENV)/dev.stamp
	$(BIN)/relief coverage

mutate: $(VENV)/dev.stamp
	$(BIN)/relief mutate

# Without git, or where BASE is not known, there is nothing to compare with: then what versions.lock does not hold yet.
mutate-changed: $(VENV)/dev.stamp
	@base=$$(git rev-parse --verify --quiet '$(BASE)^{commit}' >/dev/null 2>&1 && echo '$(BASE)' || echo lock); \
	echo "$(BIN)/relief mutate --changed $$base"; $(BIN)/relief mutate --changed $$base --at-most 300

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/bench.stamp
	$(BIN)/python -m benchmarks.one_household.run
	$(BIN)/python -m benchmarks.http.run
	$(BIN)/python -m benchmarks.population.run
	$(BIN)/python -m benchmarks.record.export
	$(BIN)/python -m benchmarks.record.payments
	$(BIN)/python -m benchmarks.record.payments --statuses-only
	$(BIN)/python -m benchmarks.record.nightly
	$(BIN)/python -m benchmarks.record.nightly --database postgresql
	$(BIN)/python -m benchmarks.record.load

# Checked-in JSON Schemas that are made from the fact dictionary and the decision's structs.
schemas: $(VENV)/run.stamp
	$(BIN)/relief schema household > schemas/household.schema.json
	$(BIN)/relief schema decision > schemas/decision.schema.json

# Needs uv (https://docs.astral.sh/uv/). Everything else needs only Python, gcc, make and a package index.
lock:
	echo 'setuptools>=80' | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --output-file requirements-build.lock -
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --output-file requirements.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra spark --constraint requirements-dev.lock --output-file requirements-spark.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group bench --constraint requirements-dev.lock --output-file requirements-bench.lock pyproject.toml

setup: $(VENV)/dev.stamp

# What `relief decide-all --engine spark` and its tests need, besides Java 17.
spark: $(VENV)/spark.stamp

$(VENV)/build.stamp: requirements-build.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed; say which with make PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements-build.lock
	@touch $@

# Without build isolation, so that what builds durable-rules is locked as well.
$(VENV)/run.stamp: $(VENV)/build.stamp requirements.lock pyproject.toml
	$(PIP) install --require-hashes --no-build-isolation -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.lock
	$(PIP) install --require-hashes --no-build-isolation -r requirements-dev.lock
	@touch $@

$(VENV)/spark.stamp: $(VENV)/dev.stamp requirements-spark.lock
	$(PIP) install --require-hashes --no-build-isolation -r requirements-spark.lock
	@touch $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp requirements-bench.lock
	$(PIP) install --require-hashes --no-build-isolation -r requirements-bench.lock
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
