# Hjemmel. `make demo` shows what it does, `make test` proves it. Both do all their own set-up.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
TOOLS := .build/bin
GO_TOOLS := opa regal ghz grpcurl fsck omniwitness loadtest tessera-hammer tessera-posix
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: demo test faults bench mutants damage lint format types docs proto tools system lock clean

demo: .venv/broker ## The main job, played on generated registers
	@$(BIN)/hjemmel demo $(DEMO)

test: .venv/dev tools system ## The whole test suite, on real parts
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --cov --cov-report term:skip-covered $(TESTS)

faults: .venv/dev system ## Breaks the log at its system calls; FAULTS="--runs 5000 --seed 7" for other runs
	@$(BIN)/python -m tests.faults $(FAULTS)

bench: .venv/dev tools ## A full exchange beside a bare echo; BENCH=--quick for a short run
	@$(BIN)/python -m tests.bench $(BENCH)

mutants: .venv/dev ## Changes the law in every small way: which changes do its own tests not notice?
	@$(BIN)/python -m tests.mutation

damage: .venv/dev tools system ## Damages logs in 16,000 ways, on disk, in databases and as published: is each found?
	@$(BIN)/python -m tests.mutation_of_logs $(DAMAGE)

lint: .venv/dev tools .build/buf ## Every linter, and whether generated files are current
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python proto/generate.py --check
	@$(BIN)/python docs/generate.py --check
	@.build/buf/node_modules/@bufbuild/buf-*/bin/buf lint
	@$(TOOLS)/opa fmt --diff --fail policies
	@$(TOOLS)/opa check --strict --schema policies/schemas policies
	@$(TOOLS)/regal lint --config-file policies/.regal/config.yaml policies

types: .venv/dev ## mypy, strict
	@$(BIN)/mypy

format: .venv/dev tools ## Formats Python and Rego
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix --quiet .
	@$(TOOLS)/opa fmt --write policies

docs: .venv/broker ## Writes the pages that the code knows better
	@$(BIN)/python docs/generate.py

proto: .venv/dev ## Generates the Python of the API
	@$(BIN)/python proto/generate.py

lock: .venv/dev ## Writes the locks anew from pyproject.toml
	@for set in "client:" "broker:--extra broker --extra postgres --extra snapshot --extra soap --group build" \
	            "dev:--extra broker --extra postgres --extra snapshot --extra soap --group dev"; do \
	  $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	    --no-emit-find-links --python-version 3.11 $${set#*:} pyproject.toml \
	    --constraint requirements/dev.lock --output-file requirements/$${set%%:*}.lock || exit 1; done

# Set-up. A stamp is newer than the lock it stands for.

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Hjemmel needs Python 3.11 or newer; set PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "install Python's venv: apt-get install python3-venv"; exit 1; }

.venv/broker: requirements/broker.lock pyproject.toml | .venv/bin/pip
	@test -e .venv/dev || echo "Installing what the broker needs (once) …"
	@test -e .venv/dev || $(PIP) -r requirements/broker.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: requirements/dev.lock pyproject.toml | .venv/bin/pip
	@echo "Installing what the tests need (once) …"
	@$(PIP) -r requirements/dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ .venv/broker

tools: $(GO_TOOLS:%=$(TOOLS)/%) ## OPA, Regal, ghz, grpcurl, and outsiders for the log: a verifier, a witness, its load test

$(TOOLS)/%: tests/tools/%/go.mod tests/tools/%/go.sum
	@command -v go >/dev/null || { echo "Go is needed to build $*: install Go 1.26 or newer"; exit 1; }
	@echo "Building $* (once) …"
	@mkdir -p $(TOOLS)
	@cd tests/tools/$* && go build -mod=readonly -trimpath -o $(CURDIR)/$@ "$$(sed -n 's/^tool //p' go.mod)"

.build/buf: tests/tools/buf/package-lock.json
	@command -v npm >/dev/null || { echo "npm is needed to install Buf: install Node.js 20 or newer"; exit 1; }
	@mkdir -p $@ && cp tests/tools/buf/package*.json tests/tools/buf/.npmrc $@
	@cd $@ && npm ci --no-audit --no-fund >npm.log 2>&1 && touch . || { cat npm.log; exit 1; }

system: ## PostgreSQL, Chromium and strace, where this user may install them
	@missing=; ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="postgresql"; \
	command -v strace >/dev/null || missing="$$missing strace"; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	command -v setpriv >/dev/null || missing="$$missing util-linux"; \
	test -z "$$missing" && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing $$missing …"; \
	  (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$missing) \
	    >.build/apt.log 2>&1 || { tail .build/apt.log; exit 1; }; \
	else echo "The tests need these packages of Debian's: $$missing"; exit 1; fi

clean: ## Removes what was built, and the demo's log and keys
	@rm -rf .venv .build .hjemmel .coverage .benchmarks
