# SPDX-License-Identifier: Apache-2.0
# From a patch to a release: environments, every commit, series, releases.
# Included by the root Makefile; what each does stands in the program it calls.

.PHONY: environment environment-lock check-environment container check-each check-pipeline

environment: ##  Make the pinned build environment, a root file system in the cache
	@$(PYTHON) tools/environment.py rootfs

environment-lock: packages ##  Take Debian's packages of today into tools/environment.lock
	@$(PYTHON) tools/environment.py lock

check-environment: packages ##  Run check-quick in the pinned environment, on a clean clone
	@$(PYTHON) tools/environment.py run make -C /src check-quick

container: ##  Make the same as a container, with buildah, and check it
	@tools/container.sh

.PHONY: lint check-amd check-intel
lint: ##  Read sources and image with every tool that runs neither (docs/process/lint.md)
	@$(PYTHON) tools/check.py lint types stack misra analyse sizes

check-amd: ##  Run the tests on the emulated AMD machine
	@$(PYTHON) tools/check.py build build-minimal guests system

check-intel: ##  Run the micro-guests on the emulated Intel machine
	@$(PYTHON) tools/check.py build guests-intel

BASE := origin/main
check-each: ##  Run check-quick on each commit since BASE=revision; name the first that fails
	@$(PYTHON) tools/check-each.py $(BASE)

check-pipeline: packages ##  Run the pipeline's quick jobs as GitLab would, with gitlab-ci-local
	@$(PYTHON) -m pytest -q -p no:cacheprovider --slow tests/process/test_pipeline.py

# --- Releases -------------------------------------------------------------------

# minisign's own place for a key; without one a release is a trial, and says so.
KEY ?= $(or $(wildcard $(HOME)/.minisign/minisign.key),none)
.PHONY: release advisory
release: ##  Make VERSION=v1.2 in build/release/, signed with minisign (KEY=file; KEY=none: a trial)
	@test -n "$(VERSION)" || { echo 'usage: make release VERSION=v1.2 [KEY=file|none]'; exit 2; }
	@$(PYTHON) tools/release "$(VERSION)" "$(KEY)"

advisory: ##  Start ID=2026-01 TITLE='...' in docs/advisories/ from the template; without ID: check all
	@$(PYTHON) tools/advisory.py $(if $(ID),new "$(ID)" "$(TITLE)",check)

# --- Series ---------------------------------------------------------------------

SERIES :=
.PHONY: series series-seeds
series: ##  Judge SERIES=mbox, maildir or message-id as docs/process/series.md says; the answer: build/series/outbox/
	@$(PYTHON) tools/series test $(SERIES)

series-seeds: ##  Judge the twenty seeded series; print the table and the figures
	@$(PYTHON) tests/process/seeds.py

# --- For who writes code --------------------------------------------------------

.PHONY: hooks compile-commands code-map
hooks: ##  Run the quick lint before each commit of this clone
	@git config core.hooksPath tools/hooks

compile-commands: $(AUTOCONF) ##  Write build/compile_commands.json for clangd
	@$(MAKE) -nB --no-print-directory hv tool guests services 2>/dev/null | $(PYTHON) tools/compile-commands.py build/compile_commands.json

code-map: ##  Draw docs/design/code-map.md anew from the code
	@$(PYTHON) tools/code-map.py
	@dot -Tsvg docs/design/pictures/code-map.dot -o docs/design/pictures/code-map.svg
