# SPDX-License-Identifier: Apache-2.0
# What of hv/ the tests run: docs/process/coverage.md.

.PHONY: coverage
coverage: ##  Run unit tests and machines with counters in hv/, and report (an hour)
	@$(PYTHON) tests/coverage/run.py
