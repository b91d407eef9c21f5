# The project in four words. `make env` builds the environment the others stand on.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# A marker for each set of packages: a second run finds it and starts at once.
RUN_READY  := $(VENV)/.ready-run
TEST_READY := $(VENV)/.ready-test

.PHONY: env run test bench chaos check locks clean

env: $(RUN_READY)

run: $(RUN_READY)
	@$(BIN)/ivr serve --demo

test: $(TEST_READY)
	@$(BIN)/python -m pytest -n auto --dist loadgroup

bench: $(TEST_READY)
	@$(BIN)/python -m tests.bench

chaos: $(TEST_READY)
	@$(BIN)/python -m tests.chaos --calls 10000

check: $(TEST_READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" infra/check

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "ivr needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(RUN_READY): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what ivr needs (once; about half a minute with cached wheels) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --no-deps -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --no-build-isolation -e .
	@touch $@

$(TEST_READY): requirements-test.lock $(RUN_READY)
	@echo "Installing what the tests need (once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --no-deps -r requirements-test.lock
	@touch $@

# For maintainers: needs uv on the PATH. No index host is written into a lock.
LOCK := uv pip compile pyproject.toml --group build --universal --generate-hashes --no-annotate --no-header --python-version 3.11
locks:
	$(LOCK) --extra voice -o requirements.lock
	$(LOCK) --extra voice --extra test -o requirements-test.lock

clean:
	rm -rf $(VENV) var dist
