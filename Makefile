# Every target sets up what it needs. Paths are relative, so that a folder with spaces works.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test fuzz screenshots frameworks soak lint bench lock clean

VENV := .venv
FRAMEWORKS_VENV := .venv-frameworks
PY := $(VENV)/bin/python
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
# What developers need includes what a run needs: one installation serves both.
INSTALLED := $(or $(wildcard $(DEV_STAMP)),$(RUN_STAMP))
ARGS ?=

# Containers often set it. Without compiled modules a start of Purser takes twice as long.
unexport PYTHONDONTWRITEBYTECODE

help: ## Show this list
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 19

run: $(INSTALLED) ## Start Purser on http://127.0.0.1:8080
	$(VENV)/bin/purser serve $(ARGS)

demo: $(INSTALLED) ## Simulated agents spend against the sandbox
	$(VENV)/bin/purser demo $(ARGS)

# A file's tests stay together: they share engines and processes. The order is that of
# tests/conftest.py, long files first; xdist's own begins with those of many tests.
test: $(DEV_STAMP) ## Run all tests
	$(PY) -m tests.clients.node_packages install
	$(PY) -m tests.clients.node_packages install tests/browser/node
	$(PY) -m tests.browser.install
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered $(ARGS)

fuzz: $(DEV_STAMP) ## Throw 10,000 malformed requests at the panel (ARGS="--seed 7 --requests 500")
	$(PY) -m tests.security.panel_fuzz $(ARGS)

screenshots: $(DEV_STAMP) ## Photograph every section of the panel into docs/panel
	$(PY) -m tests.browser.install
	$(PY) -m tests.browser.shots $(ARGS)

frameworks: $(DEV_STAMP) $(FRAMEWORKS_VENV)/.installed ## Drive it by LangChain, LlamaIndex, the Agents SDK and others
	$(PY) -m tests.clients.node_packages install tests/frameworks/node
	FRAMEWORKS_VENV=$(FRAMEWORKS_VENV) $(PY) -m pytest tests/frameworks $(ARGS)

soak: $(DEV_STAMP) ## Break everything at random under load (ARGS="--seed 7 --minutes 30")
	$(PY) -m tests.faults.campaign $(ARGS)

lint: $(DEV_STAMP) ## Check style and types
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: $(DEV_STAMP) ## Measure what Purser adds to a call, beside nginx (ARGS=costs: one part)
	$(PY) -m benchmarks $(ARGS)

lock: $(DEV_STAMP) ## Renew requirements*.lock and the npm lock (ARGS=--upgrade for newer versions)
	$(PY) -m uv pip compile $(LOCK_OPTIONS) --group build -o requirements.lock $(ARGS) pyproject.toml
	$(PY) -m uv pip compile $(LOCK_OPTIONS) --group build --extra dev -c requirements.lock -o requirements-dev.lock $(ARGS) pyproject.toml
	$(PY) -m uv pip compile $(LOCK_OPTIONS) -o tests/frameworks/requirements.lock $(ARGS) tests/frameworks/requirements.in
	$(PY) -m tests.clients.node_packages lock
	$(PY) -m tests.clients.node_packages lock tests/browser/node
	$(PY) -m tests.clients.node_packages lock tests/frameworks/node

clean: ## Remove everything that was built; your data folder stays
	rm -rf $(VENV) $(FRAMEWORKS_VENV) tests/*/node/node_modules .coverage .coverage.* htmlcov build dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis

# No index addresses and no notes on where things came from: the lock is versions and hashes.
LOCK_OPTIONS := --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-annotate --no-emit-index-url --no-emit-find-links

$(RUN_STAMP): requirements.lock pyproject.toml deploy/install
	deploy/install $(VENV) requirements.lock
	@touch $@

$(DEV_STAMP): requirements-dev.lock pyproject.toml deploy/install
	deploy/install $(VENV) requirements-dev.lock
	@touch $@

# Theirs alone: what they depend on need not agree with what Purser does.
$(FRAMEWORKS_VENV)/.installed: tests/frameworks/requirements.lock | $(DEV_STAMP)
	rm -rf $(FRAMEWORKS_VENV)
	$(PY) -m venv $(FRAMEWORKS_VENV)
	$(PY) -m uv pip install --quiet --python $(FRAMEWORKS_VENV)/bin/python --require-hashes -r $< || \
		$(FRAMEWORKS_VENV)/bin/python -m pip install --quiet --require-hashes -r $<
	@touch $@
