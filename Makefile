# Everything here needs Go and make, and nothing else; only changing what browsers load needs Node.
MODULES := libs libs/client libs/embedmongo services api-gateway deploy/fivechat deploy/observability tests
WEB := libs/web services/widgets/web api-gateway/web
SERVICES := accounts conversations statistics tickets visitors webhooks widgets
LINT_VERSION := v2.15.0
OAPI_CODEGEN_VERSION := v2.8.2
OBSERVABILITY := deploy/observability
GENERATED := api-gateway/openapi libs/client/api $(OBSERVABILITY)/prometheus $(OBSERVABILITY)/alertmanager $(OBSERVABILITY)/grafana
BUILT := libs/web services/widgets/internal/api api-gateway/internal/pages
LISTEN ?= 127.0.0.1:8080
ADMIN ?= 127.0.0.1:9090
DATA ?= data
SOAK ?= 10m

# The race detector needs a C compiler; without one the tests run all the same.
RACE ?= $(if $(shell command -v gcc || command -v clang || command -v cc),-race)

.DEFAULT_GOAL := help
.PHONY: help run build services test soak generate generate-check web web-check embedmongo-conformance lint fmt tidy bench bench-edge clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, then run everything with two demo websites
	bin/fivechat run --demo --listen $(LISTEN) --admin-listen $(ADMIN) --data $(DATA)

build: ## build bin/fivechat
	go build -o bin/ ./deploy/fivechat

services: ## build every service and the gateway as binaries of their own
	$(foreach s,$(SERVICES),go build -o bin/$(s) ./services/$(s)/cmd &&) go build -o bin/api-gateway ./api-gateway/cmd

test: ## run all tests, with the race detector where there is a C compiler
	go test $(RACE) -timeout 15m $$(go list work | grep -v -e '/tests/browser$$' -e '/tests/faults$$')
	go test $(RACE) -p 1 -timeout 15m ./tests/browser ./tests/faults # alone: what has to be seen within a second is not to wait for other tests, nor they for an overload

soak: ## let faults, restarts and overload go round for SOAK each (a duration), and write docs/faults.md
	FIVECHAT_SOAK=$(SOAK) FIVECHAT_SOAK_TABLE=docs/faults.md go test -count=1 -timeout 0 -v ./tests/faults

generate: bin/oapi-codegen ## make the OpenAPI document of its parts, the Go client of the document, rules and dashboards
	go run ./api-gateway/openapi/bundle api-gateway/openapi api-gateway/openapi/openapi.json
	bin/oapi-codegen -config libs/client/api/oapi-codegen.yaml api-gateway/openapi/openapi.json
	go run ./$(OBSERVABILITY) -out $(OBSERVABILITY)

generate-check: generate ## fail where the committed document or client is not what its sources make
	@test -z "$$(git status --porcelain -- $(GENERATED))" || { git status --short -- $(GENERATED); echo "generated files are stale or not committed: make generate"; exit 1; }

web: ## check and build the scripts that browsers load, which are committed (needs Node)
	@for w in $(WEB); do (cd $$w && npm ci --silent && npm run --silent check && npm run --silent build) || exit 1; done

web-check: web ## fail where the committed scripts are not what their sources build
	@test -z "$$(git status --porcelain -- $(BUILT))" || { git status --short -- $(BUILT); echo "built scripts are stale or not committed: make web"; exit 1; }

embedmongo-conformance: build ## let pymongo and Node's mongodb work with the embedded store (installs them on Debian)
	tests/conformance/run.sh

lint: bin/golangci-lint ## vet, golangci-lint, formatting, tidiness, and each module by itself
	@test -z "$$(gofmt -l $(MODULES))" || { gofmt -l $(MODULES); echo "not gofmt-ed"; exit 1; }
	go vet work
	@for m in $(MODULES); do echo "lint $$m"; (cd $$m && GOWORK=off go build ./... && GOWORK=off go mod tidy -diff && GOWORK=off $(CURDIR)/bin/golangci-lint run ./...) || exit 1; done

fmt: ## format all Go code
	gofmt -w $(MODULES)

tidy: ## tidy every module
	@for m in $(MODULES); do (cd $$m && GOWORK=off go mod tidy) || exit 1; done

bench: ## run the benchmarks of every module
	go test -run '^$$' -bench . -benchmem work

bench-edge: services ## measure the edge beside nginx and a bare ReverseProxy (installs nginx and wrk on Debian)
	@command -v nginx wrk taskset >/dev/null || apt-get install -y -qq --no-install-recommends nginx-light wrk util-linux >/dev/null
	go build -o bin/bench-edge ./tests/bench/edge && bin/bench-edge

clean: ## remove what was built; data stays
	rm -rf bin

bin/golangci-lint:
	GOWORK=off GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

bin/oapi-codegen:
	GOWORK=off GOBIN=$(CURDIR)/bin go install github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@$(OAPI_CODEGEN_VERSION)
