# The one entry to everything that is done with this project. `make` alone lists the targets.
# Needs Go, make, git and bash; the rest is fetched: Go tools into .tools/, PostgreSQL, HAProxy and gcc from Debian's packages.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules --no-print-directory

TOOLS := $(CURDIR)/.tools
BIN   := $(CURDIR)/bin

# Where sqlc.yaml, the queries and the code made of them lie.
STORE := services/scraper/internal/store

# What the tests know of the previous version; `make previous REF=tag` makes it.
PREVIOUS_VERSION := test/versions/testdata

# One value a line that a caller may set: make test PKG=./services/cache/... RACE=
PKG   ?= work
RACE  ?= -race
RUN   ?= .
COUNT ?= 1
BENCH ?= .
ARGS  ?=
REF   ?=
ROUNDS ?= 30
# A folder with recorded answers of the bookmakers. Tests that need it are skipped without it.
RECORDED ?=
override RECORDED := $(abspath $(RECORDED))
export RECORDED
# A program that makes base images for a Docker engine without a registry. Without it they are pulled.
STANDIN_IMAGES ?=

# Runs a command in every module of the workspace; $$m is the module's folder.
each_module = for m in $$(go list -m -f '{{.Dir}}'); do

##@ Everyday

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' Makefile

.PHONY: build
build: ## Build bin/scraper, bin/cache, bin/standalone and bin/bookiesim
	go build -trimpath -o $(BIN)/scraper ./services/scraper/cmd/scraper
	go build -trimpath -o $(BIN)/cache ./services/cache/cmd/cache
	go build -trimpath -o $(BIN)/standalone ./services/standalone/cmd/standalone
	go build -trimpath -o $(BIN)/bookiesim ./services/bookiesim/cmd/bookiesim

.PHONY: run
run: ## Run the pair with a private Postgres and simulated bookmakers (BOOKMAKERS=live for the real ones, ARGS=--help)
	@[ -n "$${STANDALONE_DATABASE_URL:-}" ] || [[ '$(ARGS)' == *--database-url* ]] || $(MAKE) postgres
	@go build -trimpath -o $(BIN)/standalone ./services/standalone/cmd/standalone
	@exec $(BIN)/standalone $(ARGS)

.PHONY: test
test: postgres faketime haproxy $(if $(RACE),gcc) ## Run every test against a real Postgres (PKG=./services/cache/... RUN=TestX COUNT=3 RACE= RECORDED=folder)
	REQUIRE_POSTGRES=1 go test $(RACE) -shuffle=on -timeout=30m -count=$(COUNT) -run='$(RUN)' $(PKG)

.PHONY: test-short
test-short: postgres ## Run the unit tests and one test of the whole, without what takes longer (2 minutes; PKG=./services/cache/...)
	REQUIRE_POSTGRES=1 go test -short -timeout=10m -run='$(RUN)' $(PKG)

.PHONY: alloc-test
alloc-test: ## Run the tests that count allocations and memory, which the race detector would spoil
	go test -count=1 -run='Alloc|Memory|Slow' ./services/cache/... ./pkg/...

.PHONY: model-test
model-test: ## Run random histories of the feed, and what measures its connections, without the race detector
	go test -count=1 -timeout=60m ./test/feedmodel

.PHONY: fault-cycles
fault-cycles: postgres ## Let one bookmaker fail in every way for whole cycles (on a machine that does nothing else)
	FAULT_CYCLES=1 REQUIRE_POSTGRES=1 go test -v -count=1 -timeout=20m -parallel=1 -run='TestFaultOfOneBookmaker' ./test/e2e

.PHONY: fault-failover
fault-failover: postgres ## Kill the primary and promote its standby at every point of a cycle, 30 times (10 minutes; ROUNDS=n)
	FAILOVER_ROUNDS=$(ROUNDS) REQUIRE_POSTGRES=1 go test -v -count=1 -timeout=60m -run='TestFailover' ./test/failover

.PHONY: fault-takeover
fault-takeover: postgres faketime nft ## Measure how long takeovers last, whatever dies, and write docs/failover.md (5 minutes, as root)
	TAKEOVERS=$(CURDIR)/docs/failover.md REQUIRE_POSTGRES=1 go test -v -count=1 -timeout=20m -run='TestTakeover' ./test/failover

