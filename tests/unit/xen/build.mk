# SPDX-License-Identifier: Apache-2.0
# Unit tests of the Xen personality: its real sources and the core's on the
# fake architecture, with sanitizers. Each test_*.c is a program; abi is built
# apart, since it includes our headers and Debian's.

UNIT_XEN_O := build/obj/unit-xen
UNIT_XEN_NAMES := $(filter-out abi,$(patsubst tests/unit/xen/test_%.c,%,$(wildcard tests/unit/xen/test_*.c)))
UNIT_XEN_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wshadow -Wno-unused-parameter \
  -fsanitize=address,undefined -fno-sanitize-recover=all -D__KERNEL_HV__ \
  -Dsched_yield=hv_sched_yield \
  $(patsubst %,-DCONFIG_%=1,GUEST_32BIT XEN_CONSOLE_RING XEN_CONSOLE_IO XEN_BALLOON XEN_VCPU_UP \
    XEN_UPCALL_VECTOR XEN_WATCHDOG XEN_MULTICALL CHANNELS XEN_GRANTS XEN_RESOURCES \
    XEN_EVTCHN_FIFO) \
  -I. -Ihv -Ihv/include -Ihv/arch/fake/include -Itests/unit/support
UNIT_XEN_SRC := $(wildcard hv/xen/*.c) hv/core/channel.c tests/unit/xen/guest.c $(UNIT_CORE_SRC)
UNIT_XEN_OBJ := $(UNIT_XEN_SRC:%.c=$(UNIT_XEN_O)/%.o)

UNIT_TESTS += $(UNIT_XEN_NAMES:%=build/unit/xen_%) build/unit/xen_abi

build/unit/xen_%: $(UNIT_XEN_O)/tests/unit/xen/test_%.o $(UNIT_XEN_OBJ)
	@mkdir -p $(@D)
	@$(CC) $(UNIT_XEN_CFLAGS) -o $@ $^ -lcmocka

$(UNIT_XEN_O)/%.o: %.c tests/unit/xen/build.mk
	@mkdir -p $(@D)
	@$(CC) $(UNIT_XEN_CFLAGS) -MMD -MP -c -o $@ $<

# The same list of numbers by our headers, by Debian's, and by Debian's for 32 bits.
UNIT_ABI_CFLAGS := -std=gnu11 -O1 -Wall -Wextra -Werror -MMD -MP
UNIT_ABI_OBJ := $(addprefix $(UNIT_XEN_O)/,test_abi.o abi_ours.o abi_debian.o abi_debian32.o)

build/unit/xen_abi: $(UNIT_ABI_OBJ) hv/xen/hypercalls.def docs/abi/hypercalls.md
	@mkdir -p $(@D)
	@$(PYTHON) tools/hypercall-page.py --check
	@$(CC) -z noexecstack -o $@ $(UNIT_ABI_OBJ) -lcmocka

$(UNIT_XEN_O)/test_abi.o: tests/unit/xen/test_abi.c
	@mkdir -p $(@D)
	@$(CC) $(UNIT_ABI_CFLAGS) -c -o $@ $<

$(UNIT_XEN_O)/abi_ours.o: tests/unit/xen/abi_values.c
	@mkdir -p $(@D)
	@$(CC) $(UNIT_ABI_CFLAGS) -DOURS -I. -c -o $@ $<

$(UNIT_XEN_O)/abi_debian.o: tests/unit/xen/abi_values.c
	@mkdir -p $(@D)
	@$(CC) $(UNIT_ABI_CFLAGS) -c -o $@ $<

# Only its table is taken, as bytes: an object for 32 bits cannot be linked here.
$(UNIT_XEN_O)/abi_debian32.o: tests/unit/xen/abi_values.c
	@mkdir -p $(@D)
	@$(CC) $(UNIT_ABI_CFLAGS) -m32 -ffreestanding -fno-pic -MT $@ -c -o $@.32 $<
	@$(OBJCOPY) -O binary -j .abi $@.32 $(@D)/abi32
	@cd $(@D) && $(OBJCOPY) -I binary -O elf64-x86-64 abi32 $(@F)

.SECONDARY: $(UNIT_XEN_OBJ) $(UNIT_XEN_NAMES:%=$(UNIT_XEN_O)/tests/unit/xen/test_%.o)

-include $(UNIT_XEN_OBJ:.o=.d) $(UNIT_XEN_NAMES:%=$(UNIT_XEN_O)/tests/unit/xen/test_%.d)
-include $(wildcard $(UNIT_XEN_O)/*.d)
