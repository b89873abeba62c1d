# `make site` and `make test` are all that most people need. Each sets up what it needs in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCKS  := requirements
PIP    := $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: site test test-packages lint serve shots bench dist lock clean
.DEFAULT_GOAL := site

site: $(VENV)/.site       ## check every page, build the site strictly, say what was verified
	@$(BIN)/handout live fetch || true
	@$(BIN)/python scripts/build.py --strict

test: $(VENV)/.test lint  ## lint, types, every test, the handout's verdicts, the site in a browser
	@$(BIN)/handout live fetch || test -z "$$CI"
	@$(BIN)/pytest --numprocesses=3 --dist=worksteal  # one more than processors: some tests wait

lint: $(VENV)/.test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows \
		.github/workflows/*.yml src/handout/templates/new/github/workflows/*.yml
	@$(BIN)/zizmor --offline --quiet --config .github/zizmor.yml .github \
		src/handout/templates/new/github/workflows/*.yml

test-packages:            ## pages that import pandas, torch, ..., in an environment of their own
	@$(MAKE) --no-print-directory VENV=.venv-packages .venv-packages/.packages
	@.venv-packages/bin/pytest tests/handout/packages

serve: $(VENV)/.site      ## write with a live preview
	@$(BIN)/mkdocs serve --livereload

shots: $(VENV)/.test      ## a picture of every page, light and dark, wide and narrow, into shots/
	@$(BIN)/python scripts/shots.py

bench: $(VENV)/.test      ## every benchmark, as the tables that the site shows
	@for script in benchmarks/*_*.py; do echo "## $$script"; $(BIN)/python -m benchmarks.$$(basename $$script .py); done

dist: $(VENV)/.release    ## the wheel and the source distribution, checked and tried, into dist/
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation
	@$(BIN)/twine check --strict dist/*
	@$(BIN)/check-wheel-contents --toplevel edf,handout dist/*.whl
	@$(BIN)/python scripts/try_wheel.py dist/*.whl

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	--no-header --no-emit-index-url --no-emit-find-links
lock: $(VENV)/.release    ## pin the versions that pyproject.toml allows today
	@$(COMPILE) pyproject.toml --extra notebook --extra pdf --group site --output-file $(LOCKS)/site.lock
	@$(COMPILE) pyproject.toml --all-extras --group site --group test --group bench \
		--constraint $(LOCKS)/site.lock --output-file $(LOCKS)/test.lock
	@$(COMPILE) --group release --constraint $(LOCKS)/test.lock --output-file $(LOCKS)/release.lock

clean:
	rm -rf $(VENV) site dist .cache shots

# Each installed once, and again whenever its lock or the project's metadata changes. The project
# itself is built with the pinned packages too, hence `--no-build-isolation`.
$(VENV)/.site: $(LOCKS)/site.lock pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (make PYTHON=...)")'
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing what the site needs into $(VENV) (once; about a minute)"
	@$(PIP) --requirement $(LOCKS)/site.lock
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.site $(LOCKS)/test.lock
	@echo "Adding what the tests need"
	@$(PIP) --requirement $(LOCKS)/test.lock
	@touch $@

$(VENV)/.packages: $(VENV)/.test $(LOCKS)/packages.txt
	@echo "Adding the packages that pages import (some gigabytes)"
	@$(PIP) --requirement $(LOCKS)/packages.txt
	@touch $@

$(VENV)/.release: $(VENV)/.site $(LOCKS)/release.lock
	@echo "Adding what a release needs"
	@$(PIP) --requirement $(LOCKS)/release.lock
	@touch $@