.PHONY: fault-unread
fault-unread: postgres ## Leave 5,000 batches unread on 50 connections, and compare lookups and memory beside them
	FAULT_UNREAD=1 REQUIRE_POSTGRES=1 go test -v -count=1 -timeout=10m -run='TestUnreadBatches' ./test/e2e

.PHONY: fault-locks
fault-locks: postgres ## Hold locks on the history for a minute beside readers, cycles and takeovers
	FAULT_LOCKS=1 REQUIRE_POSTGRES=1 go test -v -count=1 -timeout=20m -run='TestBlockedHistory|TestLockedHistory|TestReadsWhile' ./test/e2e

.PHONY: fault-clocks
fault-clocks: postgres faketime ## Set the clocks of scraper and Postgres wrong in every way for a cycle each
	FAULT_CLOCKS=1 REQUIRE_POSTGRES=1 go test -v -count=1 -timeout=30m -parallel=2 -run='TestClockSteps' ./test/e2e

.PHONY: compose-test
compose-test: grpcurl ## Bring the compose stack up on this machine's Docker engine, kill, scale and remove it (STANDIN_IMAGES=program)
	STANDIN_IMAGES='$(STANDIN_IMAGES)' deploy/compose-test

.PHONY: controls
controls: postgres ## Break the rules of the design one by one, and require that a test notices each (10 minutes)
	FEEDMODEL_CONTROLS=1 REQUIRE_POSTGRES=1 go test -v -count=1 -timeout=60m -run=RuleChanged ./test/feedmodel

.PHONY: check
check: gen-check tidy-check deps-check words-check vet fmt-check lint-proto lint ## Run the cheap checks: all but the tests

.PHONY: bench
bench: postgres redis ## Compare the cache with bare gRPC, marshalling, Redis and Postgres and write docs/benchmarks.md (ARGS=-help)
	go run ./test/bench -markdown docs/benchmarks.md $(ARGS)

.PHONY: bench-go
bench-go: postgres ## Run the Go benchmarks (PKG=./pkg/feedlog/... BENCH=Resume COUNT=6)
	REQUIRE_POSTGRES=1 go test -run='^$$' -bench='$(BENCH)' -benchmem -timeout=60m -count=$(COUNT) $(PKG)

.PHONY: bench-cycle
bench-cycle: postgres ## Measure whole cycles on 1,291 simulated events and write docs/benchmarks-cycle.md (eight minutes; ARGS=-help)
	go run ./test/benchcycle -markdown docs/benchmarks-cycle.md $(ARGS)

.PHONY: soak
soak: postgres rsvg ## Run the pair under load while processes are killed and connections cut, and write docs/soak.md (25 minutes; ARGS=-help)
	go run ./test/soak $(if $(ARGS),$(ARGS),-markdown docs/soak.md -plot docs/soak.svg -csv docs/soak.csv)

##@ Code

.PHONY: gen
gen: buf protoc-gen-go protoc-gen-go-grpc sqlc ## Generate the Go code of the .proto and the .sql files
	PATH="$(TOOLS)/bin:$$PATH" $(TOOLS)/bin/buf generate
	$(TOOLS)/bin/sqlc generate -f $(STORE)/sqlc.yaml

.PHONY: fmt
fmt: gofumpt buf ## Format the Go and the .proto files
	$(TOOLS)/bin/gofumpt -l -w pkg proto services test
	$(TOOLS)/bin/buf format -w

.PHONY: tidy
tidy: ## Tidy every go.mod, with the same versions in all of them
	go work sync
	$(each_module) go -C "$$m" mod tidy; done

.PHONY: lint
lint: golangci-lint ## Run golangci-lint over every module
	go list -m -f '{{.Dir}}/...' | xargs $(TOOLS)/bin/golangci-lint run --allow-parallel-runners

.PHONY: lint-proto
lint-proto: buf ## Lint the .proto files, and hold them to those of the previous version: they are only extended
	$(TOOLS)/bin/buf lint
	$(TOOLS)/bin/buf format --diff --exit-code
	$(TOOLS)/bin/buf breaking --against $(PREVIOUS_VERSION)/api.binpb

