# Plain verbs. `make demo` and `make test` need nothing done before them.
.DEFAULT_GOAL := help
.PHONY: help demo test test-oldest fuzz check format gallery playing newcomer man dist bench clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OLDEST := .venv-oldest

help:
	@echo "make demo         create .venv, install paintnet, paint the bundled bird"
	@echo "make test         run every test and doctest"
	@echo "make test-oldest  run what touches scikit-learn on the oldest one that is supported"
	@echo "make fuzz         feed it damaged files and answers for MINUTES=5"
	@echo "make check        lint, formatting and types (changes nothing)"
	@echo "make format       format the code and mend what the linter can"
	@echo "make gallery      run the long commands of docs, which paint the gallery (minutes)"
	@echo "make playing      make the pictures of the live page, in an installed Chromium (minutes)"
	@echo "make newcomer     run all commands of the pages and helps in a fresh environment (half an hour)"
	@echo "make man          write the man page again, after a change of the help"
	@echo "make dist         build the package, and try it in an empty environment"
	@echo "make bench        measure speed and quality (minutes to hours)"
	@echo "make clean        remove .venv, caches and demo results"

$(VENV)/.demo: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --editable ".[fast]"
	@touch $@

$(VENV)/.installed: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[fast,test,check]"
	@touch $@

demo: $(VENV)/.demo
	@mkdir -p demo
	$(BIN)/paintnet fit sample:bird --seed 0 --force -o demo/bird.painted.png -m demo/bird.paintnet
	@echo "The painted bird is in demo/bird.painted.png; ask its network for a color with:"
	@echo "    $(BIN)/paintnet predict demo/bird.paintnet --xy 50,50"

# Compiled ahead, so that no test has to wait for it, nor two of them do it at once. One process more than
# there are cores: a third of the time tests wait for programs that they started.
test: $(VENV)/.installed
	$(BIN)/paintnet warm --quiet
	$(BIN)/python -m pytest -n $$($(BIN)/python -c "import os; print(1 + (os.cpu_count() or 1))")

$(OLDEST)/.installed: pyproject.toml
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[test]" \
		scikit-learn==1.6.0 numpy==2.0.0 scipy==1.13.0 pytest==8.3.5
	@touch $@

test-oldest: $(OLDEST)/.installed
	$(OLDEST)/bin/python -m pytest -n auto tests/encoding tests/engine tests/painter tests/test_network.py

MINUTES ?= 5
SEED ?= 0

fuzz: $(VENV)/.installed
	$(BIN)/python -m tools.fuzz --minutes $(MINUTES) --seed $(SEED)

check: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32

format: $(VENV)/.installed
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

gallery: $(VENV)/.demo
	$(BIN)/python -m tools.make_gallery

playing: $(VENV)/.installed
	$(BIN)/python -m tools.make_playing

newcomer: $(VENV)/.demo
	$(BIN)/python -m tools.newcomer

man: $(VENV)/.installed
	$(BIN)/python tools/make_man.py

dist: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/python tools/check_wheel.py dist

# PyTorch, which only the peers need, has an environment of its own.
bench/.venv/.installed:
	$(PYTHON) -m venv bench/.venv
	bench/.venv/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 numpy pillow
	@touch $@

bench: $(VENV)/.installed bench/.venv/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	$(BIN)/python -m bench

clean:
	rm -rf $(VENV) $(OLDEST) bench/.venv .fuzz demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
