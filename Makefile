# Concord: `make run` serves the portal, `make test` checks it. Both do their own set-up and can be repeated.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8501
# as many as the cores that the suite is made for: a third one gained nothing
WORKERS ?= 2
BIN := .venv/bin
export PORT

.PHONY: run test format clean browser

run: .venv/run.stamp
	@exec $(BIN)/python server.py

test: .venv/test.stamp browser
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

format: .venv/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Concord needs Python 3.11 or newer. Install it (Debian, Ubuntu: sudo apt-get install python3 python3-venv; macOS: brew install python) and run this again."; \
		exit 1; fi
	@rm -rf .venv
	@echo "Making the virtual environment with $(PYTHON) ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "The virtual environment could not be made. On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }

.venv/run.stamp: requirements.txt | .venv/bin/python
	@echo "Installing what the portal needs (once, about two minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/test.stamp: requirements.txt requirements-dev.txt | .venv/bin/python
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch .venv/run.stamp $@

# the system's Chromium, or one that playwright has fetched
browser: | .venv/test.stamp
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	|| $(BIN)/python -c 'import os, sys; from playwright.sync_api import sync_playwright as s; p = s().start(); e = os.path.exists(p.chromium.executable_path); p.stop(); sys.exit(not e)' \
	|| { command -v apt-get >/dev/null && { \
		if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium; \
		elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq chromium; \
		else false; fi; } && command -v chromium >/dev/null; } \
	|| { echo "The browser tests need Chromium, which could not be installed from here. Install it with"; \
		echo "    sudo apt-get install chromium        (Debian)      or"; \
		echo "    $(BIN)/python -m playwright install --with-deps chromium        (Ubuntu, macOS)"; \
		echo "and run 'make test' again."; exit 1; }
