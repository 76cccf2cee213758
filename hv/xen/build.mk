# SPDX-License-Identifier: Apache-2.0
hv-y += xen/hypercall.o xen/errno.o xen/version.o xen/domain.o xen/memory.o xen/event.o \
  xen/evtchn.o xen/sched.o xen/vcpu.o xen/clock.o xen/hvm.o
hv-$(CONFIG_CHANNELS) += xen/domctl.o
hv-$(CONFIG_XEN_EVTCHN_FIFO) += xen/event_fifo.o
hv-$(CONFIG_XEN_BALLOON) += xen/balloon.o
hv-$(CONFIG_XEN_GRANTS) += xen/grant.o xen/grant_table.o xen/grant_map.o xen/grant_copy.o
hv-$(CONFIG_XEN_RESOURCES) += xen/resource.o
hv-$(CONFIG_XEN_CONSOLE_RING) += xen/console_ring.o
hv-$(CONFIG_XEN_CONSOLE_IO) += xen/console_io.o
hv-$(CONFIG_XEN_VCPU_UP) += xen/vcpu_up.o
hv-$(CONFIG_XEN_WATCHDOG) += xen/watchdog.o
hv-$(CONFIG_XEN_MULTICALL) += xen/multicall.o
