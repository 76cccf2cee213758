# SPDX-License-Identifier: Apache-2.0
# What of hv/ the tests run: docs/process/coverage.md.

.PHONY: coverage mcdc
coverage: ##  Run unit tests and machines with counters in hv/, and report (an hour)
	@$(PYTHON) tests/coverage/run.py

mcdc: ##  Count the unit tests' modified condition/decision coverage of hv/ (clang 19)
	@$(PYTHON) tests/coverage/mcdc.py
