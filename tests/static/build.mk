# SPDX-License-Identifier: Apache-2.0
# Checks of the hypervisor without running it: its stack, and MISRA's rules.

.PHONY: stack misra
stack: hv ##  Bound the hypervisor's stack: frames, chains, no recursion
	@$(PYTHON) tests/static/stack.py $(O)/skerry-hv64.elf

misra: $(AUTOCONF) ##  Check hv/ against the subset of MISRA C:2012 in docs/process/misra.md
	@$(PYTHON) tests/static/misra.py $(O)
