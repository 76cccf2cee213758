# SPDX-License-Identifier: Apache-2.0
# Unit tests of the library that services are linked with: what of it needs no machine. Each test_*.c
# is a program of its own.

UNIT_LIBOS_NAMES := $(patsubst tests/unit/libos/test_%.c,%,$(wildcard tests/unit/libos/test_*.c))
UNIT_LIBOS_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined \
  -fno-sanitize-recover=all -Ilibos/include -Ilibos -I.

UNIT_TESTS += $(UNIT_LIBOS_NAMES:%=build/unit/libos_%)

# What is linked beside; the source under test is included.
UNIT_LIBOS_ring := libos/ring.c libos/stream.c
UNIT_LIBOS_xs := libos/stream.c
UNIT_LIBOS_console := libos/stream.c

build/unit/libos_%: tests/unit/libos/test_%.c tests/unit/libos/build.mk
	@mkdir -p $(@D); echo '  HOSTCC  $@'
	@$(CC) $(UNIT_LIBOS_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(UNIT_LIBOS_$*) -lcmocka

-include $(UNIT_LIBOS_NAMES:%=build/unit/libos_%.d)
