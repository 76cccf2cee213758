# SPDX-License-Identifier: Apache-2.0
# Builds, runs and tests Skerry. `make help` lists the targets. The rules of
# each area stand in its own build.mk; nothing is written outside build/.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash

CC := gcc
HOSTCC := gcc
LD := ld
NM := nm
OBJCOPY := objcopy
PYTHON := /usr/bin/python3

# The configuration: one of configs/, or `custom`, which is
# what `make menuconfig` wrote to ./.config.
CONFIG ?= $(if $(wildcard .config),custom,default)
O := build/$(CONFIG)

# These are what a newcomer types first, so they install what is missing.
INSTALLING := run check check-all iso figures packages check-each release series container environment \
  bench bench-ready bench-gate bench-record
ifneq ($(filter $(INSTALLING),$(MAKECMDGOALS)),)
ifneq ($(shell tools/install-packages.sh 1>&2; echo $$?),0)
$(error some packages of tools/packages.txt could not be installed)
endif
endif

.PHONY: all help packages
all: hv tool guests services ##  Build the hypervisor, the host tool, the micro-guests and the services

help: ##  Print this list
	@sed -n 's/^\([a-z-]*\):.*##  /\1\t/p' $(MAKEFILE_LIST) | sort -u | expand -t 14
	@echo
	@echo 'CONFIG=default|isolated|minimal|custom selects the configuration (now: $(CONFIG)).'

packages: ##  Install the Debian packages of tools/packages.txt
	@:

# --- Configuration -----------------------------------------------------------

KCONFIGS := Kconfig $(wildcard hv/Kconfig hv/*/Kconfig hv/arch/*/Kconfig)
AUTOCONF := $(O)/include/generated/autoconf.h

ifeq ($(CONFIG),custom)
CONFIG_SOURCE := .config
else
CONFIG_SOURCE := configs/$(CONFIG)
endif

.PHONY: menuconfig
menuconfig: ##  Choose features; writes ./.config, used from then on as CONFIG=custom
	@test -e .config || $(PYTHON) tools/kconfig.py configs/default .config
	@KCONFIG_CONFIG=.config $(PYTHON) -m menuconfig Kconfig

$(O)/.config: $(CONFIG_SOURCE) $(KCONFIGS) tools/kconfig.py
	@mkdir -p $(dir $(AUTOCONF))
	@$(PYTHON) tools/kconfig.py $< $@ --header $(AUTOCONF)

$(AUTOCONF): $(O)/.config ;

ifeq ($(filter help packages menuconfig clean,$(MAKECMDGOALS)),)
include $(O)/.config
endif

# --- The hypervisor ----------------------------------------------------------

HV_CFLAGS := -std=gnu11 -O2 -g -m64 -ffreestanding -nostdinc \
  -isystem $(shell $(CC) -print-file-name=include) \
  -mno-red-zone -mgeneral-regs-only -mcmodel=kernel -fno-pic -fno-pie \
  -fstack-protector-strong -mstack-protector-guard=global -fno-omit-frame-pointer \
  -fno-strict-aliasing -fno-common -ffunction-sections -fdata-sections \
  -fno-asynchronous-unwind-tables -fcf-protection=none \
  -fno-delete-null-pointer-checks -fwrapv \
  -Wall -Wextra -Werror -Wundef -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
  -Wvla -Wpointer-arith -Wimplicit-fallthrough -Wno-unused-parameter \
  -D__KERNEL_HV__ -include $(AUTOCONF) -Ihv/include -Ihv/arch/x86_64/include -Ihv -I. \
  -ffile-prefix-map=$(CURDIR)/=
HV_AFLAGS := $(filter-out -std=% -W%,$(HV_CFLAGS)) -D__ASSEMBLY__
HV_LDFLAGS := -m elf_x86_64 -nostdlib -static --no-dynamic-linker --build-id=none \
  -z noexecstack -z max-page-size=4096
HV_LDS := hv/arch/x86_64/boot/hv.lds

hv-y :=
include hv/build.mk
HV_OBJS := $(patsubst %,$(O)/hv/%,$(sort $(hv-y)))

# Generated sources stand under $(O)/gen/ with the same relative path.
HV_COMPILE = @mkdir -p $(@D); echo '  CC      $@'; $(CC) -MMD -MP -c -o $@ $<

$(O)/hv/%.o: hv/%.c $(AUTOCONF) Makefile
	$(HV_COMPILE) $(HV_CFLAGS)

$(O)/hv/%.o: hv/%.S $(AUTOCONF) Makefile
	$(HV_COMPILE) $(HV_AFLAGS)

$(O)/hv/%.o: $(O)/gen/%.c $(AUTOCONF) Makefile
	$(HV_COMPILE) $(HV_CFLAGS)

# The symbol table for backtraces is linked in a second pass. It stands behind
# the text, which therefore has the same addresses in both.
$(O)/symbols-0.S: tools/gen-symbols.py
	@mkdir -p $(@D); $(PYTHON) $< $(O)/symbols-0.bin < /dev/null > $@

