// SPDX-License-Identifier: Apache-2.0
// Hypercalls: by the instruction alone where that is possible, without the page's return.
#include "bench.h"

#define VERSION "mov $17, %%eax; xor %%edi, %%edi; xor %%esi, %%esi"
#define UNKNOWN "mov $63, %%eax"
#define YIELD   "mov $29, %%eax; xor %%edi, %%edi; xor %%esi, %%esi"
#define IS_UP   "mov $24, %%eax; mov $3, %%edi; xor %%esi, %%esi; xor %%edx, %%edx"

#define MEASURE_CALL(name, setup)                                                                  \
  do {                                                                                             \
    if (is_intel())                                                                                \
      MEASURE(name, setup, "vmcall");                                                              \
    else                                                                                           \
      MEASURE(name, setup, "vmmcall");                                                             \
  } while (0)

static void run_null(const char *name) {
  MEASURE_CALL(name, VERSION);
}

static void run_unknown(const char *name) {
  MEASURE_CALL(name, UNKNOWN);
}

static void run_yield(const char *name) {
  MEASURE_CALL(name, YIELD);
}

static void run_vcpu_state(const char *name) {
  MEASURE_CALL(name, IS_UP);
}

static xen_pfn_t moved_gfn;

// One page goes back and one comes in its place.
static void reservation(void) {
  struct xen_memory_reservation arg = {.nr_extents = 1, .domid = DOMID_SELF};
  set_xen_guest_handle(arg.extent_start, &moved_gfn);
  memory_op(XENMEM_decrease_reservation, &arg);
  memory_op(XENMEM_populate_physmap, &arg);
}

static void run_reservation(const char *name) {
  moved_gfn = (uintptr_t)page_alloc() / PAGE_SIZE;
  measure_function(name, reservation, 64);
}

static int64_t written;

static void write_line(void) {
  static char text[] = "...............\n";
  written = console_io(CONSOLEIO_write, sizeof(text) - 1, text);
}

static void run_console(const char *name) {
  write_line();
  if (written < 0)
    report_none(name, "refused");
  else
    measure_function(name, write_line, 4);
}

const struct measure call_measures[] = {{"hypercall.null", CALLS, run_null},
                                        {"hypercall.unknown", CALLS, run_unknown},
                                        {"hypercall.yield", CALLS, run_yield},
                                        {"hypercall.vcpu_state", CALLS, run_vcpu_state},
                                        {"hypercall.memory_reservation", CALLS, run_reservation},
                                        {"hypercall.console_write", CALLS, run_console},
                                        {0, 0, 0}};