.PHONY: previous
previous: buf postgres ## Record what a version's feed and messages look like, for the tests of the next; part of a release (REF=v1.2.3)
	@[ -n "$(REF)" ] || { echo "make previous REF=v1.2.3: name the version" >&2; exit 2; }
	@tree=$$(mktemp -d); trap 'git worktree remove --force "$$tree/tree"; rm -rf "$$tree"' EXIT; \
	git worktree add --quiet --detach "$$tree/tree" "$(REF)"; \
	(cd "$$tree/tree" && go build -o "$$tree/bin/" ./services/scraper/cmd/scraper ./services/cache/cmd/cache \
		&& $(TOOLS)/bin/buf build -o $(CURDIR)/$(PREVIOUS_VERSION)/api.binpb); \
	go build -o "$$tree/bin/" ./services/bookiesim/cmd/bookiesim; \
	go run ./test/versions/record -bin "$$tree/bin" -version "$(REF)" -out $(PREVIOUS_VERSION)/feed.gob.zst 2>"$$tree/log" \
		|| { tail "$$tree/log" >&2; exit 1; }; \
	echo "$(REF) $$(git rev-parse "$(REF)^{commit}")" >$(PREVIOUS_VERSION)/version

.PHONY: vet
vet: ## Run go vet
	go vet work

##@ Checks that nothing is stale

.PHONY: gen-check
gen-check: buf protoc-gen-go protoc-gen-go-grpc sqlc ## Fail when generated code is not what `make gen` makes
	@fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	PATH="$(TOOLS)/bin:$$PATH" $(TOOLS)/bin/buf generate -o "$$fresh"; \
	git --no-pager diff --no-index --exit-code --stat -p proto/gen "$$fresh/proto/gen" \
		|| { echo "proto/gen is not what 'make gen' makes of the .proto files" >&2; exit 1; }
	$(TOOLS)/bin/sqlc diff -f $(STORE)/sqlc.yaml

.PHONY: tidy-check
tidy-check: ## Fail when a go.mod or go.sum is not tidy
	$(each_module) echo "$$m"; go -C "$$m" mod tidy -diff; done

.PHONY: deps-check
deps-check: ## Fail when the cache depends on a Postgres driver
	@found=$$(go list -deps ./services/cache/cmd/cache | grep -E '^github.com/(jackc|lib/pq|pressly/goose)' || true); \
	if [ -n "$$found" ]; then echo "the cache depends on a Postgres driver:" $$found >&2; exit 1; fi

.PHONY: words-check
words-check: ## Fail when a retired word comes back in an identifier (CONTRIBUTING.md has the list)
	go test -count=1 -run=Words ./test/docs

.PHONY: fmt-check
fmt-check: gofumpt ## Fail when a Go file is not formatted
	@found=$$($(TOOLS)/bin/gofumpt -l pkg proto services test); \
	if [ -n "$$found" ]; then echo "not formatted, run 'make fmt':" $$found >&2; exit 1; fi

##@ Reports

.PHONY: mapping-report
mapping-report: ## Compare mapped prices of recorded answers and write docs/mapping-report.md (RECORDED=folder)
	@[ -n "$(RECORDED)" ] || { echo "make mapping-report RECORDED=folder: name the folder with recorded answers" >&2; exit 2; }
	go run ./services/scraper/cmd/mappingreport -recorded "$(RECORDED)" -markdown docs/mapping-report.md

##@ What the other targets need

# tool NAME, PACKAGE, VERSION, ENVIRONMENT: a target NAME that installs the tool at that version, once. Each tool
# is built by itself: their requirements do not resolve together in one module.
define tool
.PHONY: $(1)
$(1): $(TOOLS)/stamps/$(1)@$(3)
$(TOOLS)/stamps/$(1)@$(3):
	@go version -m $(TOOLS)/bin/$(1) 2>/dev/null | grep '^	mod	.*	$(3)	' >/dev/null \
		|| { echo "installing $(1) $(3)"; \
		GOFLAGS= GOWORK=off GOBIN=$(TOOLS)/bin $(4) go install $(2)@$(3); }
	@mkdir -p $(TOOLS)/stamps && rm -f $(TOOLS)/stamps/$(1)@* && touch $$@
