# The commands of this project. `make` alone lists them.

# One build command and one feature set: any other selection of packages compiles the same dependencies again.
BUILD := cargo build --locked --workspace
# The dates of these files show when the packages from PyPI were installed.
PACKAGES := .venv/ready
CHECKERS := .venv-check/ready
DEPLOYERS := .venv-deploy/ready
EMULATOR := .venv-emulate/ready
# The official AsyncAPI parser. npm writes this list of the installed packages, and make compares its date.
PARSER := tests/contract/node_modules/.package-lock.json
# The driver of the browser in the tests of the page.
DRIVER := tests/browser/node_modules/.package-lock.json
# The MQTT client of a terminal of another make.
FOREIGN := tests/foreign/node_modules/.package-lock.json
# cargo-mutants, which changes one function after the other and runs the tests. The folder's name contains the version.
MUTANTS := .tools/cargo-mutants-27.1.0
# Lists the crates of a binary, and collects their licences.
CYCLONEDX := .tools/cargo-cyclonedx-0.5.9
ABOUT := .tools/cargo-about-0.9.3
STACK := target/debug/local
# The function that does nothing, and those that are compared with it.
BENCHED := -p noop -p functions --bin noop --bin create-meeting --bin answer

.DEFAULT_GOAL := help
# Prerequisites are made in the order of their lists; cargo uses all processors by itself.
.NOTPARALLEL:
.PHONY: help demo bench test test-unit chaos chaos-stack fuzz mutants screenshots run invoke generate test-tables \
	build check advisories format package reproduce sbom emulate deploy smoke test-terminals soak

help: ## Lists the commands
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' \
		$(MAKEFILE_LIST)

##@ Try it

demo: build ## A calls B on this machine, with a timeline
	@$(STACK) demo --no-build

run: build ## The laptop stack with the web terminal, until Ctrl-C (MEDIA=off: without media, for terminals that have none)
	@mkdir -p .local
	@$(STACK) up --no-build $(if $(filter off,$(MEDIA)),,--sfu) --ready-file .local/ready.json

invoke: build ## Plays one event: make invoke NAME=create-meeting [EVENT=path]
	@$(STACK) invoke --no-build $(if $(EVENT),--event '$(EVENT)') $(if $(NAME),'$(NAME)',--help)

##@ Build and test

build: toolchain ## Builds the functions and the laptop stack
	@$(BUILD)

test-unit: toolchain ## Unit tests of the shared crates and the functions, over adapters in memory: seconds, Rust only
	cargo test --locked --lib -p switchboard-protocol -p switchboard-core -p switchboard-rtc -p switchboard-service -p functions

test: toolchain for-test $(PACKAGES) $(CHECKERS) $(EMULATOR) $(DRIVER) $(FOREIGN) build ## Builds everything and runs every test
	cargo test --locked --workspace
	tests/second-table.sh
	tests/terminals.sh
	tests/emulator/run.sh $(dir $(EMULATOR)) $(dir $(CHECKERS))bin/sam
	PYTHONPATH=deploy $(dir $(PACKAGES))bin/python -B -m smoke local
	tests/verify.sh
	tests/browser.sh

# Some scenarios run with each make in `make test`.
test-terminals: toolchain for-test $(PACKAGES) $(FOREIGN) build ## All scenarios with terminals of another make (TERMINAL=paho, mqttjs or rumqttc; ARGS=busy::)
	tests/terminals.sh $(or $(TERMINAL),paho mqttjs rumqttc) -- $(ARGS)

# Uses a build profile of its own, which the first run builds in some minutes.
chaos: toolchain ## Calls under random faults in virtual time (SEEDS=10000 FIRST=0 THREADS=2; SEED=7: one seed, with its trace)
	$(if $(SEED),SWITCHBOARD_SEED=$(SEED)) SWITCHBOARD_SEEDS=$(or $(SEEDS),10000) SWITCHBOARD_FIRST_SEED=$(or $(FIRST),0) \
		SWITCHBOARD_THREADS=$(or $(THREADS),2) \
		cargo test --locked --workspace --profile chaos --test simulator every_seed -- --nocapture

chaos-stack: toolchain build ## The same over real processes: MQTT terminals and one laptop stack for each of STACKS=3 (SEEDS=200 FIRST=0; SEED=7)
	$(if $(SEED),SWITCHBOARD_SEED=$(SEED)) SWITCHBOARD_SEEDS=$(or $(SEEDS),200) SWITCHBOARD_FIRST_SEED=$(or $(FIRST),0) \
		SWITCHBOARD_STACKS=$(or $(STACKS),3) cargo test --locked --workspace --test chaos -- --nocapture

soak: toolchain build ## Calls of all kinds for a long time; fails with the name of what grows (MINUTES=10)
	SWITCHBOARD_SOAK_MINUTES=$(or $(MINUTES),10) SWITCHBOARD_SOAK_RESULT='$(CURDIR)/target/soak.json' \
		cargo test --locked --workspace --test scenarios -- --exact --nocapture \
		soak::a_steady_load_lets_nothing_grow_and_leaves_nothing_behind
	tests/soak_chart.py target/soak.json target/soak.svg

