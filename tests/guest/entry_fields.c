// SPDX-License-Identifier: Apache-2.0
// A vCPU's first state is the one place where a guest names whole registers of the control block.
// Every bit there that the manuals forbid at guest entry is refused, each alone, and what is left
// enters. (What a machine may refuse all the same: entry_refused.c, hostile.c.)
/* guest: vcpus=3 xen=no (what it lets in ends the domain there) */
#include "rt/rt.h"

#define LONG_CR0  0x80000011ul
#define LONG_CR4  0x20ul
#define LONG_EFER 0x500ul
#define BELOW(n)  ((1ul << (n)) - 1)

static volatile uint64_t entered;
static uint8_t stack[4096] __attribute__((aligned(16)));

static void enter(void) {
  entered = 1;
  for (;;)
    asm volatile("hlt");
}

static struct vcpu_hvm_context context_long(void) {
  struct vcpu_hvm_context context = {.mode = VCPU_HVM_MODE_64B};
  struct vcpu_hvm_x86_64 *r = &context.cpu_regs.x86_64;
  r->rip = (uintptr_t)enter;
  r->rsp = (uintptr_t)stack + sizeof(stack) - 8;
  r->rflags = 2;
  r->cr0 = LONG_CR0;
  r->cr3 = read_cr3();
  r->cr4 = LONG_CR4;
  r->efer = LONG_EFER;
  return context;
}

// AMD64 APM vol. 2, 15.5.1 and 3.1; Intel SDM vol. 3, 2.5 and 26.3.1. Bits that differ from the
// state above, each of which makes it one that no machine enters.
static uint64_t forbidden_cr4(void) {
  uint64_t known = 0x3107ff; // up to OSXMMEXCPT, FSGSBASE, SMEP, SMAP: whatever this machine has
  return ~(known | 1ul << 11 | 1ul << 17 | 1ul << 18) | 1ul << 5;
}

static uint64_t forbidden_cr3(void) {
  return ~BELOW(cpuid(0x80000008, 0).eax & 0xff);
}

static void each_bit(const char *name, struct vcpu_hvm_context *context, void *field, unsigned size,
                     uint64_t forbidden) {
  uint64_t entered_all_the_same = 0;
  for (unsigned bit = 0; bit < 8 * size; bit++) {
    if (!(forbidden >> bit & 1))
      continue;
    uint8_t *byte = (uint8_t *)field + bit / 8;
    *byte ^= 1u << bit % 8;
    if (vcpu_op(VCPUOP_initialise, 1, context) != -XEN_EINVAL)
      entered_all_the_same |= 1ul << bit;
    *byte ^= 1u << bit % 8;
  }
  check_eq(name, entered_all_the_same, 0);
}

static void long_mode(void) {
  struct vcpu_hvm_context context = context_long();
  struct vcpu_hvm_x86_64 *r = &context.cpu_regs.x86_64;
  // PE, NW without CD, PG, and what no register has.
  each_bit("entry_fields.cr0", &context, &r->cr0, 8, 1 | 1ul << 29 | 1ul << 31 | ~BELOW(32));
  each_bit("entry_fields.cr3", &context, &r->cr3, 8, forbidden_cr3());
  each_bit("entry_fields.cr4", &context, &r->cr4, 8, forbidden_cr4());
  // All but SCE and NXE; SVME among them.
  each_bit("entry_fields.efer", &context, &r->efer, 8, ~(1ul | 1ul << 11));
  each_bit("entry_fields.rflags", &context, &r->rflags, 8, 1 << 3 | 1 << 5 | 1 << 15 | ~BELOW(22));
}

static void flat_mode(void) {
  struct vcpu_hvm_context context = cpu_context_flat(0x100000);
  struct vcpu_hvm_x86_32 *r = &context.cpu_regs.x86_32;
  uint16_t *const rights[] = {&r->cs_ar, &r->ds_ar, &r->ss_ar, &r->es_ar};
  char name[32];
  each_bit("entry_fields.flat_cr0", &context, &r->cr0, 4, 1 | 1ul << 29);
  for (unsigned i = 0; i < ARRAY_LEN(rights); i++) {
    // Present, and what no descriptor has; of code: that it is code, and L.
    snprintf(name, sizeof(name), "entry_fields.rights%u", i);
    each_bit(name, &context, rights[i], 2, 0xf080 | (i ? 0 : 0x218));
  }
  // A task state segment in use: its type, present.
  each_bit("entry_fields.tr_rights", &context, &r->tr_ar, 2, 0xf09f);
}

void test_main(void) {
  long_mode();
  flat_mode();
  struct vcpu_hvm_context context = context_long();
  check_eq("entry_fields.initialise", vcpu_op(VCPUOP_initialise, 1, &context), 0);
  check_eq("entry_fields.up", vcpu_op(VCPUOP_up, 1, 0), 0);
  CHECK("entry_fields.enters", WAIT(entered, 2000 * MS));
  check_eq("entry_fields.once", vcpu_op(VCPUOP_initialise, 1, &context), -XEN_EEXIST);
}
