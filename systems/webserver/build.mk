# SPDX-License-Identifier: Apache-2.0
# The files that systems/webserver/system.yaml names: an initramfs for each
# domain with Linux, and the disk image of `web` within that of `drivers`.

WEBSERVER := build/systems/webserver
WEBSERVER_FROM := systems/webserver

SYSTEM_NEEDS := $(WEBSERVER)/drivers.cpio $(WEBSERVER)/web.cpio $(WEBSERVER)/client.cpio \
  build/services/store.elf

$(WEBSERVER)/%.cpio: $(WEBSERVER_FROM)/%.sh $(WEBSERVER_FROM)/common.sh $(KERNELS)/busybox-amd64 \
  $(PACKAGES)/modules-cloud.tar tools/mkinitramfs.py
	@$(PYTHON) tools/mkinitramfs.py $(KERNELS)/busybox-amd64 $< $@ \
	  common.sh=$(WEBSERVER_FROM)/common.sh $(PACKAGES)/modules-cloud.tar $(WEBSERVER_MORE)

DRIVERS_MORE := $(PACKAGES)/modules-pmem.tar $(XENSTORE_UTILS)
$(WEBSERVER)/drivers.cpio: $(WEBSERVER)/web.img $(DRIVERS_MORE)
$(WEBSERVER)/drivers.cpio: WEBSERVER_MORE = disks/web.img=$(WEBSERVER)/web.img $(DRIVERS_MORE)

$(WEBSERVER)/web.img: $(WEBSERVER_FROM)/website.sh $(WEBSERVER_FROM)/common.sh \
  $(WEBSERVER_FROM)/index.html $(KERNELS)/busybox-amd64
	@rm -rf $@ $(@D)/tree; mkdir -p $(@D)/tree/{bin,dev,proc,root,sbin,sys,tmp,www}
	@install -m 755 $(KERNELS)/busybox-amd64 $(@D)/tree/bin/busybox; ln -s busybox $(@D)/tree/bin/sh
	@install -m 755 $(WEBSERVER_FROM)/website.sh $(@D)/tree/sbin/init
	@install -m 644 $(WEBSERVER_FROM)/common.sh $(@D)/tree/common.sh
	@install -m 644 $(WEBSERVER_FROM)/index.html $(@D)/tree/www/index.html
	@/sbin/mke2fs -q -F -t ext4 -E root_owner=0:0 -d $(@D)/tree $@ 16M; rm -r $(@D)/tree
