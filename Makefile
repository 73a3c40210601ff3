# Each target works alone on a fresh machine: python3 (3.11 or later), pip, make and gcc are enough.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install browser postgresql demo test test-cluster check style types bench format reference docs lock

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -r requirements.lock
	$(BIN)/python -m compileall -qq -j 0 -x '/tests/' .venv/lib || true  # on all cores, where pip would use one
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: install
	$(BIN)/sakka demo --output demo

# The browser that the page's tests drive. Where it can't be installed these tests are skipped and say so.
browser:
	@command -v chromium > /dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
	  && apt-get update -qq && apt-get install -qq --no-install-recommends chromium fonts-noto-cjk > /dev/null; } || true

# The PostgreSQL server that the tests of a database start for themselves; skipped in the same way. Two apt-get at once won't do.
postgresql: | browser
	@ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
	  && apt-get update -qq && apt-get install -qq --no-install-recommends postgresql > /dev/null; } || true

# Ray, for the tests of workers in other processes. Installing sakka without it stays as quick as it is.
.venv/cluster: .venv/installed requirements-cluster.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile -r requirements-cluster.lock
	touch $@

test: install browser postgresql
	$(BIN)/python -m pytest -n 2 --dist worksteal tests src

# The tests that need Ray; `make test` skips them where it is not installed.
test-cluster: .venv/cluster
	$(BIN)/python -m pytest tests/engines

check: types style docs

style: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo

types: install
	$(BIN)/mypy

format: install
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

bench: install
	$(BIN)/python -m benchmarks

# The generated pages, and the answers in the docs' examples.
reference: install
	$(BIN)/python -m tests.write_docs

docs: .venv/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	@echo build/site/index.html

.venv/docs: .venv/installed docs/requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check -r docs/requirements.lock
	touch $@

# Writes both lock files anew from pyproject.toml; no index address and no local version label goes in. The site's packages
# and Ray have files of their own, so that installing sakka stays as quick as it is.
COMPILE = $(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	  --no-emit-options
lock:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet pip-tools
	$(COMPILE) --extra paper --extra database --extra index --extra multilingual --extra onnx --extra hub --extra remote --extra sklearn --extra web --extra dev --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra docs --constraint requirements.lock --output-file docs/requirements.lock pyproject.toml
	$(COMPILE) --extra cluster --constraint requirements.lock --output-file requirements-cluster.lock pyproject.toml
	sed -i -E '/^torch==/s/\+cpu//' requirements.lock requirements-cluster.lock docs/requirements.lock
