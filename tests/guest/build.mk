# SPDX-License-Identifier: Apache-2.0
# Micro-guests: one PVH ELF for each tests/guest/*.c (64 bits) and tests/guest/32/*.c (32 bits).
# Included by the root Makefile; works alone too (make -f tests/guest/build.mk guests).

guest-cc ?= gcc
guest-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -ffreestanding -fno-pic -no-pie -mcmodel=small \
  -mno-red-zone -mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables \
  -fcf-protection=none -D__XEN_INTERFACE_VERSION__=0x00040e00 -Itests/guest -MMD -MP
guest-ldflags := -nostdlib -static -no-pie -Wl,-n,--build-id=none,--no-warn-rwx-segments,-z,noexecstack
guest-out := build/guests

guest-rt-obj := $(patsubst tests/guest/rt/%,$(guest-out)/obj/rt/%.o,\
  $(wildcard tests/guest/rt/*.c tests/guest/rt/*.S))
guest-elf := $(patsubst tests/guest/%.c,$(guest-out)/%.elf,$(wildcard tests/guest/*.c))

.PHONY: guests check-guests
guests: $(guest-elf)

check-guests: guests
	tests/guest/run.py

$(guest-out)/obj/%.o: tests/guest/%
	@mkdir -p $(@D)
	$(guest-cc) $(guest-cflags) -c $< -o $@

$(guest-out)/%.elf: $(guest-out)/obj/%.c.o $(guest-rt-obj) tests/guest/rt/guest.ld
	$(guest-cc) $(guest-ldflags) -T tests/guest/rt/guest.ld $(filter %.o,$^) -o $@

.SECONDARY:
-include $(wildcard $(guest-out)/obj/*.d $(guest-out)/obj/*/*.d)
