# The commands of the course. `make` alone lists them; every other one first does what set-up is missing.
PYTHON ?= python3
VENV ?= .venv
export PATH := $(abspath $(VENV))/bin:$(PATH)
LEARNER := $(VENV)/.installed-lab
STAMP := $(VENV)/.installed
comma := ,
PYTEST := OMP_NUM_THREADS=1 python -m pytest -n auto --dist worksteal
JUPYTERLAB := python -m jupyterlab --ServerApp.ip=127.0.0.1 --Application.log_level=WARN \
    --LabApp.app_settings_dir=sgd_course/content/lab_settings

.DEFAULT_GOAL := help
.PHONY: help lab cpu test test-all test-oldest site preview quarto edit hooks outputs readme release bench clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

lab: $(LEARNER) ## Work through the course: your own copy of the chapters, in JupyterLab
	@sgd-course lab

cpu: $(VENV)/bin/python ## Linux without a GPU: install PyTorch's small build for processors, before all else
	@$(call install,torch torchvision --index-url https://download.pytorch.org/whl/cpu)

test: $(STAMP) browser ## Run the tests: everything that a change can break (a few minutes)
	@$(PYTEST) -m 'not slow'

test-all: $(STAMP) browser ## Run all tests, also those on what hardly any change can break (half an hour)
	@$(PYTEST) --hypothesis-profile=thorough

test-oldest: ## Run the tests with the oldest versions that settings.ini admits, in an environment of their own
	@mkdir -p build
	@$(PYTHON) -m tools.oldest >build/oldest.txt
	@$(MAKE) --no-print-directory VENV=.venv-oldest BOUNDS='--constraint build/oldest.txt' test

.PHONY: browser
browser: $(STAMP)
	@python -m tools.browser >/dev/null || true

site: $(STAMP) ## Build the site in _docs/
	@python -m website

preview: $(STAMP) ## Build the site and show it on this machine; pages follow what you change
	@python -m website serve

quarto: $(STAMP) readme ## Build the site in _docs/ as nbdev and Quarto do, where the program quarto is installed
	@command -v quarto >/dev/null || { echo 'Quarto is not installed: https://quarto.org has it'; exit 1; }
	@nbdev-docs

edit: $(STAMP) ## Work on the course itself: the notebooks in nbs/, in JupyterLab
	@test -f .gitconfig || $(MAKE) --no-print-directory hooks
	@jupyter trust nbs/*.ipynb nbs/making/*.ipynb >/dev/null   # Others' stored figures are not shown
	@$(JUPYTERLAB) $(if $(filter 0,$(shell id -u)),--allow-root) nbs/index.ipynb

# nbdev would also write into the settings of Jupyter in the user's home, so it gets another one.
hooks: $(STAMP) ## Let git compare and merge notebooks cell by cell, in this clone only (`make edit` does it)
	@test ! -d .git || HOME=$(abspath $(VENV)) nbdev-install-hooks

outputs: $(STAMP) ## Export the code, run the notebooks that changed, store their outputs and how long they take to read
	@nbdev-export
	@python -m tools.reading_time
	@python -m tools.outputs

readme: $(STAMP) ## Make README.md from nbs/index.ipynb, and nbs/_quarto.yml from _quarto.yml
	@python -m tools.readme

release: $(STAMP) ## Build the two archives of a release in dist/, after a look at its version and its changelog
	@python -m tools.release
	@rm -rf build dist && python -m build

bench: $(STAMP) ## Measure how fast the course starts and trains (a quarter of an hour)
	@python -m benchmarks.startup
	@python -m benchmarks.speed

clean: ## Remove what was built; keeps .venv/ and my_course/
	@rm -rf _docs _proc build dist *.egg-info .pytest_cache .hypothesis nbs/.last_checked
	@find . \( -name '.venv*' -o -name my_course -o -name .git \) -prune -o \
	    -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} +

# Installs with uv where that is on the PATH, else with pip, which an environment made by others may lack.
define install
if command -v uv >/dev/null; then uv pip install --python $(VENV)/bin/python $(BOUNDS) $(1); else \
    $(VENV)/bin/python -m pip --version >/dev/null 2>&1 || $(VENV)/bin/python -m ensurepip >/dev/null 2>&1 || { \
        echo 'There is no pip in $(VENV): remove that folder, and make will make another one'; exit 1; }; \
    $(VENV)/bin/python -m pip install --disable-pip-version-check $(BOUNDS) $(1); fi
endef

define announce
echo 'Installing the course in $(VENV), which takes a few minutes the first time.'; \
if test "$$(uname -s)" = Linux && ! $(VENV)/bin/python -c 'import torch' 2>/dev/null; then \
    echo 'On Linux it becomes about 6 GB, most of which PyTorch has for GPUs. A machine without one needs far less:'; \
    echo 'press Ctrl-C, then  make cpu lab'; fi
endef

# A stamp is newer than the three files that say what to install, so the second time there is nothing to do.
$(LEARNER): pyproject.toml settings.ini setup.py | $(VENV)/bin/python
	@$(announce)
	@$(call install,--editable '.[lab]')
	@touch $@

$(STAMP): pyproject.toml settings.ini setup.py | $(VENV)/bin/python
	@$(announce)
	@$(call install,--editable '.[lab$(comma)site$(comma)dev]')
	@touch $@ $(LEARNER)

# Debian and Ubuntu keep a part of Python in a package of its own, which root gets here.
APT := test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo 'The course needs Python 3.11 or newer, and "$(PYTHON)" is not that.'; \
	    echo 'Name another one like this:  make PYTHON=python3.12'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(APT) python3-venv </dev/null; } || true
	@if command -v uv >/dev/null; then uv venv --seed --allow-existing --python $(PYTHON) $(VENV); \
	    else $(PYTHON) -m venv $(VENV); fi || { rm -f $(VENV)/bin/python*; \
	    echo 'No virtual environment could be made. On Debian and Ubuntu, this helps:  apt install python3-venv'; exit 1; }
