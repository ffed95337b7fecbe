# Each of demo, test, lint and bench sets up .venv by itself. The second time that costs nothing: the
# stamps in .venv are renewed only when one of the three files in RECIPE has changed.
VENV := .venv
BIN := $(VENV)/bin
RECIPE := setup.cfg constraints.txt pyproject.toml
PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check install -c constraints.txt

# The first interpreter that runs and is new enough; constraints.txt has wheels for 3.11 to 3.13.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	if $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; \
	then echo $$p; break; fi; done)

.PHONY: help demo test lint bench clean
.NOTPARALLEL:

help:
	@echo "make demo   a spiking memory learns, recalls, forgets and relearns handwritten digits"
	@echo "make test   the test suite"
	@echo "make lint   ruff: rules and format"
	@echo "make bench  three networks on spikegram, Brian 2 and NEST: times, ratios, statistics"
	@echo "make clean  remove .venv, build leftovers and tool caches (results in runs/ stay)"

demo: $(VENV)/.demo
	$(BIN)/spikegram run ca3-digits

test: $(VENV)/.test
	$(BIN)/pytest -n 2 --dist loadfile

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: $(VENV)/.bench
	$(BIN)/spikegram bench

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis \
		.benchmarks .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.demo: $(VENV)/.checkout $(RECIPE)
	$(PIP_INSTALL) -e .
	@touch $@

# torch first: asked for by another package, it may come in a newer release and a far larger build.
$(VENV)/.test: $(VENV)/.checkout $(RECIPE)
	$(PIP_INSTALL) torch
	$(PIP_INSTALL) -e ".[test]"
	@touch $(VENV)/.demo $@

# Norse and SpikingJelly ask for torchvision and more, which what is timed does not need.
$(VENV)/.bench: $(VENV)/.checkout $(RECIPE)
	$(PIP_INSTALL) torch
	$(PIP_INSTALL) -e ".[nest,torch]" snntorch nir nirtorch loguru
	$(PIP_INSTALL) --no-deps norse spikingjelly
	@touch $(VENV)/.demo $@

# .checkout holds the path for which .venv was made: a moved or copied checkout gets a new .venv,
# and so does one whose interpreter is gone.
ifneq ($(shell test -x $(BIN)/python && cat $(VENV)/.checkout 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.checkout
endif
$(VENV)/.checkout:
	@test -n "$(PYTHON)" || { echo "spikegram needs Python 3.11, 3.12 or 3.13, and none was found." \
		"Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON) (once; the downloads take a few minutes)"
	@$(PYTHON) -m venv $(if $(wildcard $@),--clear) $(VENV) || { echo "$(PYTHON) could not make a virtual" \
		"environment. On Debian and Ubuntu install its venv package (python3.11-venv)." >&2; exit 1; }
	@printf '%s\n' "$(CURDIR)" > $@
