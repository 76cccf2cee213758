# SPDX-License-Identifier: Apache-2.0
# Unit tests of the back ends: their engines on a store, grants and ports that are variables
# (world.c), with sanitizers. Each test_*.c is a program.

UNIT_BACKEND_O := build/obj/unit-backend
UNIT_BACKEND_NAMES := $(patsubst tests/unit/backend/test_%.c,%,$(wildcard tests/unit/backend/test_*.c))
UNIT_BACKEND_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wshadow -Wno-unused-parameter \
  -fsanitize=address,undefined -fno-sanitize-recover=all -I. -Ilibos/include
UNIT_BACKEND_WORLD := $(addprefix $(UNIT_BACKEND_O)/,tests/unit/backend/world.o \
  services/backend/bus.o services/backend/nodes.o libos/ring.o)

UNIT_TESTS += $(UNIT_BACKEND_NAMES:%=build/unit/backend_%)

build/unit/backend_block: $(addprefix $(UNIT_BACKEND_O)/services/block/,request.o device.o pages.o) \
  $(UNIT_BACKEND_WORLD)
build/unit/backend_disks: $(addprefix $(UNIT_BACKEND_O)/services/,block/disks.o backend/nodes.o)
build/unit/backend_net: $(addprefix $(UNIT_BACKEND_O)/services/net/,net.o chain.o switch.o checksum.o) \
  $(UNIT_BACKEND_WORLD)
build/unit/backend_switch: $(addprefix $(UNIT_BACKEND_O)/services/net/,switch.o checksum.o)

build/unit/backend_%: $(UNIT_BACKEND_O)/tests/unit/backend/test_%.o
	@mkdir -p $(@D); echo '  LINK    $@'
	@$(CC) $(UNIT_BACKEND_CFLAGS) -o $@ $^ -lcmocka

$(UNIT_BACKEND_O)/%.o: %.c tests/unit/backend/build.mk
	@mkdir -p $(@D); echo '  HOSTCC  $@'
	@$(CC) $(UNIT_BACKEND_CFLAGS) -MMD -MP -c -o $@ $<

.PRECIOUS: $(UNIT_BACKEND_O)/%.o
-include $(shell find $(UNIT_BACKEND_O) -name '*.d' 2>/dev/null)
