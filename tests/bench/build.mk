# SPDX-License-Identifier: Apache-2.0
# The benchmark's guests: one PVH binary that runs on every peer (guest/), and the programs that
# stand beside it. Uses the micro-guests' runtime and flags (tests/guest/build.mk).

bench-out := build/bench
bench-obj := $(patsubst tests/bench/%,$(guest-out)/obj/bench/%.o,$(wildcard tests/bench/guest/*.c))
floor-obj := $(patsubst tests/bench/%,$(guest-out)/obj/bench/%.o,$(wildcard tests/bench/floor/*.[cS]) \
  tests/bench/guest/report.c)

.PHONY: bench-guests
bench-guests: $(bench-out)/suite.elf $(bench-out)/floor.elf

$(guest-out)/obj/bench/%: guest-mode = -m64 -mcmodel=small -mno-red-zone
$(guest-out)/obj/bench/%.o: tests/bench/%
	@mkdir -p $(@D)
	@echo '  GUESTCC $@'; $(guest-cc) $(guest-cflags) $(guest-mode) -c $< -o $@

$(bench-out)/suite.elf: $(bench-obj) $(guest-rt-obj) tests/guest/rt/guest.ld
	@mkdir -p $(@D)
	@echo '  GUESTLD $@'; $(guest-cc) $(guest-ldflags) -T tests/guest/rt/guest.ld $(filter %.o,$^) -o $@

$(bench-out)/floor.elf: $(floor-obj) $(guest-rt-obj) tests/guest/rt/guest.ld
	@mkdir -p $(@D)
	@echo '  GUESTLD $@'; $(guest-cc) $(guest-ldflags) -T tests/guest/rt/guest.ld $(filter %.o,$^) -o $@

include tests/bench/xl.mk

# --- Running it ---------------------------------------------------------------

BENCH :=

.PHONY: bench bench-wall bench-ready bench-gate bench-record
bench-ready: hv tool bench-guests bench-peers bench-xl bench-linux bench-io $(bench-out)/spin ##  Build all that the benchmark runs
	@$(MAKE) -s CONFIG=stats hv
bench: bench-ready ##  Measure beside the peers: build/bench/index.html (BENCH=options)
	@$(PYTHON) tools/bench run $(BENCH)

bench-wall: bench-ready ##  The same guests by the clock alone, in pairs beside Xen: build/bench/wall.json (BENCH=options)
	@$(PYTHON) tools/bench wall $(BENCH)

bench-gate: hv tool bench-guests ##  Compare the exact figures with their budgets
	@$(PYTHON) tools/bench gate

bench-record: hv tool bench-guests ##  Write tests/bench/budgets.yaml from what is measured now
	@$(PYTHON) tools/bench gate --record

# --- Peers --------------------------------------------------------------------

peers-out := $(bench-out)/peers
FETCH_PEER = @mkdir -p $(@D); tools/fetch-debian.sh

# Where a release cannot be had, it is no peer: `-` lets make go on.
.PHONY: bench-peers
bench-peers: $(peers-out)/xen-4.17 $(peers-out)/xen-syms-4.17 $(bench-out)/count.so
	-@$(MAKE) -s $(peers-out)/xen-4.20 $(peers-out)/xen-syms-4.20

$(peers-out)/xen-4.20 $(peers-out)/xen-syms-4.20: export SKERRY_SUITE = trixie

$(peers-out)/xen-%.gz:
	$(FETCH_PEER) xen-hypervisor-$*-amd64 amd64 './boot/xen-$*-amd64.gz' $@

$(peers-out)/xen-4%: $(peers-out)/xen-4%.gz
	@gunzip -c $< > $@

# Names for addresses.
$(peers-out)/xen-syms-%:
	$(FETCH_PEER) xen-hypervisor-$*-amd64-dbg amd64 './usr/lib/debug/boot/xen-syms-$*-amd64' $@

# Counts a hypervisor's instructions by function, inside the emulator.
$(bench-out)/count.so: $(wildcard tests/bench/plugin/*.[ch])
	@mkdir -p $(@D)
	$(HOSTCC) -std=gnu11 -O2 -Wall -Wextra -Werror -Wmissing-prototypes -shared -fPIC \
	  -fvisibility=hidden -o $@ $(filter %.c,$^)

$(bench-out)/spin: tests/bench/host/spin.c
	@mkdir -p $(@D)
	$(HOSTCC) -std=gnu11 -O2 -Wall -Wextra -Werror -o $@ $<

# --- The stock kernel's user space ---------------------------------------------

.PHONY: bench-linux
bench-linux: $(bench-out)/workload.cpio $(KERNELS)/vmlinux-cloud

$(bench-out)/workload.cpio: $(KERNELS)/busybox-amd64 tests/bench/workload.sh tools/mkinitramfs.py
	@mkdir -p $(@D)
	@$(PYTHON) tools/mkinitramfs.py $(KERNELS)/busybox-amd64 tests/bench/workload.sh $@

# Its disk and network: a client, and the driver domain that serves it.
.PHONY: bench-io
bench-io: $(bench-out)/io.cpio $(bench-out)/back.cpio $(addprefix build/services/,store.elf block.elf net.elf)

$(bench-out)/io: tests/bench/user/io.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -Werror -static -nostdlib -ffreestanding -fno-stack-protector -Wl,-Ttext-segment=0x5ce000000000 \
	  -o $@ $<

$(bench-out)/io.cpio: $(KERNELS)/busybox-amd64 tests/bench/io.sh tests/bench/sink.sh systems/webserver/common.sh \
  $(bench-out)/io $(PACKAGES)/modules-cloud.tar tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $(KERNELS)/busybox-amd64 tests/bench/io.sh $@ \
	  common.sh=systems/webserver/common.sh sink.sh=tests/bench/sink.sh bin/io=$(bench-out)/io $(PACKAGES)/modules-cloud.tar

$(bench-out)/back.cpio: $(KERNELS)/busybox-amd64 tests/bench/back.sh tests/bench/sink.sh systems/webserver/drivers.sh \
  systems/webserver/common.sh $(PACKAGES)/modules-cloud.tar $(XENSTORE_UTILS) tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $(KERNELS)/busybox-amd64 tests/bench/back.sh $@ \
	  drivers.sh=systems/webserver/drivers.sh sink.sh=tests/bench/sink.sh common.sh=systems/webserver/common.sh \
	  $(PACKAGES)/modules-cloud.tar $(XENSTORE_UTILS)
