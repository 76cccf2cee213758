# SPDX-License-Identifier: Apache-2.0
# The outside auditor: tests/audit/run.py. docs/design/audit.md says what it checks.

# Those that `make audit` builds; all of them: make audit AUDIT_MUTANTS=
AUDIT_MUTANTS := window-left-open shared-heap
AUDIT_OFFSETS := $(O)/audit-offsets.txt

$(AUDIT_OFFSETS): tests/audit/offsets.c $(AUTOCONF) $(HV_OBJS)
	@$(CC) $(HV_CFLAGS) -S -o - $< | sed -n 's/^.*#AUDIT //p' > $@

.PHONY: audit audit-figures audit-offsets
audit-offsets: $(AUDIT_OFFSETS) build/cache/xen

audit-figures: hv tool guests $(AUDIT_OFFSETS) build/cache/xen
	@$(PYTHON) tests/audit/run.py --figures

audit: hv tool guests $(AUDIT_OFFSETS) build/cache/xen ##  Audit three domains on a running machine, from outside
	@$(PYTHON) tests/audit/run.py --xen --mutants $(AUDIT_MUTANTS)
