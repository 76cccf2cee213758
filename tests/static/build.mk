# SPDX-License-Identifier: Apache-2.0
# Checks of the hypervisor without running it: docs/process/lint.md.

.PHONY: types stack misra analyse sizes trace
types: $(AUTOCONF) ##  See that the kinds of addresses cannot be mixed up
	@$(PYTHON) tests/static/types.py $(AUTOCONF)

stack: hv ##  Bound the hypervisor's stack: frames, chains, no recursion
	@$(PYTHON) tests/static/stack.py $(O)/skerry-hv64.elf

misra: $(AUTOCONF) ##  Check hv/ against the subset of MISRA C:2012 in docs/process/misra.md
	@$(PYTHON) tests/static/misra.py $(O)

analyse: $(AUTOCONF) ##  Read hv/ with clang-tidy and cppcheck
	@$(PYTHON) tests/static/analyse.py $(O)

sizes: hv ##  Hold the sizes of the configurations against their budgets
	@$(MAKE) -s CONFIG=minimal hv > /dev/null
	@$(MAKE) -s CONFIG=isolated hv > /dev/null
	@$(MAKE) -s CONFIG=default hv > /dev/null
	@$(PYTHON) tests/static/sizes.py minimal isolated default

trace: ##  Hold the safety requirements against design, sources and tests
	@$(PYTHON) tests/safety/trace.py

.PHONY: assure
assure: ##  Run all that tries to break the promises, for hours, and end with a table of what was measured
	@$(PYTHON) tools/assure.py
