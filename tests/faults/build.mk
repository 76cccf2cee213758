# SPDX-License-Identifier: Apache-2.0
# Unit tests with faults: every allocation and status-returning call made to fail in turn. The
# objects are those of tests/unit/xen; what fails is put between them by the linker.

UNIT_FAULTS_O := build/obj/unit-faults
UNIT_FAULTS_NAMES := $(patsubst tests/faults/test_%.c,%,$(wildcard tests/faults/test_*.c))
UNIT_FAULTS_HEADERS := $(addprefix hv/include/,frame.h arena.h p2m.h guest.h channel.h personality.h \
  sched.h arch/arch.h arch/boot.h) hv/xen/internal.h hv/builder/builder.h

UNIT_TESTS += $(UNIT_FAULTS_NAMES:%=build/unit/faults_%)
unit: $(UNIT_FAULTS_NAMES:%=build/unit/faults_%)

$(UNIT_FAULTS_O)/wraps.c: tests/faults/wraps.py $(UNIT_FAULTS_HEADERS)
	@mkdir -p $(@D); $(PYTHON) $< $(UNIT_FAULTS_HEADERS) > $@

$(UNIT_FAULTS_O)/wraps.o: $(UNIT_FAULTS_O)/wraps.c tests/faults/build.mk
	@$(CC) $(UNIT_XEN_CFLAGS) -I. -Itests/faults -c -o $@ $<

build/unit/faults_%: $(UNIT_XEN_O)/tests/faults/test_%.o $(UNIT_XEN_O)/tests/faults/fault.o \
    $(UNIT_FAULTS_O)/wraps.o $(UNIT_XEN_OBJ)
	@mkdir -p $(@D)
	@$(CC) $(UNIT_XEN_CFLAGS) -o $@ $^ -lcmocka \
	  -Wl,--wrap=personality_hypercall,$$($(PYTHON) tests/faults/wraps.py --flags $(UNIT_FAULTS_HEADERS))

build/unit/faults_build: $(addprefix $(UNIT_XEN_O)/hv/builder/,boot.o domain.o channels.o ranges.o)

.PHONY: faults
faults: $(UNIT_FAULTS_NAMES:%=build/unit/faults_%) ##  Make each call that can fail fail, and say how many did
	@for test in $^; do $$test 2>&1 || exit 1; done

.SECONDARY: $(UNIT_FAULTS_NAMES:%=$(UNIT_XEN_O)/tests/faults/test_%.o)
