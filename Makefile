# `make help` lists the targets. Everything sets itself up: the virtual environment .venv, pinned packages from
# PyPI, and Debian packages where that may be done. A second call of any target finds all of it in place.

PYTHON ?= python3
SEEDS ?= 2000
export PYTHON SEEDS

VENV := .venv
RUN_READY := $(VENV)/.run-ready
TEST_READY := $(VENV)/.test-ready
PARTS := style unit unit-micropython ports tools board flash image_recipe fuzz mutants clients scsi process page prometheus micropython

.DEFAULT_GOAL := help
.PHONY: help demo test bench sim venv packages-run packages-demo packages-bench packages-test packages-arm64 interpreter guest test-usb test-image test-image-arm64 clean $(PARTS)

help: ## list the targets
	@grep -hE '^[a-z0-9_ -]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name says; do \
		printf '  make %-18s %s\n' "$$name" "$$says"; done

demo: packages-demo $(RUN_READY) ## a pair, a file system, outages and power cuts, before your eyes (DEMO=--stay: leave it running)
	@tools/sosie demo $(DEMO)

test: packages-test $(TEST_READY) interpreter guest ## everything below, with one line for each part at the end
	@$(VENV)/bin/python -m tests.parts

bench: packages-bench $(TEST_READY) ## speed against NBD servers and mirrors of others (BENCH=options)
	@tools/sosie bench $(BENCH)

style: ## lint, MicroPython subset, import directions
unit: ## unit tests of the logic on CPython
unit-micropython: interpreter ## the same unit tests under MicroPython 1.25
ports: ## files, sockets, lanes and the loop on the real system
tools: ## the sosie command
board: ## the USB gadget on a fake kernel: descriptors, events, half-finished states
flash: ## flash.sh against loop devices: what it refuses, what it writes
image_recipe: ## the image: the same bytes twice, nobody can log in, nothing starts that is not asked for
fuzz: ## every parser on damaged and random input
sim: ## the pair in the simulator with power cuts (SEEDS=2000)
mutants: ## planted bugs: each must be caught by the simulator
clients: ## NBD clients that nobody here wrote
scsi: interpreter ## libiscsi's conformance tests against the SCSI layer
process: ## real boards as processes: SIGKILL, promotion, bad input
page: ## the page in a real Chromium: what it says, in every state, on a phone, by keyboard
prometheus: ## metrics, alert rules and dashboard against Debian's Prometheus
micropython: interpreter ## a live twin under MicroPython mirrors a primary under CPython

$(PARTS) sim: packages-test $(TEST_READY)
	@$(VENV)/bin/python -m tests.parts $@

test-usb: guest $(TEST_READY) ## the USB disk against a real kernel, in a virtual machine
	@$(VENV)/bin/python -m tests.parts usb

test-image: packages-test $(TEST_READY) ## the bootable image: two boards made of it, power cuts, updates, drills, strangers
	@$(VENV)/bin/python -m tests.parts image

test-image-arm64: packages-test packages-arm64 $(TEST_READY) ## the same image for arm64, on an emulated board (an hour the first time)
	@$(VENV)/bin/python -m pytest -q tests/image_arm64

venv: packages-run $(RUN_READY) ## only the virtual environment that a board runs in

clean: ## remove the virtual environment and what Python cached
	rm -rf $(VENV)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

packages-run packages-demo packages-bench packages-test packages-arm64:
	@.ci/packages $(@:packages-%=%)

interpreter: packages-test
	@tests/micropython/interpreter >/dev/null

guest: packages-test
	@tests/vm/run --build

$(VENV)/bin/pip:
	@echo "Setting up $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)

$(RUN_READY): requirements.txt | $(VENV)/bin/pip
	@echo "Installing the Python packages of requirements.txt into $(VENV): this takes a minute or two"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-virtualenv -r requirements.txt
	@touch $@

$(TEST_READY): requirements-test.txt requirements.txt | $(RUN_READY)
	@echo "Installing the Python packages of requirements-test.txt into $(VENV): this takes a minute or two"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-virtualenv -r requirements-test.txt
	@touch $@
