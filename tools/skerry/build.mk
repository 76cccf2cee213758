# SPDX-License-Identifier: Apache-2.0
# The host tool, build/tools/skerry. Included by the root Makefile.

HOSTCC ?= cc
TOOL_SRC := $(wildcard tools/skerry/*.c)
TOOL_OBJ := $(TOOL_SRC:%.c=build/obj/%.o)
TOOL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -ffile-prefix-map=$(CURDIR)=. -Wall -Wextra -Werror
TOOL_LIBS := -lyaml -lz -llzma -llz4 -lzstd -lcrypto

tool: build/tools/skerry

build/tools/skerry: $(TOOL_OBJ)
	@mkdir -p $(@D)
	@echo '  LINK    $@'; $(HOSTCC) -o $@ $(TOOL_OBJ) $(TOOL_LIBS)

# What it records in images: the revision and the packages it was built with.
build/obj/environment.h: FORCE
	@$(PYTHON) tools/environment.py stamp $@

build/obj/tools/skerry/environment.o: TOOL_CFLAGS += -include build/obj/environment.h
build/obj/tools/skerry/environment.o: build/obj/environment.h

.PHONY: FORCE
FORCE:

build/obj/tools/skerry/%.o: tools/skerry/%.c
	@mkdir -p $(@D)
	@echo '  HOSTCC  $@'; $(HOSTCC) $(TOOL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(TOOL_OBJ:.o=.d)
