# make help lists what there is. Nothing here needs more than Go, git, make and bash; what else a target needs it gets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO ?= go
BIN := $(CURDIR)/.bin

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)

# The linter is built from source, once for each version.
GOLANGCI_VERSION := v2.15.0
GOLANGCI := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)

# Programs that tests drive, as HOW:COMMAND:PACKAGE; .ci/tools says what the words mean. A test that needs one more
# adds its word here, and skips visibly where the program is not to be found.
TOOLS := install:chromium:chromium unpack:promtool:prometheus install:npm:npm npm:axe-core/axe.min.js:axe-core@4.14.1
DEBIAN := $(BIN)/debian
export PATH := $(PATH):$(DEBIAN)/usr/bin
export LOCKSTEP_AXE := $(DEBIAN)/npm/axe-core/axe.min.js

# The race detector makes tests several times slower, so it watches the packages that share state between goroutines.
RACE := ./sync/engine/... ./connectors/transport/... ./internal/app/... ./web/...

# Many tests wait, for the pauses that a tool asks for: they need no core meanwhile, and others may run.
PARALLEL := -parallel 8

# From where the worlds of sheets and documents are drawn in `make test`: whether a change may land shall hang on the change. `make
# worlds` draws others.
SEED := 20261126

# How many random worlds `make worlds` runs the engine through.
N ?= 20000

##@ Use
.PHONY: demo
demo: ## Start a seeded partnership on sandbox tools and print the addresses
	$(GO) run ./cmd/lockstep demo

.PHONY: build
build: ## Build the static binary ./lockstep
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o lockstep ./cmd/lockstep

##@ Change
.PHONY: test
test: tools ## Get what tests need, run the race detector where it matters, 2,000 random worlds, 500 random histories of a Jira, 100 worlds of sheets, 150 of documents, then every test
	@[[ -d ../shared/data ]] || echo 'test: no ../shared/data here: the tests on real data skip' >&2
	@if command -v "$$($(GO) env CC)" >/dev/null 2>&1; then \
	  echo '$(GO) test -race $(PARALLEL) $(RACE)'; $(GO) test -race $(PARALLEL) -timeout 10m $(RACE); \
	else \
	  echo 'test: no C compiler here, which the race detector needs: its run is left out' >&2; [[ "$${CI:-}" != true ]]; \
	fi
	$(GO) test -timeout 10m -count 1 ./sync/engine -run TestWorlds -rapid.checks=2000
	$(GO) test -timeout 10m -count 1 ./connectors/jira -run TestHistories -rapid.checks=500
	$(GO) test -timeout 10m -count 1 ./connectors/gsheets -run '^TestWorlds$$' -rapid.checks=100 -rapid.seed=$(SEED)
	$(GO) test -timeout 10m -count 1 ./connectors/gdocs -run '^TestWorlds$$' -rapid.checks=150 -rapid.seed=$(SEED)
	$(GO) test $(PARALLEL) -timeout 10m -skip '^(TestWorlds|TestHistories)$$' ./...

.PHONY: check
check: ## Everything that a change must pass: format, vet, lint, generated files, go.mod, then the tests
	@$(MAKE) --no-print-directory fmt-check vet lint generate-check tidy-check
	@$(MAKE) --no-print-directory test

.PHONY: fmt
fmt: $(GOLANGCI) ## Format the Go files with gofumpt
	$(GOLANGCI) fmt

.PHONY: fmt-check
fmt-check: $(GOLANGCI) ## Fail when gofumpt would change a file, and show how
	$(GOLANGCI) fmt --diff

.PHONY: vet
vet: ## Run go vet
	$(GO) vet ./...

.PHONY: lint
lint: $(GOLANGCI) ## Run the linters of .golangci.yml
	$(GOLANGCI) run ./...

.PHONY: fix
fix: $(GOLANGCI) ## Mend what the linters can mend by themselves, and format
	$(GOLANGCI) run --fix ./...
	$(GOLANGCI) fmt

.PHONY: generate
generate: ## Bring generated files up to date
	$(GO) generate ./...

.PHONY: pictures
pictures: ## Take the pictures of the demo in docs/ anew (in a browser; nothing else needs them)
	LOCKSTEP_PICTURES=$(CURDIR)/docs $(GO) test ./internal/app -run '^TestPictures$$' -count 1

# The files are compared with themselves, not with the last commit: uncommitted work is no reason to fail.
.PHONY: generate-check
generate-check: ## Fail when a generated file is out of date
	@sums() { git ls-files -z --cached --others --exclude-standard --deduplicate | xargs -0 sha256sum 2>/dev/null || true; }; \
	before=$$(sums); \
	$(GO) generate ./...; \
	after=$$(sums); \
	if [[ "$$before" != "$$after" ]]; then \
	  echo 'generate-check: these were out of date and are new now; commit them:' >&2; \
	  diff <(echo "$$before") <(echo "$$after") | sed -n 's/^[<>] [0-9a-f]*  //p' | sort -u >&2; \
	  exit 1; \
	fi

.PHONY: tidy-check
tidy-check: ## Fail when go.mod or go.sum is not what go mod tidy writes
	$(GO) mod tidy -diff

##@ Measure
.PHONY: bench
bench: ## Run every benchmark
	$(GO) test -run '^$$' -bench . -benchmem -timeout 30m ./...

.PHONY: worlds
worlds: ## Run the engine, sheets and documents through N random worlds each of edits, faults and crashes (N=20000; sheets take a second each)
	$(GO) test ./sync/engine -run TestWorlds -rapid.checks=$(N) -count 1 -timeout 6h -v
	$(GO) test ./connectors/gdocs -run '^TestWorlds$$' -rapid.checks=$(N) -count 1 -timeout 6h -v
	$(GO) test ./connectors/gsheets -run '^TestWorlds$$' -rapid.checks=$(N) -count 1 -timeout 24h -v

##@ Tidy up
.PHONY: clean
clean: ## Remove what was built here, tools included
	rm -rf $(BIN) lockstep

.PHONY: tools
tools: ## Get the programs that tests drive (a browser, promtool, axe) from Debian's packages and npm's
	@.ci/tools $(DEBIAN) $(TOOLS)

$(GOLANGCI):
	@mkdir -p $(BIN)
	GOBIN=$(BIN)/build GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(BIN)/build/golangci-lint $@ && rmdir $(BIN)/build

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
