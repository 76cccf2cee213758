// SPDX-License-Identifier: Apache-2.0
// Each domain starts a sibling in another state that no machine enters. It costs that domain its
// life, no other, and the next life is an ordinary one.
/* guest: domains=8 vcpus=2 memory=16MiB done=16 on_crash=restart on_reboot=restart xen=no (it has
 * one domain) qemu=no (the emulator enters them all) expect="restart 1" timeout=90 */
#include "rt/rt.h"

#define FLAT_CODE 0xc9b
#define FLAT_DATA 0xc93

static struct vcpu_hvm_context flat(void) {
  struct vcpu_hvm_context context = {.mode = VCPU_HVM_MODE_32B};
  struct vcpu_hvm_x86_32 *r = &context.cpu_regs.x86_32;
  r->cr0 = 0x11;
  r->eflags = 2;
  r->eip = 0x100000;
  r->cs_limit = r->ds_limit = r->ss_limit = r->es_limit = 0xffffffff;
  r->cs_ar = FLAT_CODE;
  r->ds_ar = r->ss_ar = r->es_ar = FLAT_DATA;
  r->tr_ar = 0x8b;
  r->tr_limit = 0x67;
  return context;
}

// SDM vol. 3C, 26.3.1: what is checked of each field.
static void spoil(struct vcpu_hvm_context *context, unsigned field) {
  struct vcpu_hvm_x86_32 *r = &context->cpu_regs.x86_32;
  switch (field) {
  case 0:
    r->cs_ar &= ~0x800u; // bytes, and a limit of 4 GiB
    break;
  case 1:
    r->es_ar &= ~0x10u; // a system segment
    break;
  case 2:
    r->eflags |= 1u << 17; // virtual 8086 mode, and segments that are not its
    break;
  case 3:
    r->cs_ar |= 3u << 5; // not the stack's privilege
    break;
  case 4:
    r->tr_limit = 0xffffffff;
    break;
  case 5:
    r->ds_ar = 0xc99; // code that cannot be read
    break;
  case 6:
    r->cr4 = 1u << 17; // PCID outside of long mode
    break;
  default:
    r->ss_ar &= ~1u; // not accessed
    break;
  }
}

void test_main(void) {
  unsigned me = cpuid(0x40000004, 0).ecx;
  struct vcpu_hvm_context context = flat();
  spoil(&context, me % 8);
  check_eq("entry_refused.initialise", vcpu_op(VCPUOP_initialise, 1, &context), 0);
  printf("DONE 1 0\n");
  vcpu_op(VCPUOP_up, 1, 0);
  delay_ns(2000 * MS);
  CHECK("entry_refused.dies", 0);
  shutdown(SHUTDOWN_crash);
}
