# SPDX-License-Identifier: Apache-2.0
# Unit tests of the services' engines, with sanitizers: test_NAME.c and
# test_NAME_more.c are programs, linked with services/NAME/*.c (without main.c)
# and with NAME_*.c beside them. UNIT_SERVICES_LDFLAGS_NAME adds flags.

UNIT_SERVICES_O := build/obj/unit-services
UNIT_SERVICES_NAMES := $(patsubst tests/unit/services/test_%.c,%,$(wildcard tests/unit/services/test_*.c))
UNIT_SERVICES_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wshadow \
  -fsanitize=address,undefined -fno-sanitize-recover=all -I. -Iservices

# The console's is its engine alone.
unit-service-without := services/console/uart.c

# Tests make the engine run out of memory, and end it in the midst of a turn.
UNIT_SERVICES_LDFLAGS_store := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
  -Wl,--wrap=journal_close,--wrap=store_turn

UNIT_TESTS += $(UNIT_SERVICES_NAMES:%=build/unit/services_%)

# A test's service is its name up to the first underscore.
unit-service = $(firstword $(subst _, ,$(1)))
unit-service-objs = $(patsubst %.c,$(UNIT_SERVICES_O)/%.o,$(filter-out %/main.c $(unit-service-without), \
  $(wildcard services/$(1)/*.c tests/unit/services/$(1)_*.c)))

.SECONDEXPANSION:
build/unit/services_%: $(UNIT_SERVICES_O)/tests/unit/services/test_%.o \
    $$(call unit-service-objs,$$(call unit-service,$$*))
	@mkdir -p $(@D)
	@$(CC) $(UNIT_SERVICES_CFLAGS) -o $@ $^ $(UNIT_SERVICES_LDFLAGS_$(call unit-service,$*)) -lcmocka

$(UNIT_SERVICES_O)/%.o: %.c tests/unit/services/build.mk
	@mkdir -p $(@D)
	@$(CC) $(UNIT_SERVICES_CFLAGS) -MMD -MP -c -o $@ $<

.PRECIOUS: $(UNIT_SERVICES_O)/%.o
-include $(wildcard $(UNIT_SERVICES_O)/*/*/*.d $(UNIT_SERVICES_O)/*/*/*/*.d)
