# SPDX-License-Identifier: Apache-2.0
# The boot domain that starts the benchmark's guests on Xen as PVH domains: Debian's kernel and its
# `xl` with what that needs, unpacked from packages and never installed.

XL_LIBS := libxenmisc4.17 libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 \
  libxengnttab1 libxenhypfs1 libxentoollog1 libyajl2 liblzma5 libxenstore4 libxentoolcore1 \
  libuuid1 zlib1g libzstd1 libgcc-s1
FILES_xen-utils-4.17 := $(patsubst %,./usr/lib/xen-4.17/bin/%,xl xenstored xenconsoled xenconsole xen-init-dom0)
FILES_libxenmisc4.17 := ./usr/lib/x86_64-linux-gnu/*.so.*
FILES_libgcc-s1 := ./lib/x86_64-linux-gnu/*.so.*
$(foreach lib,$(filter-out libxenmisc4.17 libgcc-s1,$(XL_LIBS)),\
  $(eval FILES_$(lib) := */x86_64-linux-gnu/*.so.*))
XL := $(patsubst %,$(PACKAGES)/%.tar,libc6 xen-utils-4.17 $(XL_LIBS) xenstore-utils)
XL_MODULES := xen-privcmd xenfs xen-evtchn xen-gntdev xen-blkback xen-netback loop llc stp bridge
XL_SCRIPTS := $(patsubst %,etc/xen/scripts/%=tests/bench/hotplug.sh,block vif-bridge)

$(KERNELS)/vmlinuz-amd64:
	$(FETCH) linux-image-amd64 amd64 './boot/vmlinuz-*' $@

$(PACKAGES)/modules-xl.tar: $(KERNELS)/vmlinuz-amd64
	$(FETCH) "$$(cut -d ' ' -f 1 "$$(readlink -f $<).package")" amd64 "$(XL_MODULES:%=*/%.ko)" $@

$(bench-out)/xl.cpio: $(KERNELS)/busybox-amd64 tests/bench/xl.sh tests/bench/hotplug.sh tests/bench/sink.sh systems/webserver/common.sh \
  $(PACKAGES)/modules-xl.tar $(XL) tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $(KERNELS)/busybox-amd64 tests/bench/xl.sh $@ \
	  $(XL_SCRIPTS) sink.sh=tests/bench/sink.sh common.sh=systems/webserver/common.sh $(PACKAGES)/modules-xl.tar $(XL)

.PHONY: bench-xl
bench-xl: $(bench-out)/xl.cpio $(KERNELS)/vmlinux-amd64
