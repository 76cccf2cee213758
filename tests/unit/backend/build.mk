# SPDX-License-Identifier: Apache-2.0
# Unit tests of the back ends: their engines on a store, grants and ports that are variables
# (world.c), with sanitizers. Each test_*.c is a program.

UNIT_BACKEND_NAMES := $(patsubst tests/unit/backend/test_%.c,%,$(wildcard tests/unit/backend/test_*.c))
UNIT_BACKEND_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wshadow -Wno-unused-parameter \
  -fsanitize=address,undefined -fno-sanitize-recover=all -I. -Ilibos/include
UNIT_BACKEND_SHARED := tests/unit/backend/world.c $(addprefix services/backend/,bus.c nodes.c) \
  libos/ring.c

UNIT_TESTS += $(UNIT_BACKEND_NAMES:%=build/unit/backend_%)

build/unit/backend_block: services/block/request.c services/block/device.c $(UNIT_BACKEND_SHARED)
build/unit/backend_net: $(addprefix services/net/,net.c chain.c switch.c checksum.c) $(UNIT_BACKEND_SHARED)
build/unit/backend_disks: services/block/disks.c services/backend/nodes.c
build/unit/backend_switch: services/net/switch.c services/net/checksum.c

build/unit/backend_%: tests/unit/backend/test_%.c tests/unit/backend/build.mk
	@mkdir -p $(@D); echo '  HOSTCC  $@'
	@$(CC) $(UNIT_BACKEND_CFLAGS) -MMD -MP -MF $@.d -o $@ $(filter %.c,$^) -lcmocka

-include $(UNIT_BACKEND_NAMES:%=build/unit/backend_%.d)
