# Everything a newcomer needs: `make demo` and `make test`. Each sets up what it needs by itself.
PYTHON ?= python3
VENV := .venv
READY := $(VENV)/ready

.PHONY: demo practice test faults bench browser pictures check format clean

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Firedrill needs Python 3.11 or newer, and $(PYTHON) is %d.%d. Try: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Installing Firedrill into $(VENV) (once) …"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(READY) ## A whole live drill in practice mode; CORRUPT=1 damages the restored disk
	@$(VENV)/bin/firedrill demo $(if $(CORRUPT),--corrupt)

practice: $(READY) ## The practice world, kept open
	@$(VENV)/bin/firedrill practice

test: $(READY) browser ## The whole suite
	@$(VENV)/bin/python -m pytest -q

faults: $(READY) ## Every runbook, hurt wherever something can break; FAULTS="--runbook drill --kind kill" for a part
	@$(VENV)/bin/python -m tests.faults $(FAULTS)

$(VENV)/bench: $(READY)
	@echo "Installing the task queues that are measured beside it (once) …"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@

bench: $(VENV)/bench ## The budgets, measured side by side in one run, into docs/performance.md; BENCH="ack --seconds 20" for one
	@$(VENV)/bin/python -m benchmarks $(BENCH)

browser: ## Headless Chromium for the tests of pages, where it can be installed; else they are skipped, and say so
	@command -v chromium chromium-browser google-chrome >/dev/null 2>&1 || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "Installing Chromium (once) …" && \
	    apt-get update -qq >/dev/null 2>&1 && apt-get install -y -qq chromium fonts-noto-color-emoji >/dev/null 2>&1; } || \
	  echo "There is no Chromium here, so the tests of pages are skipped. On Debian: apt-get install chromium"

pictures: $(READY) browser ## The pictures in docs/pictures, made anew
	@$(VENV)/bin/python -m tests.pages.pictures

check: $(READY) ## Format, lint, types
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy

format: $(READY)
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

clean:
	rm -rf $(VENV) build dist *.egg-info
