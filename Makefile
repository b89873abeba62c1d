# Two commands matter: `make site` and `make test`. Each sets up what it needs in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: site test lint serve shots bench lock clean
.DEFAULT_GOAL := site

site: $(STAMP)            ## check every page, build the site strictly, say what was verified
	@$(BIN)/python scripts/build.py --strict

test: $(STAMP) lint       ## lint, types, every test, the handout's verdicts, the site in a browser
	@$(BIN)/python scripts/build.py --strict
	@$(BIN)/pytest --numprocesses=2 --dist=worksteal

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

serve: $(STAMP)           ## write with a live preview
	@$(BIN)/mkdocs serve --livereload

shots: $(STAMP)           ## a picture of every page, light and dark, wide and narrow, into shots/
	@$(BIN)/python scripts/shots.py

bench: $(STAMP)           ## every benchmark, as the tables that the site shows
	@for script in benchmarks/*_*.py; do echo "## $$script"; $(BIN)/python $$script; done

lock: $(STAMP)            ## pin the versions that pyproject.toml allows today
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header \
		--no-emit-index-url --upgrade pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) site .cache shots

# Installed once, and again whenever the lock or the project's metadata changes. hatchling builds the
# editable install: `--no-build-isolation` keeps its version pinned by the lock.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (make PYTHON=...)")'
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned packages into $(VENV) (once; about a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $(STAMP)
