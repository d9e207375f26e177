# These targets need Go and make. Changing the scripts that browsers load needs Node.
MODULES := libs libs/client libs/embedmongo services api-gateway deploy/fivechat deploy/images deploy/observability tests
WEB := libs/web libs/widget-loader services/widgets/web api-gateway/web tests/browser/hosts
SERVICES := accounts conversations files mail statistics tickets visitors webhooks widgets workspace
LINT_VERSION := v2.15.0
OAPI_CODEGEN_VERSION := v2.8.2
GOVULNCHECK_VERSION := v1.9.0
BENCHSTAT_VERSION := v0.0.0-20260908200009-22c9c6c9d4da
VALE_VERSION := v3.21.0
VULNDB_VERSION := v0.0.0-20261105234957-e22db6528018
OBSERVABILITY := deploy/observability
GENERATED := api-gateway/openapi api-gateway/internal/route libs/contract/events.gen.go libs/client/events.gen.go libs/client/api docs/api/events.md docs/api/authentication.md $(OBSERVABILITY)/prometheus $(OBSERVABILITY)/alertmanager $(OBSERVABILITY)/grafana charts/fivechat/files charts/fivechat/README.md deploy/mongodb/collections.json docs/configuration.md
# The previous version: the newest that may be installed somewhere.
PREVIOUS ?= c43768a2

K8S := bin/k8s
BUILT := libs/web services/widgets/internal/api api-gateway/internal/pages
LISTEN ?= 127.0.0.1:8080
ADMIN ?= 127.0.0.1:9090
DATA ?= data
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
ARCH ?= $(shell go env GOARCH)
SOAK ?= 10m
BENCH_OUT ?= bin/bench/$(VERSION)

# CI runs `make test` with the race detector, RACE=-race, which needs a C compiler and triples the time. Without it, tests
# are compiled like the programs that they start, and share the compiled packages. `make lint` vets.
RACE ?=
GO_TEST := $(if $(RACE),go test $(RACE),CGO_ENABLED=0 go test -trimpath) -vet=off

.DEFAULT_GOAL := help
.PHONY: help run build services images test test-browser test-slow compat clocks soak generate generate-check web web-check screenshots embedmongo-conformance lint vulncheck fmt tidy prose chart k8s-lint k8s-test bench bench-flames bench-compare bench-check bench-baseline queries bench-go bench-telemetry bench-search bench-edge sim sim-figures clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, then run everything with two demo websites
	FIVECHAT_PPROF=true bin/fivechat run --demo --listen $(LISTEN) --admin-listen $(ADMIN) --data $(DATA)

build: ## build bin/fivechat
	go build -o bin/ ./deploy/fivechat

services: ## build every service and the gateway as binaries of their own
	$(foreach s,$(SERVICES),go build -o bin/$(s) ./services/$(s)/cmd &&) go build -o bin/api-gateway ./api-gateway/cmd

images: ## build the container images as archives in bin/images, or push them: REGISTRY=registry.example/fivechat ARCH=amd64,arm64
	go run ./deploy/images -version $(VERSION) -revision "$$(git rev-parse HEAD 2>/dev/null)" -arch $(ARCH) $(if $(REGISTRY),-to $(REGISTRY)) $(IMAGES)

# Tests that take more than half a minute, or whose programs take minutes to build. Those of MEASURED run one by one.
SLOW := bench/search hostile processes providers sharding sim traces
MEASURED := commands faults observability
test: ## run the tests, but those of test-browser and test-slow; with the race detector, as CI does: RACE=-race
	$(GO_TEST) -timeout 25m $$(go list work | grep -vE "/tests/($$(echo browser $(SLOW) $(MEASURED) | tr ' ' '|'))(/|$$)")

test-browser: ## run the widget and the console in Chromium; the tests are skipped without it
	$(GO_TEST) -timeout 25m ./tests/browser

test-slow: ## run the tests that take minutes: kills, shards, traces, providers, hostile neighbours, faults, overload, alerts that failures raise
	$(GO_TEST) -timeout 25m $(SLOW:%=./tests/%/...)
	$(GO_TEST) -p 1 -timeout 25m $(MEASURED:%=./tests/%)

compat: ## run services of the previous version, PREVIOUS, beside those of this one, forwards and back, under load
	tests/processes/compat.sh $(PREVIOUS)

clocks: ## step the clock of a running system (the first build takes minutes)
	FIVECHAT_CLOCKS=1 go test -count=1 -timeout 15m ./tests/clocks

