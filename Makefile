# Everything here installs what it needs into the checkout first: .venv and the folders node_modules.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first Python that is new enough: yours, or the newest by its versioned name.
PYTHON ?= python3
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
FOUND := $(shell for it in "$(PYTHON)" python3.13 python3.12 python3.11; do \
	"$$it" -c '$(NEW_ENOUGH)' 2>/dev/null && { echo "$$it"; break; }; done)
ifeq ($(FOUND),)
$(error Stratum needs Python 3.11 or newer; "$(PYTHON)" is not. Say which: make PYTHON=/path/to/python3.11)
endif

INSTALL := "$(FOUND)" -I backend/launcher/install.py
# Relative, so that a checkout may lie in a folder with a space in its name.
BIN := .venv/bin
IN_BACKEND := cd backend && ../.venv/bin
# Node.js as the installation found or made it.
NPM = PATH="$$($(INSTALL) --node):$$PATH" npm --prefix frontend
CHROMIUM := chromium chromium-browser google-chrome google-chrome-stable
BROWSER = $(shell for it in $(CHROMIUM); do command -v "$$it" && break; done)

help: ## what there is to run
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | column -t -s '|'

run: ## start Stratum: databases, API, worker, Beat, sandbox, dashboard
	@$(INSTALL) python build
	@exec $(BIN)/stratum up

dev: ## the same, with the API and the dashboard reloaded as you edit
	@$(INSTALL) python frontend
	@PATH="$$($(INSTALL) --node):$$PATH" exec $(BIN)/stratum up --dev

demo: ## tell the whole story on a running Stratum
	@$(INSTALL) python
	@exec $(BIN)/stratum demo

test: ## lint, types, contracts, dashboard, backend and browser
	@$(INSTALL) python build browser
	@$(MAKE) -j2 lint contracts frontend-test
	@$(MAKE) pytest

test-long: ## what takes minutes: kill storms, large curves
	@$(INSTALL) python build
	$(IN_BACKEND)/python -m pytest -m long

check: lint contracts frontend-check ## lint, types and contracts, without a test

fix: ## mend what the linters can
	@$(INSTALL) python frontend
	$(IN_BACKEND)/ruff check --fix .
	$(IN_BACKEND)/ruff format .
	$(IN_BACKEND)/python -m app.cli settings
	$(NPM) run format

google-grpc: ## serve Google Ads over gRPC, before the sandbox of a running Stratum
	@$(INSTALL) python google-ads
	@cd backend && PYTHONPATH=../.venv/beside/google-ads exec ../.venv/bin/python -m sandbox.vendors.google.grpc \
		--sandbox http://127.0.0.1:8100 --folder "$(CURDIR)/.stratum/google-grpc" $(ARGS)

bench: ## measure against bare PostgreSQL and bare FastAPI, ratios in one run
	@$(INSTALL) python build
	$(IN_BACKEND)/python -m benchmarks

trustbench: ## how well the gate tells data that lies from data that is unusual: SEED=, N=, FAULTS=, OUT=
	@$(INSTALL) python
	$(IN_BACKEND)/python -m benchmarks.trustbench --n $(or $(N),6) $(if $(SEED),--seed $(SEED)) \
		$(if $(FAULTS),--faults $(abspath $(FAULTS))) $(if $(OUT),--out $(abspath $(OUT))) --report ../docs

migration: ## write a migration from the models: make migration name="add campaign labels"
	@test -n "$(name)" || { echo 'Say what it does: make migration name="add campaign labels"'; exit 2; }
	@$(INSTALL) python
	@$(IN_BACKEND)/python -m launcher.migration "$(name)"

clean: ## remove what was installed and made; the data in .stratum stays
	rm -rf .venv frontend/node_modules backend/tests/sdks/node_modules frontend/dist backend/.mypy_cache backend/.ruff_cache \
		backend/.pytest_cache backend/.hypothesis backend/.import_linter_cache
	find backend -name __pycache__ -type d -prune -exec rm -rf {} +

lint:
	@$(INSTALL) python
	$(IN_BACKEND)/ruff check .
	$(IN_BACKEND)/ruff format --check .
	$(IN_BACKEND)/mypy

contracts:
	@$(INSTALL) python
	$(IN_BACKEND)/lint-imports --no-cache
	$(IN_BACKEND)/deptry .

frontend-check:
	@$(INSTALL) python frontend
	$(NPM) run lint
	$(NPM) run typecheck
	$(NPM) run api:check

frontend-test: frontend-check
	$(NPM) test
	@$(INSTALL) build

pytest:
	@$(INSTALL) python build browser
	@$(INSTALL) sdks || echo 'The SDKs could not be installed: the tests that drive them will fail.'
	@$(INSTALL) oracle || echo 'chdb could not be installed: the tests that it judges will fail.'
	@$(INSTALL) google-ads || echo 'google-ads could not be installed: the tests that drive it will fail.'
	@$(if $(BROWSER),$(TEST_ALL),$(IN_BACKEND)/python -m pytest $(FAST); echo 'BROWSER TESTS DID NOT RUN: there is no Chromium on this machine.')

FAST := -n 2 -m "not long and not browser" --durations=30 --durations-min=5
# The browser's tests wait more than they work: they run beside the others, and say what they have to say after them.
TEST_ALL = said=$$(mktemp); (cd backend && exec ../.venv/bin/python -m pytest -m browser tests/browser) >"$$said" 2>&1 & \
	browser=$$!; trap 'kill $$browser 2>/dev/null || true; rm -f "$$said"' EXIT; \
	code=0; (cd backend && ../.venv/bin/python -m pytest $(FAST)) || code=$$?; \
	wait $$browser || code=$$?; cat "$$said"; exit $$code

.PHONY: help run dev demo test test-long check fix google-grpc bench trustbench migration clean lint contracts frontend-check frontend-test pytest
