# SPDX-License-Identifier: Apache-2.0
# The host tool, build/tools/skerry. Included by the root Makefile.

HOSTCC ?= cc
TOOL_SRC := $(wildcard tools/skerry/*.c)
TOOL_OBJ := $(TOOL_SRC:%.c=build/obj/%.o)
TOOL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Werror
TOOL_LIBS := -lyaml -lz -llzma -llz4 -lzstd -lcrypto

tool: build/tools/skerry

build/tools/skerry: $(TOOL_OBJ)
	@mkdir -p $(@D)
	@echo '  LINK    $@'; $(HOSTCC) -o $@ $(TOOL_OBJ) $(TOOL_LIBS)

build/obj/tools/skerry/%.o: tools/skerry/%.c
	@mkdir -p $(@D)
	@echo '  HOSTCC  $@'; $(HOSTCC) $(TOOL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(TOOL_OBJ:.o=.d)