# Each line of the soak runs tests that are short elsewhere. A variable sets the length.
FUZZ_CHECKS ?= 20000
FUZZ_HISTORIES ?= 200
CHAT_STEPS ?= 500
soak: ## run tests that take a minute for hours: a million generated requests; faults, restarts and overload for SOAK each; writes docs/faults.md
	FIVECHAT_FUZZ_CHECKS=$(FUZZ_CHECKS) FIVECHAT_FUZZ_HISTORIES=$(FUZZ_HISTORIES) go test -timeout 24h -run 'TestDocumentedRequests|TestStatusChangesAreLinear' -v ./tests/fuzz
	FIVECHAT_CHAT_STEPS=$(CHAT_STEPS) CGO_ENABLED=0 go test -count=1 -timeout 0 -run 'TestRandomStepsLoseNothing|TestRandomTeam' -v ./tests/browser
	go test -run '^$$' -bench AnotherWebsites -benchtime 2000x ./tests/isolation
	FIVECHAT_CLOCKS=1 go test -count=1 -timeout 15m ./tests/clocks
	FIVECHAT_SOAK=$(SOAK) FIVECHAT_SOAK_TABLE=docs/faults.md go test -count=1 -timeout 0 -v ./tests/faults

generate: bin/oapi-codegen ## generate the OpenAPI document, types of events, the Go client, rules, dashboards, shard keys and the table of settings
	go run ./api-gateway/openapi/bundle api-gateway/openapi api-gateway/openapi/openapi.json api-gateway/internal/route/public.gen.go libs/contract/events.gen.go libs/client/events.gen.go docs/api/events.md docs/api/authentication.md
	bin/oapi-codegen -config libs/client/api/oapi-codegen.yaml api-gateway/openapi/openapi.json
	go run ./$(OBSERVABILITY) -out $(OBSERVABILITY)
	go run ./deploy/fivechat store shards > deploy/mongodb/collections.json
	go run ./deploy/fivechat/settings . docs/configuration.md

generate-check: generate chart ## fail if a committed generated file differs from its sources
	@test -z "$$(git status --porcelain -- $(GENERATED))" || { git status --short -- $(GENERATED); echo "generated files are stale or not committed: make generate"; exit 1; }

web: ## check and build the scripts that browsers load, which are committed (needs Node)
	@for w in $(WEB); do (cd $$w && npm ci --silent && npm run --silent check && npm run --silent build) || exit 1; done

web-check: web ## fail if a committed script differs from the build of its sources
	@test -z "$$(git status --porcelain -- $(BUILT))" || { git status --short -- $(BUILT); echo "built scripts are stale or not committed: make web"; exit 1; }

screenshots: ## take pictures of the widget in every state and of every page of the console into bin/screenshots (needs Chromium)
	mkdir -p bin/screenshots
	FIVECHAT_SCREENSHOTS=$(CURDIR)/bin/screenshots FIVECHAT_REQUIRE_BROWSER=1 $(GO_TEST) -count=1 -run 'TestEveryState|TestConsoleIsAccessible|TestTeamReadsReports' ./tests/browser

embedmongo-conformance: build ## run pymongo and Node's mongodb against the embedded store (installs them on Debian)
	tests/conformance/run.sh

lint: bin/golangci-lint prose ## vet, golangci-lint, formatting, tidiness, each module by itself, and prose
	@! git ls-files --eol | grep "^i/-text" | grep -v "docs/images/.*\.webp$$" || { echo "not text: build results are not committed"; exit 1; }
	go vet work
	@for m in $(MODULES); do echo "lint $$m"; (cd $$m && GOWORK=off go build -o /dev/null ./... && GOWORK=off go mod tidy -diff) || exit 1; done
	bin/golangci-lint run $(MODULES:%=./%/...)

# The linter parses code with tree-sitter, which is written in C.
ifeq ($(shell command -v gcc || command -v clang || command -v cc),)
prose:
	@echo "prose isn't checked: building the linter needs a C compiler"
else
prose: bin/vale ## check pages, comments, messages and names of tests against docs/style.md (builds vale, which needs a C compiler)
	FIVECHAT_VALE=$(abspath bin/vale) go test -count=1 ./tests/prose
endif

vulncheck: bin/govulncheck bin/vulndb ## find known vulnerabilities in called code (VULNDB_VERSION=latest uses the newest reports)
	all="$$(go list work)" && cd deploy/fivechat && GOTOOLCHAIN=auto $(CURDIR)/bin/govulncheck -db file://$(CURDIR)/bin/vulndb $$all

fmt: bin/golangci-lint ## format all Go code (gofumpt) and, if Node is installed, all TypeScript
	@for m in $(MODULES); do (cd $$m && GOWORK=off $(CURDIR)/bin/golangci-lint fmt ./...) || exit 1; done
	@! command -v npm >/dev/null || for w in $(WEB); do (cd $$w && { [ -d node_modules ] || npm ci --silent; } && npm run --silent format) || exit 1; done

