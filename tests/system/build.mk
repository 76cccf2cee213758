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

# Files of Debian packages for guests: what belongs to the kernel, and xenstore's tools with the
# libraries that they need.
PACKAGES := build/packages
MODULES := xen-blkback xen-blkfront xen-netback xen-netfront xen-gntdev xen-gntalloc xen-evtchn \
  loop llc stp bridge
FILES_libc6 := ./lib64/* ./lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 ./lib/x86_64-linux-gnu/libc.so.6
FILES_libxenstore4 := ./usr/lib/x86_64-linux-gnu/*.so.*
FILES_libxentoolcore1 := ./usr/lib/x86_64-linux-gnu/*.so.*
FILES_xenstore-utils := ./usr/bin/*
FILES_e2fsprogs := ./sbin/mke2fs ./etc/mke2fs.conf
FILES_libext2fs2 := ./lib/x86_64-linux-gnu/*.so.*
FILES_libblkid1 := */x86_64-linux-gnu/*.so.*
FILES_libuuid1 := */x86_64-linux-gnu/*.so.*
TRAFFIC_LIBS := libiperf0 libsctp1 libssl3 libcurl4 zlib1g libbrotli1 libgssapi-krb5-2 libidn2-0 \
  libldap-2.5-0 libnghttp2-14 libpsl5 librtmp1 libssh2-1 libzstd1 libkrb5-3 libk5crypto3 \
  libkrb5support0 libcom-err2 libkeyutils1 libunistring2 libsasl2-2 libdb5.3 libgnutls30 \
  libp11-kit0 libffi8 libtasn1-6 libnettle8 libhogweed6 libgmp10
$(foreach lib,$(TRAFFIC_LIBS),$(eval FILES_$(lib) := */x86_64-linux-gnu/*.so.*))
FILES_libdb5.3 := */x86_64-linux-gnu/libdb-5.3.so
FILES_iperf3 := ./usr/bin/iperf3
FILES_curl := ./usr/bin/curl
E2FSPROGS := $(patsubst %,$(PACKAGES)/%.tar,libc6 e2fsprogs libext2fs2 libcom-err2 libblkid1 libuuid1)
TRAFFIC := $(patsubst %,$(PACKAGES)/%.tar,libc6 libc6-more iperf3 curl $(TRAFFIC_LIBS))
XENSTORE_UTILS := $(patsubst %,$(PACKAGES)/%.tar,libc6 libxenstore4 libxentoolcore1 xenstore-utils)

# Of the kernel that is there, even if there is a newer one by now.
$(PACKAGES)/modules-cloud.tar: $(KERNELS)/vmlinuz-cloud
	$(FETCH) "$$(cut -d ' ' -f 1 "$$(readlink -f $<).package")" amd64 "$(MODULES:%=*/%.ko)" $@

# For a disk in memory that outlives a driver domain.
PMEM := libnvdimm nd_btt nd_pmem nfit
$(PACKAGES)/modules-pmem.tar: $(KERNELS)/vmlinuz-cloud
	$(FETCH) "$$(cut -d ' ' -f 1 "$$(readlink -f $<).package")" amd64 "$(PMEM:%=*/%.ko)" $@

$(PACKAGES)/libc6-more.tar:
	$(FETCH) libc6 amd64 "$(patsubst %,./lib/x86_64-linux-gnu/lib%,m.so.6 resolv.so.2 dl.so.2 pthread.so.0)" $@

$(PACKAGES)/%.tar:
	$(FETCH) $* amd64 "$(FILES_$*)" $@

# A guest that fills a disk and compares it after a reboot; one that writes for longer than its driver
# domain lives.
build/tests/%.cpio: tests/system/initramfs/%.sh systems/webserver/common.sh \
  $(KERNELS)/busybox-amd64 $(PACKAGES)/modules-cloud.tar $(E2FSPROGS) tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $(KERNELS)/busybox-amd64 $< $@ \
	  common.sh=systems/webserver/common.sh $(PACKAGES)/modules-cloud.tar $(E2FSPROGS)

# The web server's driver domain, and a program with which it can be brought to a stand.
build/tests/hold: tests/system/initramfs/hold.c
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -Werror -static -nostdlib -ffreestanding -fno-stack-protector -o $@ $<

build/tests/holding.cpio: systems/webserver/drivers.sh systems/webserver/common.sh build/tests/hold \
  $(KERNELS)/busybox-amd64 $(PACKAGES)/modules-cloud.tar $(XENSTORE_UTILS) tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $(KERNELS)/busybox-amd64 $< $@ \
	  common.sh=systems/webserver/common.sh bin/hold=build/tests/hold \
	  $(PACKAGES)/modules-cloud.tar $(XENSTORE_UTILS)

# A guest with iperf3 and curl.
build/tests/traffic.cpio: tests/system/initramfs/traffic.sh systems/webserver/common.sh \
  $(KERNELS)/busybox-amd64 $(PACKAGES)/modules-cloud.tar $(TRAFFIC) tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $(KERNELS)/busybox-amd64 $< $@ \
	  common.sh=systems/webserver/common.sh $(PACKAGES)/modules-cloud.tar $(TRAFFIC)

# Kernels without their compression, for the machines that are compared with.
$(KERNELS)/vmlinux-%: $(KERNELS)/vmlinuz-% tools/unpack-kernel.py
	@$(PYTHON) tools/unpack-kernel.py $< $@

$(KERNELS)/initramfs-%.cpio: $(KERNELS)/busybox-% tests/system/initramfs/init tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $< tests/system/initramfs/init $@

# A user space with xenstore's tools.
$(PACKAGES)/store.cpio: $(KERNELS)/busybox-amd64 tests/system/initramfs/store $(XENSTORE_UTILS) \
  tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $< tests/system/initramfs/store $@ $(XENSTORE_UTILS)

# The usual one with the modules of front ends.
$(PACKAGES)/devices.cpio: $(KERNELS)/busybox-amd64 tests/system/initramfs/init \
  $(PACKAGES)/modules-cloud.tar tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $< tests/system/initramfs/init $@ $(PACKAGES)/modules-cloud.tar

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

.PRECIOUS: $(PACKAGES)/%.tar $(KERNELS)/vmlinuz-% $(KERNELS)/vmlinux-% $(KERNELS)/busybox-%
