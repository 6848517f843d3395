# The commands of this project. `make` alone lists them.

# One build command and one feature set: any other selection of packages compiles the same dependencies again.
BUILD := cargo build --locked --workspace
# These say by their dates that the packages from PyPI are in the virtual environments, those of tests and of checks.
PACKAGES := .venv/ready
CHECKERS := .venv-check/ready
# The official AsyncAPI parser; npm dates its own list of what is installed.
PARSER := tests/contract/node_modules/.package-lock.json
# What drives the browser in the tests of the page.
DRIVER := tests/browser/node_modules/.package-lock.json
STACK := target/debug/local

.DEFAULT_GOAL := help
# Prerequisites stand in their order, and cargo keeps every processor busy by itself.
.NOTPARALLEL:
.PHONY: help demo test screenshots run invoke events asyncapi build check format

help: ## Lists the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

demo: build ## A calls B on this machine, with a timeline
	@$(STACK) demo --no-build

test: toolchain for-test $(PACKAGES) $(DRIVER) build ## Builds everything and runs every test
	cargo test --locked --workspace
	tests/second-table.sh
	tests/verify.sh
	tests/browser.sh

screenshots: $(DRIVER) build ## Takes the pictures in docs/images anew
	tests/browser.sh screenshots

run: build ## The laptop stack with the web terminal, until Ctrl-C (MEDIA=off: without media, for terminals that have none)
	@mkdir -p .local
	@$(STACK) up --no-build $(if $(filter off,$(MEDIA)),,--sfu) --ready-file .local/ready.json

invoke: build ## Plays one event: make invoke NAME=create-meeting [EVENT=path]
	@$(STACK) invoke --no-build $(if $(EVENT),--event '$(EVENT)') $(if $(NAME),'$(NAME)',--help)

events: build ## Writes the sample events in events/ anew
	@$(STACK) events

asyncapi: build ## Writes docs/asyncapi.yaml anew
	@$(STACK) asyncapi

build: toolchain ## Builds the functions and the laptop stack
	@$(BUILD)

check: toolchain for-check $(CHECKERS) $(PARSER) ## Formatting, lints, docs, template and licences
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
	$(dir $(CHECKERS))bin/cfn-lint template.yaml
	SAM_CLI_TELEMETRY=0 $(dir $(CHECKERS))bin/sam validate --lint --region us-east-1 --template template.yaml
	cargo test --locked --workspace --lib --quiet -- template::
	$(dir $(CHECKERS))bin/python tests/licences.py
	node tests/contract/validate.mjs

format: ## Formats the code
	cargo fmt --all

$(PACKAGES): tests/python.sh tests/requirements.txt
	tests/python.sh $(@D) tests/requirements.txt

$(CHECKERS): tests/python.sh tests/requirements-check.txt
	tests/python.sh $(@D) tests/requirements-check.txt

# Scripts of packages are not run: what is wanted of them is plain JavaScript.
$(PARSER): tests/contract/package-lock.json
$(DRIVER): tests/browser/package-lock.json
$(PARSER) $(DRIVER):
	@tests/system.sh node
	npm ci --prefix $(@D)/.. --ignore-scripts --no-audit --no-fund --loglevel=error

# Says what is missing before a long build fails on it.
.PHONY: toolchain
toolchain:
	@command -v cargo >/dev/null || { echo "Install a Rust toolchain first (rustup, channel stable)." >&2; exit 1; }
	@command -v cc >/dev/null || { echo "Install a C compiler first (Debian: apt-get install gcc)." >&2; exit 1; }

# So do these of the programs that checks and tests run, and install what they may.
.PHONY: for-check for-test
for-check:
	@tests/system.sh node python
for-test:
	@tests/system.sh node python servers browser