fuzz: toolchain ## More random and mutated inputs for all code that reads input from strangers (ITERATIONS=100000)
	BOLERO_RANDOM_ITERATIONS=$(or $(ITERATIONS),100000) cargo test --locked --workspace --test fuzz

# Each mutant is one build and one run of the core's tests, so neither `make test` nor CI runs them.
mutants: toolchain $(MUTANTS) ## Breaks the core's functions one by one and lists what no test notices (ARGS='--re accept': some)
	@mkdir -p target
	PATH="$(CURDIR)/$(MUTANTS)/bin:$$PATH" CARGO_PROFILE_TEST_DEBUG=0 cargo mutants --output target $(ARGS)

check: toolchain for-check $(CHECKERS) $(PARSER) ## Formatting, lints, docs, template, dependencies, contract and house rules
	$(call step,Formatting)
	cargo fmt --all --check
	$(call step,Lints)
	cargo clippy --locked --workspace --all-targets -- -D warnings
	$(call step,Rust documentation)
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
	$(call step,House rules: language$(comma) names$(comma) layers$(comma) links)
	cargo test --locked --workspace --quiet --test house
	$(call step,CloudFormation template)
	$(dir $(CHECKERS))bin/cfn-lint template.yaml
	SAM_CLI_TELEMETRY=0 $(dir $(CHECKERS))bin/sam validate --lint --region us-east-1 --template template.yaml
	cargo test --locked --workspace --lib --quiet -- template::
	AWS_DEFAULT_REGION=us-east-1 SAM_CLI_TELEMETRY=0 $(dir $(CHECKERS))bin/python -B -m unittest discover -s tests/template
	$(call step,Licences$(comma) bans and sources of the dependencies)
	cargo fetch --locked
	$(dir $(CHECKERS))bin/cargo-deny --locked --offline check licenses bans sources
	$(call step,Contract)
	node tests/contract/validate.mjs

# Not a part of `make check`: the list of advisories is a git repository on the network.
advisories: toolchain $(CHECKERS) ## Looks for known vulnerabilities and yanked versions in the dependencies (needs a network)
	$(dir $(CHECKERS))bin/cargo-deny --locked check advisories

format: ## Formats the code
	cargo fmt --all

# Not a part of `make test`: a release build of two functions takes minutes.
bench: toolchain for-bench ## Measures functions in a release build and writes the table in docs/performance.md (ARGS='--help')
	cargo build --locked --release $(BENCHED)
	bench/run.py $(ARGS)

##@ On AWS

