# Two commands are all a newcomer needs: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The fast suite is written for two cores. Many of its meters speak at the speed of their line: while one process waits for
# the wire another computes.
PYTEST := $(BIN)/python -m pytest
WORKERS ?= 4

.PHONY: help demo test lint types bench soak pages deb clean
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is newer than pyproject.toml exactly when the environment was made from it.
$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "metergate needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version). Set PYTHON=python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "no venv module: apt install python3-venv"; exit 2; }
	@echo "installing metergate into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "installing what the tests need into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all,dev]'
	@touch $@

demo: $(VENV)/installed ## read emulated meters by hand and by the gateway; what it writes goes to demo-out/
	@$(BIN)/python -m hil.demo

test: $(VENV)/installed-dev ## the fast test suite
	@$(PYTEST) -n $(WORKERS) --dist worksteal -m 'not slow and not peer' $(ARGS)

lint: $(VENV)/installed-dev ## ruff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/installed-dev ## mypy --strict on drivers/ and gateway/
	@$(BIN)/mypy

bench: $(VENV)/installed-dev ## measure what is promised; tables go to bench-out/
	@$(BIN)/python tests/bench $(AREAS)

# SECONDS of faults, then KILLS of the whole gateway at random points.
SECONDS ?= 1800
KILLS ?= 1000
soak: $(VENV)/installed-dev ## half an hour under faults, then 1000 kills; a table and a picture go to soak-out/
	@SECONDS=$(SECONDS) $(BIN)/python tests/soak
	@test $(KILLS) = 0 || METERGATE_KILLS=$(KILLS) $(PYTEST) -m slow --timeout 0 tests/gateway/test_killed.py

pages: $(VENV)/installed ## write the lists, the schema and the reference that are made from maps and models
	@$(BIN)/python -m gateway.device_map.pages
	@$(BIN)/python -m gateway.config.page

deb: $(VENV)/installed ## build/metergate_*.deb, which carries its own environment
	@packaging/debian/build

clean: ## remove the environment and everything made
	rm -rf $(VENV) build dist demo-out bench-out soak-out .pytest_cache .mypy_cache .ruff_cache .hypothesis
