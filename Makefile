# `make run` and `make test` need Python 3.11 or newer, make and the package registries.

ifndef PYTHON
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
  "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; \
  done)
endif
BIN := .venv/bin

.PHONY: run test sandbox guards engines corpus mutants check lint format bench screenshots vendor set-up

run: set-up ## serve on this machine
	@$(BIN)/sandwright serve

# A file's tests run in one process, in their order; files are taken in theirs, slow ones first.
# Where Python is told to write no bytecode, each of the many starts would compile all of ours.
# Types are looked at meanwhile, on what the tests leave of the processor.
test: lint ## everything that must hold before a change goes in
	@$(BIN)/python -m compileall -q server sandbox/*.py sandbox/*/*.py frontend
	@said=$$(mktemp); $(BIN)/mypy --no-error-summary > "$$said" 2>&1 & types=$$!; \
	  $(BIN)/python -m pytest tests -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder; \
	  suite=$$?; wait $$types || suite=1; cat "$$said"; rm -f "$$said"; exit $$suite

# JOBS=2 runs files side by side.
sandbox: set-up ## every attack, probe, level and trap, counted outside the page
	@$(BIN)/python -m pytest tests/sandbox tests/browser/test_levels.py tests/browser/test_traps.py \
	  tests/browser/test_library_tools.py tests/browser/test_export_libraries.py \
	  tests/browser/test_prove.py tests/browser/test_smoke.py tests/browser/test_smoke_busy.py \
	  tests/browser/test_smoke_isolation.py tests/browser/test_smoke_browsers.py \
	  tests/browser/test_smoke_bad_input.py tests/browser/test_mutants.py \
	  tests/browser/test_bridge_host.py \
	  tests/browser/test_recipes.py tests/browser/test_library_walls.py tests/browser/test_corpus.py \
	  tests/browser/test_grants.py tests/browser/test_imported.py tests/browser/test_stored_data.py \
	  tests/browser/test_databases.py \
	  tests/integration/test_bad_input.py tests/integration/test_everything.py \
	  tests/integration/test_openai.py \
	  -m "sandbox or not sandbox" $(if $(JOBS),-n $(JOBS) --dist loadfile)

# K=word (of a guard, its file or its test) runs some, JOBS=2 in two copies of the tree.
guards: set-up ## each guard of the bridge taken away, in a copy; exits 1 when its test does not notice
	@$(BIN)/python -m tests.sandbox.unguarded $(if $(K),-k "$(K)") $(if $(JOBS),--jobs $(JOBS))

# ENGINES="firefox webkit", K=popups, RESUME=1 and SAMPLE=1 run less.
engines: set-up ## attacks and probes in Chromium, Firefox and WebKit; what is not here is not run
	@$(BIN)/python scripts/engines.py $(ENGINES) $(if $(K),-k "$(K)") \
	  $(if $(RESUME),--resume) $(if $(SAMPLE),--sample)

# RESULTS=DIR, ONLY=word, AGAIN=1 (what was not the same) and JOBS=2.
corpus: set-up ## the tools of CORPUS=DIR as plain pages, in the frame and exported; exits 1 when too few do the same
	@$(if $(CORPUS),,echo "Name a folder of HTML files: make corpus CORPUS=DIR" >&2; exit 2;) \
	  $(BIN)/python -m tests.corpus "$(CORPUS)" $(if $(RESULTS),--results "$(RESULTS)") \
	  $(if $(ONLY),--only "$(ONLY)") $(if $(AGAIN),--again) $(if $(JOBS),--jobs $(JOBS))

# KIND="dead button,typo", TOOL=word, SET=a (or b, which is held out), EACH=10 (of a kind), SEED=2,
# JOBS=1 and CORPUS=DIR, for the tools of a folder too, PUBLIC=24 of them. SAME=10 tests each good
# tool ten times, to see whether it gets the same verdict.
mutants: set-up ## the smoke test on good tools and on the same ones broken; exits 1 when it mistakes too many
	@$(BIN)/python -m tests.mutants $(if $(KIND),--kind "$(KIND)") $(if $(TOOL),--tool "$(TOOL)") \
	  $(if $(SET),--set $(SET)) $(if $(EACH),--each $(EACH)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(JOBS),--jobs $(JOBS)) $(if $(CORPUS),--corpus "$(CORPUS)") \
	  $(if $(PUBLIC),--public $(PUBLIC)) $(if $(SAME),--same $(SAME))

check: lint ## lint, format, types
	@$(BIN)/mypy --no-error-summary

lint: set-up
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/oxlint --deny-warnings frontend/static/js sandbox server/parts

format: set-up
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: set-up ## measured promises; exits 1 when one is missed
	@$(BIN)/python scripts/bench.py

screenshots: set-up ## docs/screenshots, from the running application
	@$(BIN)/python scripts/screenshots.py

vendor: set-up ## fetch fonts, icons and libraries that set-up could not
	@$(BIN)/python scripts/vendor.py

set-up:
	@if [ -z "$(PYTHON)" ]; then \
	  echo "Sandwright needs Python 3.11 or newer, and none was found. Install it, or name one: make PYTHON=/path/to/python3" >&2; \
	  exit 1; \
	fi
	@"$(PYTHON)" scripts/setup.py