$(O)/symbols-1.S: $(O)/pass0.elf tools/gen-symbols.py
	@$(NM) -n $< | $(PYTHON) tools/gen-symbols.py $(O)/symbols-1.bin > $@

$(O)/symbols-%.o: $(O)/symbols-%.S
	@$(CC) -m64 -c -o $@ $<

SYMBOLS_O := $(O)/symbols-$(if $(CONFIG_SYMBOLS),1,0).o
HV_LINK = @echo '  LD      $@'; $(LD) $(HV_LDFLAGS) -T $(HV_LDS) -o $@ $(HV_OBJS)

$(O)/pass0.elf: $(HV_OBJS) $(O)/symbols-0.o $(HV_LDS)
	$(HV_LINK) $(O)/symbols-0.o

$(O)/skerry-hv64.elf: $(HV_OBJS) $(SYMBOLS_O) $(HV_LDS)
	@printf '%s\n' $(HV_OBJS) > $(O)/objects.txt # for tools/figures.py
	$(HV_LINK) $(SYMBOLS_O)

# QEMU's Multiboot loader takes 32-bit ELF files alone.
$(O)/skerry-hv.elf: $(O)/skerry-hv64.elf
	@$(OBJCOPY) -I elf64-x86-64 -O elf32-i386 -S $< $@

.PHONY: hv
hv: $(O)/skerry-hv.elf ##  Build the hypervisor: build/<config>/skerry-hv.elf

-include $(HV_OBJS:.o=.d)

# --- The other areas ---------------------------------------------------------

.PHONY: tool guests unit
tool: ##  Build the host tool: build/tools/skerry
guests: ##  Build the micro-guests: build/guests/*.elf
unit: ##  Build and run the unit tests on this host

-include $(wildcard tools/skerry/build.mk tests/unit/*/build.mk tests/unit/build.mk \
  tests/guest/build.mk)
include tools/process.mk tools/release/dist.mk
-include $(wildcard tests/fuzz/build.mk tests/models/build.mk tests/static/build.mk tests/system/build.mk \
  tests/bench/build.mk)
include libos/build.mk services/build.mk tests/audit/build.mk
-include $(wildcard tests/coverage/build.mk tests/faults/build.mk tests/proof/build.mk)

# --- A whole system -------------------------------------------------------------

SYSTEM := two-linux
MACHINE := qemu
RUN_OPTIONS = --machine $(MACHINE) --hv $(O)/skerry-hv.elf
SYSTEM_DIR := $(if $(wildcard $(SYSTEM)/system.yaml),$(SYSTEM),systems/$(SYSTEM))
IMAGE := build/systems/$(notdir $(SYSTEM_DIR)).img

# What the system's files are made of, as SYSTEM_NEEDS, with the rules.
-include $(wildcard $(SYSTEM_DIR)/build.mk)

$(IMAGE): $(SYSTEM_DIR)/system.yaml tool linux $(SYSTEM_NEEDS)
	@mkdir -p $(@D)
	@build/tools/skerry build $< -o $@

.PHONY: image run iso check check-quick check-all figures pictures
image: $(IMAGE) ##  Compile systems/two-linux (SYSTEM=name: another, or a folder) into build/systems/

run: hv image ##  Boot it (MACHINE=bochs: on Intel): a terminal's consoles, or until all are ready
	@if [ -t 0 ] && [ -t 1 ]; then build/tools/skerry run $(IMAGE) $(RUN_OPTIONS); \
	else build/tools/skerry run $(SYSTEM_DIR)/system.yaml $(RUN_OPTIONS) --wait-ready 600 \
		--set-arg skerry.poweroff=1; fi

iso: hv image ##  Make build/skerry.iso, which GRUB boots on BIOS and UEFI
	@tools/mkiso.sh $(O)/skerry-hv.elf $(IMAGE) build/skerry.iso

check: ##  Run every test but the slow ones
	@$(PYTHON) tools/check.py

check-quick: ##  Run what every commit must pass: builds, lint, unit tests, a few micro-guests
	@$(PYTHON) tools/check.py --quick

# Two tests want packages that are too large for everybody; where they cannot be had, they say so.
check-all: ##  Run every test
	-@tools/install-packages.sh slurm-wlm munge chromium
	@$(PYTHON) tools/check.py --all

pictures: $(patsubst %.dot,%.svg,$(wildcard docs/design/pictures/*.dot)) ##  Draw the documents' pictures anew
docs/design/pictures/%.svg: docs/design/pictures/%.dot
	@dot -Tsvg $< -o $@

figures: ##  Measure size, speed and memory; one figure a line (FIGURES="size boot": these parts)
	@$(MAKE) -s CONFIG=minimal hv >&2
	@$(MAKE) -s CONFIG=isolated hv >&2
	@$(MAKE) -s CONFIG=default hv guests services image xen bench-ready $(KERNELS)/vmlinux-cloud >&2
	@$(PYTHON) tools/figures.py $(FIGURES)

.PHONY: clean
clean: ##  Remove build/
	rm -rf build
