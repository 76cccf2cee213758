# SPDX-License-Identifier: Apache-2.0
# What a release is made of, as a function of the source: `make dist` runs twice, in
# environments that differ, for one release. Included by the root Makefile.

DIST := build/dist
DIST_VERSION = $(shell cat .version 2>/dev/null || echo 0)
DIST_CONFIGS := default isolated minimal
DIST_ROOT := $(DIST)/root

.PHONY: dist dist-configs
dist-configs:
	@for config in $(DIST_CONFIGS); do $(MAKE) -s CONFIG=$$config hv || exit 1; done

dist: export SOURCE_DATE_EPOCH ?= 0
# Modes are set here: the builder's umask does not show.
dist: dist-configs tool services ##  Build what a release holds, into build/dist/: the ISO and the Debian package
	@rm -rf $(DIST); mkdir -p $(DIST)
	@build/tools/skerry build systems/pulse/system.yaml -o build/pulse.img
	@tools/mkiso.sh build/default/skerry-hv.elf build/pulse.img build/dist.iso
	@cp build/dist.iso $(DIST)/skerry-$(DIST_VERSION).iso
	@install -D -m 755 build/tools/skerry $(DIST_ROOT)/usr/bin/skerry
	@strip --strip-unneeded $(DIST_ROOT)/usr/bin/skerry
	@for config in $(DIST_CONFIGS); do install -D -m 644 build/$$config/skerry-hv.elf \
	  $(DIST_ROOT)/usr/lib/skerry/skerry-hv-$$config.elf || exit 1; done
	@for service in $(SERVICES); do install -D -m 644 build/services/$$service.elf \
	  $(DIST_ROOT)/usr/lib/skerry/services/$$service.elf || exit 1; done
	@install -D -m 644 build/pulse.img $(DIST_ROOT)/usr/lib/skerry/images/pulse.img
	@tools/release/deb.sh $(DIST_ROOT) $(DIST_VERSION) $(DIST)
	@rm -rf $(DIST_ROOT)
