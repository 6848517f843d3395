# The commands of this project. `make` alone lists them.

# One build command and one feature set: any other selection of packages compiles the same dependencies again.
BUILD := cargo build --locked --workspace
# Says by its date that the packages which the tests need from PyPI are in the virtual environment.
PACKAGES := .venv/ready
STACK := target/debug/local

.DEFAULT_GOAL := help
.PHONY: help demo test run build check format

help: ## Lists the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: build ## A calls B on this machine, with a timeline
	@$(STACK) demo --no-build

test: toolchain $(PACKAGES) build ## Builds everything and runs every test
	cargo test --locked --workspace
	tests/second-table.sh

run: build ## The laptop stack, until Ctrl-C
	@$(STACK) up --no-build

build: toolchain ## Builds the functions and the laptop stack
	@$(BUILD)

check: ## Formatting, lints and docs
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

format: ## Formats the code
	cargo fmt --all

$(PACKAGES): tests/python.sh tests/requirements.txt
	tests/python.sh $@

# Says what is missing before a long build fails on it.
.PHONY: toolchain
toolchain:
	@command -v cargo >/dev/null || { echo "Install a Rust toolchain first (rustup, channel stable)."; exit 1; }
	@command -v cc >/dev/null || { echo "Install a C compiler first (Debian: apt-get install gcc)."; exit 1; }
