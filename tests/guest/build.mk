# SPDX-License-Identifier: Apache-2.0
# Micro-guests: one PVH ELF for each tests/guest/*.c (64 bits) and tests/guest/32/*.c (32 bits).
# Included by the root Makefile; works alone too (make -f tests/guest/build.mk guests).

guest-cc ?= gcc
guest-cflags := -std=gnu11 -O2 -g -Wall -Wextra -Werror -ffreestanding -fno-pic -no-pie \
  -mgeneral-regs-only -fno-stack-protector -fno-asynchronous-unwind-tables \
  -fcf-protection=none -D__XEN_INTERFACE_VERSION__=0x00040e00 -Itests/guest -MMD -MP
guest-ldflags := -nostdlib -static -no-pie -Wl,-n,--build-id=none,--no-warn-rwx-segments,-z,noexecstack
guest-out := build/guests

guest-rt-obj := $(patsubst tests/guest/rt/%,$(guest-out)/obj/rt/%.o,\
  $(wildcard tests/guest/rt/*.c tests/guest/rt/*.S))
guest-rt32-obj := $(patsubst tests/guest/rt32/%,$(guest-out)/obj/rt32/%.o,\
  $(wildcard tests/guest/rt32/*.c tests/guest/rt32/*.S))
guest-elf64 := $(patsubst tests/guest/%.c,$(guest-out)/%.elf,$(wildcard tests/guest/*.c))
guest-elf32 := $(patsubst tests/guest/32/%.c,$(guest-out)/%.elf,$(wildcard tests/guest/32/*.c))

.PHONY: guests check-guests check-guests-intel
guests: $(guest-elf64) $(guest-elf32)

check-guests: guests
	tests/guest/run.py

check-guests-intel: guests
	tests/guest/run.py --machine bochs

$(guest-out)/obj/%.o: tests/guest/%
	@mkdir -p $(@D)
	@echo '  GUESTCC $@'; $(guest-cc) $(guest-cflags) $(guest-mode) -c $< -o $@

$(guest-out)/obj/%: guest-mode = -m64 -mcmodel=small -mno-red-zone
$(guest-out)/obj/32/% $(guest-out)/obj/rt32/%: guest-mode = -m32 -march=i686

$(guest-elf64): $(guest-out)/%.elf: $(guest-out)/obj/%.c.o $(guest-rt-obj) tests/guest/rt/guest.ld
	@echo '  GUESTLD $@'; $(guest-cc) $(guest-ldflags) -T tests/guest/rt/guest.ld $(filter %.o,$^) -o $@

$(guest-elf32): $(guest-out)/%.elf: $(guest-out)/obj/32/%.c.o $(guest-rt32-obj) tests/guest/rt32/guest32.ld
	@echo '  GUESTLD $@'; $(guest-cc) -m32 $(guest-ldflags) -T tests/guest/rt32/guest32.ld $(filter %.o,$^) -o $@

# The guest that has more than one file.
$(guest-out)/hostile.elf: $(patsubst tests/guest/%,$(guest-out)/obj/%.o,$(wildcard tests/guest/hostile/*.c))

.SECONDARY:
-include $(wildcard $(guest-out)/obj/*.d $(guest-out)/obj/*/*.d)
