# SPDX-License-Identifier: Apache-2.0
# What the machine tests boot: stock kernels, fetched and not installed, and a
# small user space for them.

KERNELS := build/kernels
FETCH = @mkdir -p $(@D); tools/fetch-debian.sh

$(KERNELS)/vmlinuz-cloud:
	$(FETCH) linux-image-cloud-amd64 amd64 './boot/vmlinuz-*' $@

$(KERNELS)/vmlinuz-686:
	$(FETCH) linux-image-686-pae i386 './boot/vmlinuz-*' $@

$(KERNELS)/busybox-%:
	$(FETCH) busybox-static $* ./bin/busybox $@

# Kernels without their compression, for the machines that are compared with.
$(KERNELS)/vmlinux-%: $(KERNELS)/vmlinuz-% tools/unpack-kernel.py
	@$(PYTHON) tools/unpack-kernel.py $< $@

$(KERNELS)/initramfs-%.cpio: $(KERNELS)/busybox-% tests/system/initramfs/init tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $< tests/system/initramfs/init $@

.PHONY: linux
linux: $(KERNELS)/vmlinuz-cloud $(KERNELS)/initramfs-amd64.cpio ##  Fetch the stock kernel, make its user space

.PHONY: linux32
linux32: $(KERNELS)/vmlinuz-686 $(KERNELS)/initramfs-i386.cpio

# Xen itself, as the peer.
build/cache/xen.gz:
	$(FETCH) xen-hypervisor-4.17-amd64 amd64 './boot/xen-4.17-amd64.gz' $@

build/cache/xen: build/cache/xen.gz
	@gunzip -c $< > $@

.PHONY: xen
xen: build/cache/xen ##  Fetch Debian's Xen, to boot the same guests on

# Guests of a few instructions that misbehave.
MISCHIEF := $(patsubst tests/system/mischief/%.S,build/guests/%.elf,$(wildcard tests/system/mischief/*.S))

build/guests/%.elf: tests/system/mischief/%.S tests/system/mischief/pvh.inc
	@mkdir -p $(@D)
	@$(CC) -m32 -nostdlib -static -no-pie -Wl,-N,-Ttext=0x100000,--section-start=.note.pvh=0x110000 \
	  -Wl,--build-id=none,--no-warn-rwx-segments,-estart -o $@ $<

guests: $(MISCHIEF)

.PRECIOUS: $(KERNELS)/vmlinuz-% $(KERNELS)/vmlinux-% $(KERNELS)/busybox-%
