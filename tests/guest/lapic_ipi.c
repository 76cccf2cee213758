// SPDX-License-Identifier: Apache-2.0
// Interrupts between vCPUs: physical, logical, shorthands, NMI, to nobody; in both APIC modes.
/* guest: vcpus=3 */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile unsigned taken[3], nmis[3];
static volatile int to_x2, stop;

static void handler(struct regs *regs) {
  (void)regs;
  taken[this_cpu()->vcpu]++;
  apic_eoi();
}

static void nmi(struct regs *regs) {
  (void)regs;
  nmis[this_cpu()->vcpu]++;
}

static void prepare(void) {
  apic_enable();
  apic_write(APIC_DFR, 0xffffffff);
  apic_write(APIC_LDR, 0x01000000u << this_cpu()->vcpu);
}

static void other_vcpu(void) {
  prepare();
  irq_enable();
  this_cpu()->online = 2;
  while (!stop) {
    if (to_x2 && !apic_is_x2()) {
      apic_enter_x2();
      this_cpu()->online = 3;
    }
    cpu_relax();
  }
  irq_disable();
}

// Sends, waits a little, and compares how often each of the three vCPUs was interrupted.
static void expect(const char *name, uint32_t to, uint32_t command, unsigned a, unsigned b,
                   unsigned c) {
  char reason[48];
  taken[0] = taken[1] = taken[2] = 0;
  apic_ipi(to, command | 0x61);
  WAIT(taken[0] >= a && taken[1] >= b && taken[2] >= c, 2000 * MS);
  delay_ns(2 * MS);
  snprintf(reason, sizeof(reason), "taken %u %u %u", taken[0], taken[1], taken[2]);
  check_true(name, taken[0] == a && taken[1] == b && taken[2] == c, reason);
}

static void xapic(uint32_t *id) {
  expect("lapic_ipi.xapic.one", id[1], APIC_FIXED, 0, 1, 0);
  expect("lapic_ipi.xapic.itself", id[0], APIC_FIXED, 1, 0, 0);
  expect("lapic_ipi.xapic.nobody", 0x77, APIC_FIXED, 0, 0, 0);
  expect("lapic_ipi.xapic.broadcast", 0xff, APIC_FIXED, 1, 1, 1);
  expect("lapic_ipi.xapic.logical", 6, APIC_LOGICAL, 0, 1, 1);
  expect("lapic_ipi.xapic.all", 0, APIC_TO_ALL, 1, 1, 1);
  expect("lapic_ipi.xapic.others", 0, APIC_TO_OTHERS, 0, 1, 1);
  apic_ipi(id[2], APIC_NMI);
  CHECK("lapic_ipi.nmi", WAIT(nmis[2] == 1, 2000 * MS));
  check_eq("lapic_ipi.nmi.others", nmis[0] + nmis[1], 0);
}

static void x2apic(uint32_t *id) {
  apic_enter_x2();
  to_x2 = 1;
  CHECK("lapic_ipi.x2apic.enter", WAIT(cpus[1].online == 3 && cpus[2].online == 3, 2000 * MS));
  expect("lapic_ipi.x2apic.one", id[2], APIC_FIXED, 0, 0, 1);
  expect("lapic_ipi.x2apic.nobody", 0x7777, APIC_FIXED, 0, 0, 0);
  expect("lapic_ipi.x2apic.broadcast", 0xffffffff, APIC_FIXED, 1, 1, 1);
  uint32_t logical = (id[1] >> 4) << 16 | 1u << (id[1] & 15);
  expect("lapic_ipi.x2apic.logical", logical, APIC_LOGICAL, 0, 1, 0);
  expect("lapic_ipi.x2apic.others", 0, APIC_TO_OTHERS, 0, 1, 1);
}

void test_main(void) {
  uint32_t id[3];
  trap_set(0x61, handler);
  trap_set(TRAP_NMI, nmi);
  prepare();
  for (unsigned i = 0; i < 3; i++)
    id[i] = apic_id_of_vcpu(i);
  check_eq("lapic_ipi.start1", cpu_start(1, other_vcpu), 0);
  check_eq("lapic_ipi.start2", cpu_start(2, other_vcpu), 0);
  CHECK("lapic_ipi.ready", WAIT(cpus[1].online == 2 && cpus[2].online == 2, 2000 * MS));
  irq_enable();
  xapic(id);
  x2apic(id);
  irq_disable();
  stop = 1;
}
