# SPDX-License-Identifier: Apache-2.0
# Unit tests of the host tool: its own sources, with sanitizers. Run them from
# the root of the tree.

UNIT_TOOL_O := build/obj/unit-tool
UNIT_TOOL_NAMES := $(patsubst tests/unit/tool/test_%.c,%,$(wildcard tests/unit/tool/test_*.c))
UNIT_TOOL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror \
  -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_TOOL_LIB := $(patsubst tools/skerry/%.c,$(UNIT_TOOL_O)/%.o,$(filter-out %/main.c,$(wildcard tools/skerry/*.c)))
UNIT_TOOL_OBJ := $(UNIT_TOOL_LIB) $(UNIT_TOOL_NAMES:%=$(UNIT_TOOL_O)/tests/test_%.o) \
  $(UNIT_TOOL_O)/tests/make_kernel.o

UNIT_TESTS += $(UNIT_TOOL_NAMES:%=build/unit/tool_%)

build/unit/tool_%: $(UNIT_TOOL_O)/tests/test_%.o $(UNIT_TOOL_O)/tests/make_kernel.o $(UNIT_TOOL_LIB)
	@mkdir -p $(@D); echo '  LINK    $@'
	@$(HOSTCC) $(UNIT_TOOL_CFLAGS) -o $@ $^ $(TOOL_LIBS) -lcmocka

$(UNIT_TOOL_O)/tests/%.o: tests/unit/tool/%.c
	@mkdir -p $(@D); echo '  HOSTCC  $@'
	@$(HOSTCC) $(UNIT_TOOL_CFLAGS) -MMD -MP -c -o $@ $<

$(UNIT_TOOL_O)/%.o: tools/skerry/%.c
	@mkdir -p $(@D); echo '  HOSTCC  $@'
	@$(HOSTCC) $(UNIT_TOOL_CFLAGS) -MMD -MP -c -o $@ $<

.SECONDARY: $(UNIT_TOOL_OBJ)

-include $(UNIT_TOOL_OBJ:.o=.d)
