# Each target works alone on a fresh machine: python3 (3.11 or later), pip, make and gcc are enough.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: install browser postgresql demo test test-cluster fuzz check style types bench format reference docs bom lock

install: .venv/installed

# What a lock file names, each file by its SHA-256, and nothing else.
LOCKED = pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes

# PyTorch comes first, as a build for processors only where pip finds one: beside the index's its SHA-256 alone would not choose it. Where
# there is none, the index's build for CUDA comes with the others, and the libraries that it needs, which no lock names, after them.
.venv/installed: requirements-torch.lock requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/$(LOCKED) -r requirements-torch.lock 2> /dev/null || true
	$(BIN)/$(LOCKED) -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-compile "$$(grep -o '^torch==[0-9.]*' requirements.lock)"
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
	$(BIN)/$(LOCKED) -r requirements-cluster.lock
	touch $@

test: install browser postgresql
	$(BIN)/python -m pytest -n 2 --dist worksteal tests src

# The tests that need Ray; `make test` skips them where it is not installed.
test-cluster: .venv/cluster
	$(BIN)/python -m pytest tests/engines

# Changed photos, tables, models and requests, for a minute.
fuzz: install
	$(BIN)/python -m tests.fuzz

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
	$(BIN)/$(LOCKED) -r docs/requirements.lock
	touch $@

# What is installed, with versions and licences (CycloneDX). The tool has an environment of its own, so that it is not in the list.
bom: build/bom.json
build/bom.json: .venv/installed docs/bom.lock
	$(PYTHON) -m venv build/bom
	build/bom/bin/$(LOCKED) -r docs/bom.lock
	build/bom/bin/cyclonedx-py environment --no-validate -o $@ $(BIN)/python
	@echo $@

# Writes the lock files anew from pyproject.toml, with the SHA-256 of each version's files; no index address and no local version
# label goes in. PyTorch's are those of the index and of the builds for processors only that PIP_FIND_LINKS has. The site's packages,
# Ray and what `make bom` needs have files of their own, so that installing sakka stays as quick as it is.
COMPILE = $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --custom-compile-command "make lock"
BESIDE = --upgrade-package torch $(addprefix --find-links ,$(PIP_FIND_LINKS))
lock:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv
	$(COMPILE) $(BESIDE) --extra paper --extra database --extra index --extra multilingual --extra onnx --extra hub --extra remote --extra sklearn --extra web --extra dev --output-file requirements.lock pyproject.toml
	$(COMPILE) $(BESIDE) --extra docs --constraint requirements.lock --output-file docs/requirements.lock pyproject.toml
	$(COMPILE) $(BESIDE) --extra cluster --constraint requirements.lock --output-file requirements-cluster.lock pyproject.toml
	echo cyclonedx-bom | $(COMPILE) --output-file docs/bom.lock -
	mkdir -p build
	sed -n '/^torch==/,/^ *#/p' requirements.lock | sed -e 's/+cpu//' -e '/#/d' > requirements-torch.lock
	grep -o '^torch==[0-9.]*' requirements.lock | $(COMPILE) --no-deps - | grep -o -- '--hash=sha256:[0-9a-f]*' | sed 's/.*/    & \\/' > build/torch.hashes
	sed -i -E -e '/^torch==/{s/\+cpu//; r build/torch.hashes' -e '}' requirements.lock requirements-cluster.lock docs/requirements.lock