tidy: ## tidy every module
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy) || exit 1; done

chart: ## copy the rules and dashboards of deploy/observability into the chart, and generate its README's table of values
	@mkdir -p charts/fivechat/files/rules charts/fivechat/files/dashboards
	@cp $(OBSERVABILITY)/prometheus/rules.yaml charts/fivechat/files/rules/fivechat.yaml
	@cp $(OBSERVABILITY)/grafana/*.json charts/fivechat/files/dashboards/
	go run ./tests/k8s/chart charts/fivechat

k8s-lint: ## check the chart with several values files against Kubernetes' schemas (builds helm and kubeconform once)
	tests/k8s/build.sh $(K8S) helm kubeconform schemas
	FIVECHAT_K8S_LINT=$(abspath $(K8S)) go test ./tests/k8s

k8s-test: ## install, upgrade and break the chart on a real Kubernetes: a cluster on this machine (root, Debian), or KUBECONTEXT
	PREVIOUS=$(PREVIOUS) tests/k8s/run.sh

bench: build ## measure the latency of a fresh system under load: BENCH="-mix agent -find"; writes bin/bench
	go build -o bin/ ./tests/load
	bin/load -commit $(VERSION) -out $(BENCH_OUT) $(BENCH)

bench-flames: build ## draw a flame graph of each mix into docs/performance
	go build -o bin/ ./tests/load
	bin/load -rounds 1 -for 20s -flames docs/performance $(BENCH)

bench-compare: bin/benchstat ## compare two measurements: OLD=bin/bench/a.txt NEW=bin/bench/b.txt
	bin/benchstat -ignore commit,go $(OLD) $(NEW)

bench-check: build ## fail if an operation takes 20 % more CPU time than committed, relative to a bare handler
	go build -o bin/ ./tests/load/cost
	bin/cost $(BENCH)

queries: ## write the table of the services' queries and their indexes
	QUERIES=write go test -count=1 ./tests/sharding

bench-baseline: build ## measure the CPU time of operations five times, and write the median as the new baseline
	go build -o bin/ ./tests/load/cost
	bin/cost -commit $(VERSION) -refresh 5

bench-go: ## run the benchmarks of every module
	go test -run '^$$' -bench . -benchmem work

bench-telemetry: ## measure the cost of spans and metrics, compared with a system without them
	go test -run '^$$' -bench Telemetry -benchtime 2000x -timeout 30m ./tests/bench

bench-search: ## compare searches with bleve on the same texts: FIVECHAT_CONVERSATIONS=10000
	go test -run '^$$' -bench Search -benchtime 1x -timeout 3h ./tests/bench/search

bench-edge: services ## compare the gateway with nginx and a bare ReverseProxy (installs nginx and wrk on Debian)
	@command -v nginx wrk taskset >/dev/null || apt-get install -y -qq --no-install-recommends nginx-light wrk util-linux >/dev/null
	go build -o bin/bench-edge ./tests/bench/edge && bin/bench-edge

sim: ## compute the resources for a rate of requests and the first bottlenecks, in docs/scaling.md (SIM="-core 0.05 -gib 0.01" prints them for other prices)
	go run ./tests/sim/print $(if $(SIM),$(SIM),-into docs/scaling.md)

sim-figures: ## measure the inputs of the simulation again (needs redis-server)
	FIVECHAT_FIGURES=$(CURDIR)/tests/sim/figures.json FIVECHAT_FIGURES_NOTE="$$(date +'%B %Y'), on $$(nproc) cores, 2,000 requests of each" go test -count=1 -run '^$$' -bench Layers -benchtime 2000x -timeout 30m ./tests/bench
	$(MAKE) sim

clean: ## remove build results; data stays
	rm -rf bin

bin/golangci-lint:
	GOWORK=off GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

bin/vale:
	GOWORK=off GOBIN=$(CURDIR)/bin go install github.com/vale-cli/vale/v3/cmd/vale@$(VALE_VERSION)

bin/govulncheck:
	GOWORK=off GOBIN=$(CURDIR)/bin go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)

bin/benchstat:
	GOWORK=off GOBIN=$(CURDIR)/bin go install golang.org/x/perf/cmd/benchstat@$(BENCHSTAT_VERSION)

# The reports come as a module, through the module proxy.
bin/vulndb:
	go run ./tests/vulndb "$$(go mod download -json golang.org/x/vulndb@$(VULNDB_VERSION) | sed -n 's/^\t"Dir": "\(.*\)",$$/\1/p')" $@

bin/oapi-codegen:
	GOWORK=off GOBIN=$(CURDIR)/bin go install github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@$(OAPI_CODEGEN_VERSION)
