# SPDX-License-Identifier: Apache-2.0
# Unit tests of the core: its own sources on the fake architecture, with
# sanitizers. Each test_*.c is a program. Includes tests/unit/build.mk's names.

UNIT_CORE_O := build/obj/unit-core
UNIT_CORE_NAMES := $(patsubst tests/unit/core/test_%.c,%,$(wildcard tests/unit/core/test_*.c))
# sched_yield is the C library's as well, and its threads call it.
UNIT_CORE_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wshadow -Wno-unused-parameter \
  -fsanitize=address,undefined -fno-sanitize-recover=all -D__KERNEL_HV__ \
  -Dsched_yield=hv_sched_yield \
  -Itests/unit/support -I. -Ihv -Ihv/include -Ihv/arch/fake/include
UNIT_CORE_SRC := $(addprefix hv/core/,frame.c arena.c heap.c timer.c policy.c p2m.c sched.c \
  sched_pinned.c sched_fair.c) hv/lib/lock.c $(wildcard hv/arch/fake/*.c) \
  tests/unit/support/world.c
UNIT_CORE_OBJ := $(UNIT_CORE_SRC:%.c=$(UNIT_CORE_O)/%.o)

UNIT_TESTS += $(UNIT_CORE_NAMES:%=build/unit/core_%)

build/unit/core_%: $(UNIT_CORE_O)/tests/unit/core/test_%.o $(UNIT_CORE_OBJ)
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CORE_CFLAGS) -o $@ $^ -lcmocka

# Of these the growth test counts the basic blocks.
UNIT_GROWTH_COUNTED := $(addprefix hv/core/,heap.c timer.c sched.c sched_fair.c)
UNIT_GROWTH_OBJ := $(UNIT_GROWTH_COUNTED:%.c=$(UNIT_CORE_O)/counted/%.o)

$(UNIT_CORE_O)/counted/%.o: %.c tests/unit/core/build.mk
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CORE_CFLAGS) -fsanitize-coverage=trace-pc -MMD -MP -c -o $@ $<

build/unit/core_growth: $(UNIT_CORE_O)/tests/unit/core/test_growth.o $(UNIT_GROWTH_OBJ) \
  $(filter-out $(UNIT_GROWTH_COUNTED:%.c=$(UNIT_CORE_O)/%.o),$(UNIT_CORE_OBJ))
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CORE_CFLAGS) -o $@ $^ -lcmocka

build/unit/core_ranges: $(UNIT_CORE_O)/hv/builder/ranges.o

# The CPUs' own loop, with all that it does between two guests.
UNIT_SPECULATION_O := $(patsubst %,$(UNIT_CORE_O)/hv/core/%.o,vcpu speculation restart)
$(UNIT_SPECULATION_O): UNIT_CORE_CFLAGS += -DCONFIG_SPECULATION=1
build/unit/core_speculation: $(UNIT_SPECULATION_O)

build/unit/core_log_limit: $(UNIT_CORE_O)/hv/core/log_limit.o

build/unit/core_channels: $(addprefix $(UNIT_CORE_O)/hv/,builder/channels.o core/channel.o)

$(UNIT_CORE_O)/%.o: %.c tests/unit/core/build.mk
	@mkdir -p $(@D)
	@$(CC) $(UNIT_CORE_CFLAGS) -MMD -MP -c -o $@ $<

.SECONDARY: $(UNIT_CORE_OBJ) $(UNIT_CORE_NAMES:%=$(UNIT_CORE_O)/tests/unit/core/test_%.o)

-include $(UNIT_CORE_OBJ:.o=.d) $(UNIT_GROWTH_OBJ:.o=.d) $(UNIT_CORE_NAMES:%=$(UNIT_CORE_O)/tests/unit/core/test_%.d)
