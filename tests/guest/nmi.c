// SPDX-License-Identifier: Apache-2.0
// NMIs: to oneself, not nested before IRET, by the local APIC and by VCPUOP_send_nmi.
/* guest:  */
#include "rt/apic.h"
#include "rt/rt.h"

static volatile unsigned nmis, nested, depth, again;

static void on_nmi(struct regs *regs) {
  (void)regs;
  nested |= depth++;
  nmis++;
  if (again) {
    again = 0;
    apic_ipi(apic_id(), APIC_NMI);
    delay_ns(MS);
  }
  depth--;
}

void test_main(void) {
  trap_set(TRAP_NMI, on_nmi);
  apic_enable();
  apic_ipi(apic_id(), APIC_NMI);
  CHECK("nmi.taken", WAIT(nmis == 1, 2000 * MS));
  again = 1;
  apic_ipi(apic_id(), APIC_NMI);
  CHECK("nmi.second_after_iret", WAIT(nmis == 3, 2000 * MS));
  check_eq("nmi.not_nested", nested, 0);
  check_eq("nmi.send_nmi", vcpu_op(VCPUOP_send_nmi, 0, 0), 0);
  CHECK("nmi.send_nmi.taken", WAIT(nmis == 4, 2000 * MS));
}
