# SPDX-License-Identifier: Apache-2.0
# Absence of run-time errors: docs/process/proof.md.

.PHONY: proof
proof: $(AUTOCONF) ##  Show the absence of run-time errors in lib, frames and guest copies (Frama-C)
	@$(PYTHON) tests/proof/run.py $(AUTOCONF)
