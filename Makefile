# The commands of this project. `make` alone lists them.

# One build command and one feature set: any other selection of packages compiles the same dependencies again.
BUILD := cargo build --locked --workspace
# These say by their dates that the packages from PyPI are in the virtual environments, those of tests and of checks.
PACKAGES := .venv/ready
CHECKERS := .venv-check/ready
STACK := target/debug/local

.DEFAULT_GOAL := help
.PHONY: help demo test run invoke events build check format

help: ## Lists the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: build ## A calls B on this machine, with a timeline
	@$(STACK) demo --no-build

test: toolchain $(PACKAGES) build ## Builds everything and runs every test
	cargo test --locked --workspace
	tests/second-table.sh

run: build ## The laptop stack, until Ctrl-C
	@mkdir -p .local
	@$(STACK) up --no-build --ready-file .local/ready.json

invoke: build ## Plays one event: make invoke NAME=create-meeting [EVENT=path]
	@$(STACK) invoke --no-build $(if $(EVENT),--event '$(EVENT)') $(if $(NAME),'$(NAME)',--help)

events: build ## Writes the sample events in events/ anew
	@$(STACK) events

build: toolchain ## Builds the functions and the laptop stack
	@$(BUILD)

check: $(CHECKERS) ## Formatting, lints, docs, template and licences
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
	$(dir $(CHECKERS))bin/cfn-lint template.yaml
	SAM_CLI_TELEMETRY=0 $(dir $(CHECKERS))bin/sam validate --lint --region us-east-1 --template template.yaml
	cargo test --locked --workspace --lib --quiet -- template::
	$(dir $(CHECKERS))bin/python tests/licences.py

format: ## Formats the code
	cargo fmt --all

$(PACKAGES): tests/python.sh tests/requirements.txt
	tests/python.sh $(@D) tests/requirements.txt

$(CHECKERS): tests/python.sh tests/requirements-check.txt
	tests/python.sh $(@D) tests/requirements-check.txt

# Says what is missing before a long build fails on it.
.PHONY: toolchain
toolchain:
	@command -v cargo >/dev/null || { echo "Install a Rust toolchain first (rustup, channel stable)."; exit 1; }
	@command -v cc >/dev/null || { echo "Install a C compiler first (Debian: apt-get install gcc)."; exit 1; }
