# SPDX-License-Identifier: Apache-2.0
# The library OS: build/libos/libos.a, and what linking a service takes. A service gets the parts that
# it refers to: each file of the library is a member of the archive.

LIBOS_OUT := build/libos
MUSL_INCLUDE := /usr/include/x86_64-linux-musl
MUSL_LIB := /usr/lib/x86_64-linux-musl/libc.a

LIBOS_CFLAGS := -std=gnu11 -O2 -g -m64 -mno-red-zone -fno-pic -fno-pie -fno-omit-frame-pointer \
  -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fcf-protection=none \
  -fno-strict-aliasing -nostdinc -isystem $(MUSL_INCLUDE) \
  -isystem $(shell $(CC) -print-file-name=include) -Ilibos/include -I. \
  -Wall -Wextra -Werror -Wundef -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
  -Wpointer-arith -Wimplicit-fallthrough -ffile-prefix-map=$(CURDIR)/= -MMD -MP

# A system call must keep the caller's SSE registers, and most of this may run in one.
LIBOS_OWN_CFLAGS := $(LIBOS_CFLAGS) -fno-stack-protector -mgeneral-regs-only

LIBOS_OBJS := $(patsubst libos/%,$(LIBOS_OUT)/%.o,$(wildcard libos/*.c libos/*.S))

$(LIBOS_OUT)/%.o: libos/% libos/build.mk
	@mkdir -p $(@D); echo '  CC      $@'; $(CC) $(LIBOS_OWN_CFLAGS) -c -o $@ $<

# These format floating-point numbers when asked to.
$(LIBOS_OUT)/trap.c.o $(LIBOS_OUT)/xs.c.o: LIBOS_OWN_CFLAGS := $(LIBOS_CFLAGS) -fno-stack-protector

$(LIBOS_OUT)/libos.a: $(LIBOS_OBJS)
	@rm -f $@; echo '  AR      $@'; ar rcs $@ $^

.PHONY: libos
libos: $(LIBOS_OUT)/libos.a ##  Build the library that services are linked with

-include $(LIBOS_OBJS:.o=.d)