# The name of the stack, and its region; without one, the region of the AWS profile.
STACK_NAME ?= switchboard
REGION ?=
SAM := SAM_CLI_TELEMETRY=0 PATH="$(CURDIR)/$(dir $(DEPLOYERS))bin:$$PATH" sam
# The settings are the user's own, so git ignores the file.
SETTINGS := deploy.yaml
# The processor of the functions, as in the settings: arm64 or x86_64.
ARCHITECTURE := $(or $(shell sed -n 's/^Architecture: *\([a-z0-9_]*\).*/\1/p' $(SETTINGS) 2>/dev/null),arm64)
PLATFORM := $(if $(filter x86_64,$(ARCHITECTURE)),x86_64,aarch64)-unknown-linux-gnu
# The same source gives the same bytes on each machine, so no path of the machine may get into a binary. The registry's
# folder lies under cargo's; of two prefixes that fit, rustc takes the last one.
CARGO_FOLDER := $(or $(CARGO_HOME),$(HOME)/.cargo)
REMAP := --remap-path-prefix=$(CURDIR)=/switchboard --remap-path-prefix=$(CARGO_FOLDER)=/cargo \
	$(foreach folder,$(wildcard $(CARGO_FOLDER)/registry/src/*),--remap-path-prefix=$(folder)=/crates)
LICENCES := target/licences

package: toolchain for-deploy $(DEPLOYERS) $(ABOUT) ## Builds all functions for Lambda, with their licences, into .aws-sam/ (ONLY=AnswerFunction: one)
	@if command -v rustup >/dev/null; then rustup target add $(PLATFORM); fi
	cargo fetch --locked
	RUSTFLAGS='$(REMAP)' $(SAM) build $(ONLY) --template template.yaml --parameter-overrides Architecture=$(ARCHITECTURE)
	@mkdir -p $(LICENCES)
	$(ABOUT)/bin/cargo-about generate --config deploy/about.toml --manifest-path functions/Cargo.toml --offline --fail \
		deploy/about.hbs --output-file $(LICENCES)/THIRD-PARTY-LICENCES.txt
	deploy/artifacts.py LICENSE $(LICENCES)/THIRD-PARTY-LICENCES.txt

reproduce: ## Builds the functions twice from empty folders and compares the zips (ONLY=AnswerFunction: one)
	rm -rf target/$(PLATFORM)/release .aws-sam
	$(MAKE) package
	cp .aws-sam/zips/SHA256SUMS target/first-build
	rm -rf target/$(PLATFORM)/release .aws-sam
	$(MAKE) package
	diff target/first-build .aws-sam/zips/SHA256SUMS && echo 'Both builds gave the same zips.'

sbom: toolchain $(CYCLONEDX) ## Lists the components of what is shipped (CycloneDX), into target/sbom/
	deploy/sbom.py $(CYCLONEDX)/bin/cargo-cyclonedx $(PLATFORM)

deploy: $(SETTINGS) package ## Builds and deploys the stack: make deploy REGION=eu-west-1 [STACK_NAME=switchboard]
	$(SAM) deploy --stack-name '$(STACK_NAME)' $(if $(REGION),--region '$(REGION)') --resolve-s3 \
		--capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --parameter-overrides file://$(SETTINGS)
	@$(dir $(DEPLOYERS))bin/python deploy/addresses.py '$(STACK_NAME)' $(REGION)

# A stack at AWS, or with TARGET=local one of its own on this machine. TOKENS: two files with JWTs of the app's own server.
SMOKE_ON_AWS := $(if $(filter local,$(TARGET)),,yes)
SMOKE_PYTHON := $(dir $(if $(SMOKE_ON_AWS),$(DEPLOYERS),$(PACKAGES)))bin/python

smoke: toolchain for-deploy $(if $(SMOKE_ON_AWS),$(SETTINGS) $(DEPLOYERS),$(PACKAGES)) build ## Makes sure that the deployed stack works (TARGET=local: a laptop stack)
	PYTHONPATH=deploy $(SMOKE_PYTHON) -B -m smoke $(if $(SMOKE_ON_AWS),'$(STACK_NAME)' --settings $(SETTINGS),local) \
		$(if $(REGION),--region '$(REGION)') $(if $(TOKENS),--tokens $(TOKENS))

emulate: toolchain for-deploy $(EMULATOR) $(CHECKERS) build ## Deploys the stack on an emulator of AWS and makes calls (ZIPS=.aws-sam/zips: what was packaged)
	tests/emulator/run.sh $(dir $(EMULATOR)) $(dir $(CHECKERS))bin/sam $(ZIPS)

$(SETTINGS):
	@echo "Copy deploy.example.yaml to $@ and fill it in first: cp deploy.example.yaml $@" >&2
	@exit 1

##@ Write generated files anew

generate: build test-tables ## All of docs/asyncapi.yaml, events/, web/terminal/protocol.*, tables and rows of the README and docs
	@$(STACK) generate

test-tables: toolchain ## Only the test columns of docs/states.md and docs/guarantees.md
	SWITCHBOARD_WRITE_TABLES=1 cargo test --locked --workspace --quiet --test house -- tables::

screenshots: $(DRIVER) build ## The pictures in docs/images
	tests/browser.sh screenshots

# Prints the name of a step of `make check`.
step = @printf '\n== %s\n' '$(1)'
comma := ,

$(PACKAGES): tests/python.sh tests/requirements.txt
	tests/python.sh $(@D) tests/requirements.txt

$(CHECKERS): tests/python.sh tests/requirements-check.txt
	tests/python.sh $(@D) tests/requirements-check.txt

$(DEPLOYERS): tests/python.sh deploy/requirements.txt
	tests/python.sh $(@D) deploy/requirements.txt

$(EMULATOR): tests/python.sh tests/emulator/requirements.txt
	tests/python.sh $(@D) tests/emulator/requirements.txt

$(MUTANTS) $(CYCLONEDX):
	cargo install $(patsubst .tools/%-$(lastword $(subst -, ,$@)),%,$@) --locked --version $(lastword $(subst -, ,$@)) --root $@

$(ABOUT):
	cargo install cargo-about --locked --features cli --version $(lastword $(subst -, ,$@)) --root $@

# Install scripts of packages do not run: the checks and tests use plain JavaScript only.
$(PARSER): tests/contract/package-lock.json
$(DRIVER): tests/browser/package-lock.json
$(FOREIGN): tests/foreign/package-lock.json
$(PARSER) $(DRIVER) $(FOREIGN):
	@tests/system.sh node
	npm ci --prefix $(@D)/.. --ignore-scripts --no-audit --no-fund --loglevel=error

# Checks for the compilers first, since a long build would fail without them.
.PHONY: toolchain
toolchain:
	@command -v cargo >/dev/null || { echo "Install a Rust toolchain first (rustup, channel stable)." >&2; exit 1; }
	@command -v cc >/dev/null || { echo "Install a C compiler first (Debian: apt-get install gcc)." >&2; exit 1; }

# Checks the programs that checks and tests run, and installs missing ones if that is allowed.
.PHONY: for-bench for-check for-test for-deploy
for-bench:
	@tests/system.sh bench
for-check:
	@tests/system.sh node python
for-test:
	@tests/system.sh node python servers browser
for-deploy:
	@tests/system.sh python
