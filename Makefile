# The verbs of this project. `make run` and `make test` need Python 3.11 or newer with venv, make and git; nothing else.
#
# PORT, DATA_DIR, DATABASE_URL, WORKERS and BLOB_URL reach the server as environment or as `make run PORT=9000`.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$p; break; fi; done)
VENV := .venv
# Programs that tests run beside the server, a generator of clients and an S3-compatible store: what they depend on
# disagrees with what the server does.
PEERS := .venv-peers
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --no-input
INSTALL_SELF := $(PIP) install --no-deps --no-build-isolation --editable .
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header
CHECKED := $(wildcard src tests tools benchmarks)

.PHONY: help run test check bench mutate docs lock venv venv-dev chromium coturn

help:
	@echo 'make run     start the server (PORT, DATA_DIR, DATABASE_URL, WORKERS, BLOB_URL)'
	@echo 'make test    run the whole suite, on SQLite and PostgreSQL'
	@echo 'make check   formatting, lint, types, layers, sizes, migrations'
	@echo 'make bench   measure; prints the table of docs/performance.md'
	@echo 'make mutate  break each marked rule and expect its tests to fail'
	@echo 'make docs    write docs/conformance.md from the last `make test`'
	@echo 'make chromium  install the browser of the tests from Debian'
	@echo 'make coturn  install the TURN server of the tests from Debian'
	@echo 'make lock    renew requirements.lock and requirements-dev.lock'

# `exec` leaves no shell between make and the server: make hands SIGINT and SIGTERM straight to it.
run: $(VENV)/.installed
	@exec $(BIN)/fallwerk serve

test: $(VENV)/.installed-dev $(PEERS)/.installed chromium coturn
	@$(BIN)/python -m pytest -n logical --dist worksteal --results build/test-results.json $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/mypy
	$(BIN)/python -m pytest --quiet tests/test_layers.py tests/test_sizes.py
	$(if $(wildcard tools/check_migrations.py),$(BIN)/python tools/check_migrations.py)

bench: $(VENV)/.installed-dev
	@$(BIN)/python benchmarks/run.py $(ARGS)

mutate: $(VENV)/.installed-dev
	@$(BIN)/python tools/mutate.py $(ARGS)

docs: $(VENV)/.installed-dev
	@$(BIN)/python tools/conformance.py

# The tests of pages need a Chromium. Where none is installed, root on Debian gets its package; everybody else is told.
chromium:
	@for name in "$$CHROMIUM" chromium chromium-browser google-chrome google-chrome-stable; do \
		if [ -n "$$name" ] && command -v "$$name" >/dev/null 2>&1; then exit 0; fi; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo 'No Chromium found; installing the system package.'; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update --quiet --quiet \
			&& apt-get install --quiet --quiet --yes --no-install-recommends chromium >/dev/null && exit 0; \
	fi; \
	echo 'The tests of pages need Chromium and it could not be installed here: install the package "chromium"' >&2; \
	echo '(Debian, as root: apt-get install chromium), or set CHROMIUM to the program.' >&2; exit 1

# One test sends a video call through a TURN server.
coturn:
	@command -v turnserver >/dev/null 2>&1 && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		echo 'No coturn found; installing the system package.'; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update --quiet --quiet \
			&& apt-get install --quiet --quiet --yes --no-install-recommends coturn >/dev/null && exit 0; \
	fi; \
	echo 'The test of video calls needs coturn and it could not be installed here: install the package "coturn".' >&2; exit 1

lock: $(VENV)/.installed-dev
	$(LOCK) $(ARGS) requirements.in requirements-build.in --output-file requirements.lock
	$(LOCK) $(ARGS) requirements-dev.in --constraint requirements.lock --output-file requirements-dev.lock
	$(LOCK) $(ARGS) requirements-peers.in --output-file requirements-peers.lock

venv: $(VENV)/.installed
venv-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or newer is needed, and none was found.' >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml requirements.in | $(BIN)/python
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(INSTALL_SELF)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml requirements.in | $(BIN)/python
	@$(PIP) install --require-hashes --requirement requirements-dev.lock
	@$(INSTALL_SELF)
	@touch $@ $(VENV)/.installed

$(PEERS)/.installed: requirements-peers.lock
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet --no-input install --require-hashes \
		--requirement requirements-peers.lock
	@touch $@
