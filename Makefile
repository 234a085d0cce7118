# Make is the manual. Every target needs only Go, make and git; what else is
# missing is found, fetched or built, which is said aloud.

GO      ?= go
STATE   ?= $(if $(LYO_STATE_DIR),$(LYO_STATE_DIR),.lyo)
TOOL    := $(GO) tool -modfile=tools/go.mod
OASDIFF := $(GO) tool -modfile=tools/openapi/go.mod oasdiff
TESTENV := LYO_STATE_DIR=$(STATE) $(GO) run ./deploy/local/testenv
PKGS    ?= ./...
# The longest package first, so that the others run beside it.
TESTED  := $(patsubst ./...,./e2e ./...,$(PKGS))
VERSION ?= $(shell git describe --tags --always --dirty)
TARGETS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64

.PHONY: help run build model eval bench faults soak mutations test cover check vuln format migrate histories reference release release-document clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-17s %s\n", $$1, $$2}'

run: build ## bring the whole system up on this machine and keep it up until Ctrl-C
	@exec bin/lyo dev

build: ## build bin/lyo
	@test -x bin/lyo || echo "building lyo; the first time takes a few minutes"
	@$(GO) build $$(test -x bin/lyo || ! test -t 2 || echo -v) -o bin/lyo ./cmd/lyo

model: build ## fetch the default weights of Gemma, after showing their terms
	@bin/lyo model pull --lock

eval: build ## measure courses of quotations, and what the configured model writes: 30 topics in 21 languages
	@bin/lyo eval

bench: ## measure the whole system beside limits of this machine and other programs; BENCH='-only NAME' for a part
	@$(TESTENV) -temporal -- $(GO) run ./bench $(BENCH)

faults: build ## kill and cut what a running system stands on; FAULTS='-seed=N' repeats, '-test.run=NAME' picks
	$(TESTENV) -temporal -- $(GO) test -count=1 -v -timeout 60m -run "TestFault|TestTwentyThousandDevices" ./e2e -args -full -lyo=$(CURDIR)/bin/lyo $(FAULTS)
	$(TESTENV) -- $(GO) test -count=1 -v -timeout 30m -run TestFault ./models/migrations -args -full

soak: build ## an hour of learners at steady rates, while memory and whatever else may grow is watched; SOAK='-duration=10m'
	$(TESTENV) -temporal -- $(GO) test -count=1 -v -timeout 0 -run "^TestSoak$$" ./e2e -args -lyo=$(CURDIR)/bin/lyo -duration=1h $(SOAK)

mutations: ## take out each safeguard of docs/faults.md in turn and show that a test fails; MUTATIONS='-only NAME' for a part
	$(TESTENV) -temporal -- $(GO) run ./e2e/mutations $(MUTATIONS)

test: ## every test, with the race detector, on a real Postgres, Redis and Temporal
	$(TESTENV) -temporal -- $(GO) test -race -count=1 -timeout 45m $(TESTED)

cover: ## run every test and print how much of the code they cover; coverage.out has the lines
	$(TESTENV) -temporal -- $(GO) test -count=1 -timeout 45m -coverpkg=./... -coverprofile=coverage.out $(PKGS)
	@$(GO) tool cover -func=coverage.out | tail -n 1

check: ## format, secrets, lint with the import table, workflow determinism, replay, the API's document, unfinished marks
	@out=$$($(TOOL) gofumpt -l $$(git ls-files '*.go')); test -z "$$out" || { echo "not formatted: $$out"; exit 1; }
	.ci/secrets
	$(TOOL) golangci-lint run $(PKGS)
	$(TOOL) workflowcheck ./workflows
	$(GO) mod verify
	$(GO) test -race -run '^TestReplay' ./workflows
	@mkdir -p $(STATE)
	$(GO) run ./cmd/lyo openapi > $(STATE)/openapi.json
	$(OASDIFF) breaking --fail-on ERR --err-ignore docs/openapi/accepted.txt docs/openapi/last-release.json $(STATE)/openapi.json
	@! git grep -nE 'TODO|FIXME|XXX' -- '*.go' '*.sql' '*.md' ':!Makefile' || { echo "unfinished marks above"; exit 1; }

vuln: ## look for known vulnerabilities in what the program calls; VULNDB names another database
	@.ci/vuln

format: ## write the format that check wants
	$(TOOL) gofumpt -w $$(git ls-files '*.go')

migrate: build ## bring the database in DATABASE_URL to the schema of this version
	bin/lyo migrate

reference: build ## write docs/configuration.md anew from the config structs, and docs/weights.md from the program
	bin/lyo config reference > docs/configuration.md
	$(GO) test -count=1 -run '^TestTheWeightsOnThePageAreTrue$$' ./e2e -args -lyo=$(CURDIR)/bin/lyo -write-weights

release: ## build dist/: programs for Linux and macOS on amd64 and arm64, named after git describe, with SHA256SUMS
	@rm -rf dist && mkdir dist
	@for target in $(TARGETS); do \
	  name=lyo_$(VERSION)_$${target%/*}_$${target#*/}; echo "building dist/$$name"; \
	  CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build -trimpath -ldflags "-s -w -X main.released=$(VERSION)" -o dist/$$name ./cmd/lyo || exit 1; \
	done
	@cd dist && if command -v sha256sum >/dev/null; then sha256sum lyo_*; else shasum -a 256 lyo_*; fi > SHA256SUMS && cat SHA256SUMS

release-document: ## keep this version's OpenAPI document as the last release's, at a release only
	$(GO) run ./cmd/lyo openapi > docs/openapi/last-release.json

histories: ## record what the commit in deploy/released leaves: workflow histories to replay, and a dump to go on with
	$(TESTENV) -temporal -- env RECORD_RELEASED=1 $(GO) test -count=1 -timeout 20m -run '^TestRecordReleased$$' ./e2e

clean: ## remove what was built; the data of lyo dev in .lyo stays
	rm -rf bin dist coverage.out
