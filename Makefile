# The commands of the course. `make` alone lists them; every other one first does what set-up is missing.
PYTHON ?= python3
VENV ?= .venv
export PATH := $(abspath $(VENV))/bin:$(PATH)
STAMP := $(VENV)/.installed
PYTEST := OMP_NUM_THREADS=1 python -m pytest -n auto --dist worksteal
JUPYTERLAB := python -m jupyterlab --ServerApp.ip=127.0.0.1 --LabApp.app_settings_dir=sgd_course/content/lab_settings

.DEFAULT_GOAL := help
.PHONY: help lab test test-all site preview edit hooks outputs readme bench clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

lab: $(STAMP) ## Work through the course: your own copy of the chapters, in JupyterLab
	@sgd-course lab

test: $(STAMP) browser ## Run the tests: everything that a change can break (a few minutes)
	@$(PYTEST) -m 'not slow'

test-all: $(STAMP) browser ## Run all tests, also those on what hardly any change can break (half an hour)
	@$(PYTEST) --hypothesis-profile=thorough

.PHONY: browser
browser: $(STAMP)
	@python -m tools.browser >/dev/null || true

site: $(STAMP) ## Build the site in _docs/
	@python -m website

preview: $(STAMP) ## Build the site and show it on this machine
	@python -m website serve

edit: $(STAMP) ## Work on the course itself: the notebooks in nbs/, in JupyterLab
	@test -f .gitconfig || $(MAKE) --no-print-directory hooks
	@jupyter trust nbs/*.ipynb nbs/making/*.ipynb >/dev/null   # Others' stored figures are not shown
	@$(JUPYTERLAB) $(if $(filter 0,$(shell id -u)),--allow-root) nbs/index.ipynb

# nbdev would also write into the settings of Jupyter in the user's home, so it gets another one.
hooks: $(STAMP) ## Let git compare and merge notebooks cell by cell, in this clone only (`make edit` does it)
	@test ! -d .git || HOME=$(abspath $(VENV)) nbdev-install-hooks

outputs: $(STAMP) ## Export the code, run all notebooks and store their outputs
	@nbdev-export
	@python -m tools.outputs

readme: $(STAMP) ## Make README.md from nbs/index.ipynb
	@python -m tools.readme

bench: $(STAMP) ## Measure how fast the course starts and trains (a quarter of an hour)
	@python -m benchmarks.startup
	@python -m benchmarks.speed

clean: ## Remove what was built; keeps .venv/ and my_course/
	@rm -rf _docs _proc build dist *.egg-info .pytest_cache .hypothesis nbs/.last_checked
	@find . \( -name .venv -o -name my_course -o -name .git \) -prune -o \
	    -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} +

# The stamp is newer than the three files that say what to install, so the second time there is nothing to do.
$(STAMP): pyproject.toml settings.ini setup.py | $(VENV)/bin/python
	@echo 'Installing the course in $(VENV), which takes a few minutes the first time'
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[lab,site,dev]'
	@touch $@

# Debian and Ubuntu keep a part of Python in a package of its own, which root gets here.
APT := test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo 'The course needs Python 3.11 or newer, and "$(PYTHON)" is not that.'; \
	    echo 'Name another one like this:  make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(APT) python3-venv </dev/null; } || true
	@$(PYTHON) -m venv $(VENV) || { rm -f $(VENV)/bin/python*; \
	    echo 'No virtual environment could be made. On Debian and Ubuntu, this helps:  apt install python3-venv'; exit 1; }
