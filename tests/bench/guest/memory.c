// SPDX-License-Identifier: Apache-2.0
// Memory: whether touching a page for the first time leaves the guest, and reading where there is
// none.
#define __XEN_TOOLS__ // for sysctl
#include "bench.h"
#include <xen/sysctl.h>

#define UNTOUCHED 0x3000000UL // from here on there is memory that nothing uses
#define HOLE      "mov $0xfd800000, %%ebx"

static uint8_t *next_touch = (uint8_t *)UNTOUCHED;

static void touch(void) {
  *(volatile uint8_t *)next_touch = 1;
  next_touch += PAGE_SIZE;
}

static void run_first_touch(const char *name) {
  measure_function(name, touch, 256);
}

static void run_unbacked(const char *name) {
  MEASURE(name, HOLE, "mov (%%rbx), %%eax");
}

// What belongs neither to this domain, the only one, nor to nobody. A privileged domain may ask.
static void run_hypervisor(const char *name) {
  domid_t self = DOMID_SELF;
  struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo,
                          .interface_version = XEN_SYSCTL_INTERFACE_VERSION};
  mark_begin();
  int64_t error = hypercall3(__HYPERVISOR_sysctl, (uintptr_t)&op, 0, 0);
  mark_end();
  if (error) {
    report_none(name, "not-privileged");
    return;
  }
  uint64_t own = memory_op(XENMEM_current_reservation, &self);
  uint64_t kept = op.u.physinfo.total_pages - op.u.physinfo.free_pages - own;
  report_value(name, kept * (PAGE_SIZE / 1024), "KiB");
}

const struct measure memory_measures[] = {{"memory.first_touch", ANYWHERE, run_first_touch},
                                          {"exit.unbacked_read", ANYWHERE, run_unbacked},
                                          {"memory.hypervisor", CALLS, run_hypervisor},
                                          {0, 0, 0}};
