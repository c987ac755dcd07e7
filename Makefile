# Everything runs in .venv, which `make install` fills; the other targets call it first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK := requirements-dev.lock
# A terminal shows pip at work; a log gets the one line before it.
PIP_INSTALL = quiet=--quiet; if [ -t 1 ]; then quiet=; fi; $(BIN)/python -m pip install $$quiet

.DEFAULT_GOAL := help
.PHONY: help install lock demo test conformance bench docs lint format clean

help: ## Say what each target does
	@sed -n 's/^\([a-z]*\):.* ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

install: $(STAMP) ## Make .venv with all that development needs (PYTHON= names the interpreter)

# Debian's python3 lacks ensurepip until python3-venv is there; its own pip can fill the gap.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "$(PYTHON) is older than 3.11: name another one, make install PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); $(PYTHON) -m venv --without-pip $(VENV) \
		&& $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; } \
		|| { rm -rf $(VENV); echo "No pip for $(VENV): install python3-venv" >&2; exit 1; }

# Dependency groups need pip 25.1. Everything else comes in the versions of the lock file, and what
# does not have their hashes is refused.
$(STAMP): $(LOCK) pyproject.toml Makefile | $(BIN)/python
	@echo "Installing the dependencies into $(VENV) (a minute or two) ..."
	@$(PIP_INSTALL) --upgrade "pip>=25.1"
	@$(PIP_INSTALL) --require-hashes --requirement $(LOCK)
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

lock: install ## Renew the versions that install takes, within what pyproject.toml allows
	@$(PIP_INSTALL) --group lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--all-extras --group dev --custom-compile-command "make lock" --output-file $(LOCK) pyproject.toml

demo: install ## Show a real MCP client at work (ARGS=--exit ends after the tour; DEMO_PORT picks the port)
	$(BIN)/python -m example_project.demo $(ARGS)

test: install ## Run every leg of the tests (ARGS="sqlite lint" runs some)
	$(BIN)/python -m tests.legs $(ARGS)

conformance: install ## Run the official conformance suite
	$(BIN)/python -m tests.interop.conformance

bench: install ## Compare with other servers (ARGS="--quick whole-job" runs a part)
	@echo "Installing what the comparison needs (a minute or two) ..."
	@$(PIP_INSTALL) --group bench
	$(BIN)/python -m benchmarks $(ARGS)

docs: install ## Build the documentation in build/docs; a warning is an error
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/docs

lint: install ## Say what the linters, the type checker and the import contracts find
	$(BIN)/python -m tests.legs lint types imports

format: install ## Let ruff sort and format the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

clean: ## Remove what the other targets made
	rm -rf $(VENV) .node .tox .demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache \
		.coverage .coverage.* htmlcov build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
