// SPDX-License-Identifier: Apache-2.0
// A fault in real mode that the hypervisor raises: it has no error code there.
/* guest: vcpus=2 */
#include "rt/apic.h"
#include "rt/rt.h"

#define PAGE 0x8000UL // where the code is copied to, below 1 MiB
extern uint8_t real_start[], real_end[], real_handler[], real_idt[], real_seen[];

asm(".pushsection .text\n"
    ".code16\n"
    "real_start:\n"
    "  cli\n"
    "  mov %cs, %ax\n"
    "  mov %ax, %ds\n"
    "  mov %ax, %ss\n"
    "  mov $0x800, %sp\n"
    "  lidtl real_idt - real_start\n"
    "  mov $0xdead, %ecx\n"
    "real_rdmsr:\n"
    "  rdmsr\n"
    "1: jmp 1b\n"
    "real_handler:\n" // IP, CS and FLAGS are on the stack
    "  mov %sp, %ax\n"
    "  mov %ax, real_seen - real_start\n"
    "  pop %ax\n"
    "  sub $(real_rdmsr - real_start), %ax\n"
    "  mov %ax, real_seen - real_start + 2\n"
    "  movw $1, real_seen - real_start + 4\n"
    "2: hlt\n"
    "  jmp 2b\n"
    "real_idt: .word 0x3ff\n"
    "  .long 0x8400\n"
    "real_seen: .word 0, 0, 0\n"
    "real_end:\n"
    ".code64\n"
    ".popsection\n");

void test_main(void) {
  volatile uint16_t *seen = (void *)(PAGE + (real_seen - real_start));
  uint16_t *vector = (void *)(PAGE + 0x400 + 13 * 4);
  uint32_t id = apic_id_of_vcpu(1);
  memcpy((void *)PAGE, real_start, real_end - real_start);
  vector[0] = real_handler - real_start;
  vector[1] = PAGE >> 4;
  apic_enable();
  apic_ipi(id, APIC_INIT);
  delay_ns(10 * MS);
  apic_ipi(id, APIC_SIPI | PAGE >> 12);
  CHECK("real_mode_fault.arrives", WAIT(seen[2] == 1, 1000 * MS));
  check_eq("real_mode_fault.stack", seen[0], 0x800 - 6);
  check_eq("real_mode_fault.at", seen[1], 0);
}