all_tools += $(1)
endef

all_tools :=
$(eval $(call tool,buf,github.com/bufbuild/buf/cmd/buf,v1.75.0,))
$(eval $(call tool,protoc-gen-go,google.golang.org/protobuf/cmd/protoc-gen-go,v1.36.12,))
$(eval $(call tool,protoc-gen-go-grpc,google.golang.org/grpc/cmd/protoc-gen-go-grpc,v1.6.2,))
# Without cgo sqlc parses SQL with a WebAssembly build of Postgres' parser instead of compiling its C sources.
$(eval $(call tool,sqlc,github.com/sqlc-dev/sqlc/cmd/sqlc,v1.31.1,CGO_ENABLED=0))
$(eval $(call tool,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,v2.15.0,))
$(eval $(call tool,gofumpt,mvdan.cc/gofumpt,v0.12.0,))
$(eval $(call tool,grpcurl,github.com/fullstorydev/grpcurl/cmd/grpcurl,v1.9.4,))

.PHONY: tools
tools: $(all_tools) ## Install all tools at their pinned versions into .tools/bin (or one: make grpcurl)

.PHONY: postgres
postgres: ## Install PostgreSQL from Debian's packages when this machine has none
	@[ -n "$${TEST_DATABASE_URL:-}" ] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null \
		|| $(call apt_install,postgresql)

.PHONY: faketime
faketime: ## Install libfaketime from Debian's packages when this machine has none; without root its tests are skipped
	@compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || [ "$$(id -u)" != 0 ] || $(call apt_install,libfaketime)

.PHONY: nft
nft: ## Install nft and ip from Debian's packages when this machine has none; without root no packets are dropped
	@command -v nft >/dev/null && command -v ip >/dev/null || [ "$$(id -u)" != 0 ] || $(call apt_install,nftables iproute2)

.PHONY: redis
redis: ## Install redis-server from Debian's packages when this machine has none; without root the benchmark does without
	@command -v redis-server >/dev/null || [ "$$(id -u)" != 0 ] || $(call apt_install,redis-server)

.PHONY: haproxy
haproxy: ## Install HAProxy from Debian's packages when this machine has none; without root its tests are skipped
	@command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || [ "$$(id -u)" != 0 ] || $(call apt_install,haproxy)

.PHONY: prometheus
prometheus: ## Fetch prometheus and promtool from Debian's package into .tools/prometheus when this machine has none
	@command -v prometheus >/dev/null && command -v promtool >/dev/null || [ -x $(TOOLS)/prometheus/usr/bin/promtool ] \
		|| $(call apt_unpack,prometheus,$(TOOLS)/prometheus)

.PHONY: rsvg
rsvg: ## Install rsvg-convert from Debian's packages when this machine has none; without it pictures are SVG alone
	@command -v rsvg-convert >/dev/null || [ "$$(id -u)" != 0 ] || $(call apt_install,librsvg2-bin)

.PHONY: gcc
gcc: ## Install gcc, which the race detector needs, when this machine has none
	@command -v "$$(go env CC)" >/dev/null || $(call apt_install,gcc libc6-dev)

# apt_install PACKAGES: only root can; anybody else is told what is missing.
apt_install = { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	|| { echo "missing on this machine: $(1). Install it with your package manager." >&2; exit 1; }; \
	echo "installing $(1)"; export DEBIAN_FRONTEND=noninteractive; \
	apt-get -q update >/dev/null || true; apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $(1) >/dev/null; }

# apt_unpack PACKAGE, FOLDER: unpacks a Debian package without installing it, so that it starts no service. Only root can
# refresh the lists of packages; anybody can download by them.
apt_unpack = { command -v apt-get >/dev/null \
	|| { echo "missing on this machine: $(1). Install it with your package manager." >&2; exit 1; }; \
	echo "unpacking $(1) into $(2)"; mkdir -p $(2) && cd $(2) && \
	{ apt-get -q download $(1) >/dev/null 2>&1 || { apt-get -q update >/dev/null && apt-get -q download $(1) >/dev/null; }; } && \
	dpkg-deb -x $(1)_*.deb . && rm $(1)_*.deb; }
