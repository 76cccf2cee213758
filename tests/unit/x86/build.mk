# SPDX-License-Identifier: Apache-2.0
# Unit tests of the guest's processor: its own sources on a control block, memory
# and machine that are variables, with sanitizers. Each test_*.c is a program.

UNIT_GUEST_O := build/obj/unit-guest
UNIT_GUEST_NAMES := $(patsubst tests/unit/x86/test_%.c,%,$(wildcard tests/unit/x86/test_*.c))
UNIT_GUEST_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wshadow -Wno-unused-parameter \
  -fsanitize=address,undefined -fno-sanitize-recover=all -fno-strict-aliasing \
  -D__KERNEL_HV__ -Itests/unit/x86/include -Itests/unit/x86 -I. -Ihv -Ihv/include \
  -Ihv/arch/x86_64/include
UNIT_GUEST_SRC := $(addprefix hv/arch/x86_64/cpu/,context.c cpuid_guest.c cpuid_xsave.c decode.c exit_common.c exit_npf.c \
  fetch.c inject.c msr_guest.c mtrr.c start.c state.c tsc.c) \
  $(addprefix hv/arch/x86_64/irq/,vlapic.c vlapic_ipi.c vlapic_timer.c) \
  hv/arch/x86_64/mm/walk.c hv/arch/x86_64/mm/walk_32.c hv/arch/x86_64/mm/guest_copy.c tests/unit/x86/guest_world.c
UNIT_GUEST_OBJ := $(UNIT_GUEST_SRC:%.c=$(UNIT_GUEST_O)/%.o)

UNIT_TESTS += $(UNIT_GUEST_NAMES:%=build/unit/guest_%)

build/unit/guest_%: $(UNIT_GUEST_O)/tests/unit/x86/test_%.o $(UNIT_GUEST_OBJ)
	@mkdir -p $(@D)
	@$(CC) $(UNIT_GUEST_CFLAGS) -o $@ $^ -lcmocka

# No guest's: it has a processor of its own.
build/unit/guest_speculation: $(addprefix $(UNIT_GUEST_O)/,tests/unit/x86/test_speculation.o \
  hv/arch/x86_64/cpu/speculation.o hv/arch/x86_64/cpu/errata.o)
	@mkdir -p $(@D)
	@$(CC) $(UNIT_GUEST_CFLAGS) -o $@ $^ -lcmocka

$(UNIT_GUEST_O)/%.o: %.c $(AUTOCONF) tests/unit/x86/build.mk
	@mkdir -p $(@D)
	@$(CC) $(UNIT_GUEST_CFLAGS) -include $(AUTOCONF) -MMD -MP -c -o $@ $<

# What a build without it leaves out is tested too.
$(UNIT_GUEST_OBJ): UNIT_GUEST_CFLAGS += -DCONFIG_APICV=1

.SECONDARY: $(UNIT_GUEST_OBJ) $(UNIT_GUEST_NAMES:%=$(UNIT_GUEST_O)/tests/unit/x86/test_%.o)

-include $(UNIT_GUEST_OBJ:.o=.d) $(UNIT_GUEST_NAMES:%=$(UNIT_GUEST_O)/tests/unit/x86/test_%.d)
