// SPDX-License-Identifier: Apache-2.0
// Each domain starts one sibling in a state that a machine enters and another in a state that none
// enters, one field of which is wrong. It costs that domain its life, no other, and the next life
// is an ordinary one. Bochs asks neither for SS's privilege nor for a canonical RIP.
/* guest: domains=26 vcpus=3 memory=8MiB machine=512 done=52 on_crash=restart max_restarts=1
 * xen=no (it has one domain) qemu=no (the emulator enters them all) expect="restart 1" timeout=90
 * each="domain $DOMAIN: vCPU 1: crashed: VM entry (failed|refused)" */
#include "rt/rt.h"

#define DPL_3     (3u << 5)
#define ACCESSED  1u
#define WRITABLE  2u
#define MEMORY    0x10u  // not a system segment
#define BYTES     0x800u // the granularity
#define VM86      (1u << 17)
#define IN_A_PAGE 0xfffff000u // as a limit that is counted in pages: it ends in the middle of one

static volatile uint8_t alive;
static uint64_t first_level[4] __attribute__((aligned(32)));
// movb $1, alive; hlt, with interrupts off: such a sibling is down.
static uint8_t code[] = {0xc6, 0x05, 0, 0, 0, 0, 1, 0xf4};

// SDM vol. 3C, 26.3.1.2: code and stack.
static void spoil_code_and_stack(struct vcpu_hvm_x86_32 *r, unsigned field) {
  switch (field) {
  case 0:
    r->cs_ar &= ~BYTES; // bytes, and a limit of 4 GiB
    break;
  case 1:
    r->cs_limit = IN_A_PAGE;
    break;
  case 2:
    r->cs_ar &= ~ACCESSED;
    break;
  case 3:
    r->cs_ar |= DPL_3; // not the stack's privilege
    break;
  case 4:
    r->ss_ar &= ~ACCESSED;
    break;
  case 5:
    r->ss_ar = r->cs_ar;
    break;
  case 6:
    r->ss_ar &= ~MEMORY;
    break;
  case 7:
    r->ss_ar &= ~BYTES;
    break;
  case 8:
    r->ss_limit = IN_A_PAGE;
    break;
  default:
    r->ss_ar &= ~WRITABLE;
    break;
  }
}

static void spoil_data(uint16_t *attributes, uint32_t *limit, unsigned field) {
  switch (field) {
  case 0:
    *attributes = 0xc99; // code that cannot be read
    break;
  case 1:
    *attributes &= ~MEMORY;
    break;
  case 2:
    *attributes &= ~ACCESSED;
    break;
  case 3:
    *limit = IN_A_PAGE;
    break;
  default:
    *attributes &= ~BYTES;
    break;
  }
}

// 26.3.1.1, 26.3.1.4, 26.3.1.6: registers, and what goes with them.
static void spoil_registers(struct vcpu_hvm_context *context, unsigned field) {
  struct vcpu_hvm_x86_32 *r = &context->cpu_regs.x86_32;
  switch (field) {
  case 0:
    r->tr_limit = 0xffffffff;
    break;
  case 1:
    r->tr_limit = IN_A_PAGE;
    r->tr_ar |= BYTES;
    break;
  case 2:
    r->eflags |= VM86; // and segments that are not its
    break;
  case 3:
    r->cr4 = 1u << 17; // PCID outside of long mode
    break;
  case 4: // PAE paging, and an entry of its first level with a reserved bit
    first_level[2] = 0x1000 | 1 | 2;
    r->cr3 = (uintptr_t)first_level;
    r->cr4 = 1u << 5;
    r->cr0 |= 1u << 31;
    break;
  default:
    *context = cpu_context_long((uintptr_t)code);
    context->cpu_regs.x86_64.rflags |= VM86;
    break;
  }
}

static void spoil(struct vcpu_hvm_context *context, unsigned field) {
  struct vcpu_hvm_x86_32 *r = &context->cpu_regs.x86_32;
  if (field < 10)
    spoil_code_and_stack(r, field);
  else if (field < 15)
    spoil_data(&r->ds_ar, &r->ds_limit, field - 10);
  else if (field < 20)
    spoil_data(&r->es_ar, &r->es_limit, field - 15);
  else
    spoil_registers(context, field - 20);
}

void test_main(void) {
  unsigned me = cpuid(0x40000004, 0).ecx;
  uint32_t address = (uintptr_t)&alive;
  memcpy(code + 2, &address, sizeof(address));
  struct vcpu_hvm_context context = cpu_context_flat((uintptr_t)code);
  check_eq("entry_refused.legal", vcpu_op(VCPUOP_initialise, 2, &context), 0);
  vcpu_op(VCPUOP_up, 2, 0);
  CHECK("entry_refused.enters", WAIT(alive, 60000 * MS));
  spoil(&context, me % 26);
  check_eq("entry_refused.initialise", vcpu_op(VCPUOP_initialise, 1, &context), 0);
  printf("DONE 1 0\n");
  vcpu_op(VCPUOP_up, 1, 0);
  delay_ns(60000 * MS);
  CHECK("entry_refused.dies", 0);
  shutdown(SHUTDOWN_crash);
}
