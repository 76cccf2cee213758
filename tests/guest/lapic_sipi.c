// SPDX-License-Identifier: Apache-2.0
// INIT and SIPI: an application processor starts in real mode at the vector's page, and again.
/* guest: vcpus=2 */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile uint64_t counter, starts;
static volatile uint32_t id_there;
static volatile uint64_t base_there;

static void second_vcpu(void) {
  id_there = apic_id();
  base_there = rdmsr(APIC_BASE_MSR);
  starts++;
  for (;;)
    counter++;
}

static int counts(void) {
  uint64_t before = counter;
  return WAIT(counter > before + 100, 100 * MS);
}

void test_main(void) {
  int64_t id = apic_id_of_vcpu(1);
  apic_enable();
  CHECK("lapic_sipi.madt", id > 0);
  // A SIPI without an INIT before it must do nothing to a CPU that runs: here it is us.
  apic_ipi(apic_id(), APIC_SIPI | 0x8);
  check_eq("lapic_sipi.start", cpu_start_sipi(1, id, second_vcpu), 0);
  CHECK("lapic_sipi.runs", WAIT(starts == 1, 100 * MS) && counts());
  check_eq("lapic_sipi.id", id_there, id);
  check_eq("lapic_sipi.not_first", base_there & APIC_BASE_BSP, 0);
  check_eq("lapic_sipi.is_up", vcpu_op(VCPUOP_is_up, 1, 0), 1);
  // SIPI to a CPU that runs is ignored.
  apic_ipi(id, APIC_SIPI | 0x8);
  delay_ns(5 * MS);
  check_eq("lapic_sipi.ignored", starts, 1);
  apic_ipi(id, APIC_INIT);
  delay_ns(10 * MS);
  CHECK("lapic_sipi.init_stops", !counts());
  check_eq("lapic_sipi.again", cpu_start_sipi(1, id, second_vcpu), 0);
  CHECK("lapic_sipi.runs_again", WAIT(starts == 2, 100 * MS) && counts());
}
