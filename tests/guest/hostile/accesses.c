// SPDX-License-Identifier: Apache-2.0
// What exits without a hypercall: MSRs, ports, CPUID, the local APIC, control and debug registers,
// and page tables that are wrong. Faults are expected; what the runtime needs is put back.
#include "hostile.h"
#include "rt/apic.h"

#define MSR_EFER    0xc0000080
#define MSR_GS_BASE 0xc0000101
#define CR0_KEEP    0x80000011ul // PG, ET, PE
#define CR0_NW      (1ul << 29)
#define CR0_CD      (1ul << 30)
#define CR4_KEEP    0x620ul    // PAE, OSFXSR, OSXMMEXCPT
#define CR4_NEVER   0x300000ul // SMEP, SMAP: all our pages are a user's

// Of Intel's: microcode, counters, SPEC_CTRL, performance and thermal control, DEBUGCTL, VT-x, SGX
// and PT, XSS, and both ends of the bitmaps.
static uint32_t msr_of_intel(struct dice *d) {
  static const uint32_t starts[] = {0x17,  0x48,  0x79,   0x8b,  0x9b,  0xc1,       0x10a,
                                    0x122, 0x186, 0x198,  0x1a0, 0x1d9, 0x345,      0x38d,
                                    0x3f1, 0x480, 0x560,  0x600, 0x6a0, 0xc0000000, 0xc80,
                                    0xda0, 0xe00, 0x1fff, 0x2000};
  return starts[dice_below(d, ARRAY_LEN(starts))];
}

static void msr(struct dice *d) {
  static const uint32_t starts[] = {0,          0x10,       0x1b,       0x174,      0x200,
                                    0x250,      0x277,      0x2ff,      0x3a,       0x400,
                                    0x480,      0x6e0,      0x800,      0x830,      0xd90,
                                    0x40000000, 0xc0000080, 0xc0000100, 0xc0010000, 0xc0010110};
  uint32_t number = one_in(d, 16) ? dice_word(d) : starts[dice_below(d, ARRAY_LEN(starts))];
  uint64_t value;
  if (is_intel() && one_in(d, 2))
    number = msr_of_intel(d);
  number += one_in(d, 2) ? dice_below(d, 64) : dice_below(d, 4);
  int found = try_rdmsr(number, &value) == NO_FAULT;
  // The local APIC has a game of its own.
  if (number == MSR_GS_BASE || (number >= 0x800 && number < 0x900) || one_in(d, 2))
    return;
  if (number == MSR_EFER && (value & 0x500) != 0x500)
    return;
  uint64_t wanted = one_in(d, 2) ? value ^ 1ul << dice_below(d, 64) : value_any(d);
  try_wrmsr(number, wanted);
  if (found && number < 0xc0000102 && number >= MSR_EFER)
    try_wrmsr(number, value);
}

static void port(struct dice *d) {
  static const uint16_t known[] = {0x20,  0x40,  0x60,  0x70,  0x80,  0xb2,  0xcf8,
                                   0xcfc, 0x3f8, 0x2f8, 0x3f0, 0x402, 0x510, 0x600};
  uint16_t number = one_in(d, 2) ? dice_word(d) : known[dice_below(d, ARRAY_LEN(known))];
  uint32_t value = value_any(d);
  if (number >= 0x400 && number < 0x700 && !one_in(d, 256))
    return; // the domain's own power switch is there
  switch (dice_below(d, 7)) {
  case 0:
    TRY("inb %%dx, %%al", "+a"(value), "d"(number));
    break;
  case 1:
    TRY("inw %%dx, %%ax", "+a"(value), "d"(number));
    break;
  case 2:
    TRY("inl %%dx, %%eax", "+a"(value), "d"(number));
    break;
  case 3:
    TRY("outb %%al, %%dx", TRY_NO_OUTPUT, "a"(value), "d"(number));
    break;
  case 4:
    TRY("outw %%ax, %%dx", TRY_NO_OUTPUT, "a"(value), "d"(number));
    break;
  case 5:
    TRY("outl %%eax, %%dx", TRY_NO_OUTPUT, "a"(value), "d"(number));
    break;
  default: {
    uint64_t to = SCRATCH, count = dice_below(d, 64);
    TRY("rep insb", "+D"(to)COMMA "+c"(count), "d"(number));
  }
  }
}

static void leaves(struct dice *d) {
  static const uint32_t starts[] = {0, 0x40000000, 0x80000000, 0xc0000000};
  uint32_t leaf = starts[dice_below(d, 4)] + dice_below(d, 48);
  cpuid(one_in(d, 8) ? dice_word(d) : leaf, value_any(d));
}

// INIT and SIPI to vCPU 0, which looks after the others, are left out.
static void ipi(struct dice *d) {
  uint32_t command = dice_below(d, 8) << 8 | (32 + dice_below(d, 224)) | dice_below(d, 4) << 14;
  uint32_t mode = command >> 8 & 7, to = 2 * dice_below(d, 4);
  if (one_in(d, 2))
    command |= dice_below(d, 4) << 18 | dice_below(d, 2) << 11;
  if ((mode == 5 || mode == 6) && !one_in(d, 64))
    command &= ~0x700u;
  else if (mode == 5 || mode == 6)
    command &= ~0xc0800u, to = 2 * (1 + dice_below(d, 3));
  apic_ipi(to, command);
}

static void apic(struct dice *d) {
  unsigned reg = dice_below(d, 0x40) * 16;
  // Vectors of exceptions would come without the error code that the stubs expect.
  uint32_t value = one_in(d, 2) ? value_any(d) | 0x20 : 32 + dice_below(d, 224);
  uint64_t old;
  if (one_in(d, 4)) {
    ipi(d);
    return;
  }
  if (reg == APIC_ICR || reg == APIC_ICR_HIGH)
    return;
  if (apic_is_x2()) {
    try_rdmsr(0x800 + (reg >> 4), &old);
    if (one_in(d, 2))
      try_wrmsr(0x800 + (reg >> 4), value);
    return;
  }
  uintptr_t at = APIC_MMIO + reg + (one_in(d, 16) ? dice_below(d, 16) : 0);
  if (one_in(d, 2))
    TRY("movl (%1), %0", "=r"(value), "r"(at));
  else
    TRY("movl %0, (%1)", TRY_NO_OUTPUT, "r"(value), "r"(at));
  if (one_in(d, 64)) // forms that are not decoded
    TRY("lock orl %0, (%1)", TRY_NO_OUTPUT, "r"(value), "r"(at));
}

// QEMU 7.2 lets a guest load what no AMD processor does, and its next entry fails: rarely, then.
static uint64_t cr0_loadable(struct dice *d, uint64_t cr0) {
  if (is_intel() || one_in(d, 2000))
    return cr0;
  return (uint32_t)cr0 | (cr0 & CR0_NW ? CR0_CD : 0);
}

// One bit or all of them, and back.
static void control(struct dice *d) {
  uint64_t cr0 = read_cr0(), cr4 = read_cr4();
  uint64_t new0 = one_in(d, 2) ? cr0 ^ 1ul << dice_below(d, 64) : dice_word(d);
  uint64_t new4 = one_in(d, 2) ? cr4 ^ 1ul << dice_below(d, 64) : dice_word(d);
  uint64_t cr3 = read_cr3();
  switch (dice_below(d, 4)) {
  case 0:
    TRY("mov %0, %%cr0", TRY_NO_OUTPUT, "r"(cr0_loadable(d, new0 | CR0_KEEP)));
    cpuid(0, 0);
    TRY("mov %0, %%cr0", TRY_NO_OUTPUT, "r"(cr0));
    break;
  case 1:
    TRY("mov %0, %%cr4", TRY_NO_OUTPUT, "r"((new4 | CR4_KEEP) & ~CR4_NEVER));
    cpuid(0, 0);
    TRY("mov %0, %%cr4", TRY_NO_OUTPUT, "r"(cr4));
    break;
  case 2: // QEMU 7.2 ends with an assertion when a guest writes CR8 while a virtual interrupt waits
    if (!is_intel())
      break;
    TRY("mov %0, %%cr8", TRY_NO_OUTPUT, "r"(value_any(d)));
    TRY("mov %0, %%cr8", TRY_NO_OUTPUT, "r"(0ul));
    break;
  default: // bits that no address has: QEMU 7.2 takes them for a failed entry, which ends the
           // domain
    if (!is_intel() && !one_in(d, 2000))
      cr3 |= 0x18;
    else
      cr3 |= 1ul << 63;
    TRY("mov %0, %%cr3", TRY_NO_OUTPUT, "r"(cr3));
    TRY("mov %0, %%cr3", TRY_NO_OUTPUT, "r"(cr3 & 0xfffffffff000));
  }
}

// With a breakpoint on, QEMU 7.2's lists of breakpoints and DR7 part at VMRUN, and it ends with a
// fault of its own.
static void debug(struct dice *d) {
  uint64_t value = value_any(d), no_breakpoints = is_intel() ? 0 : 0xff;
  TRY("mov %0, %%dr0", TRY_NO_OUTPUT, "r"(value));
  TRY("mov %0, %%dr6", TRY_NO_OUTPUT, "r"(value_any(d)));
  TRY("mov %0, %%dr7", TRY_NO_OUTPUT, "r"(value_any(d) & ~no_breakpoints));
  cpuid(1, 0);
  TRY("mov %0, %%dr7", TRY_NO_OUTPUT, "r"(0x400ul));
}

static void features(struct dice *d) {
  static const uint32_t low[] = {0, 1, 2, 3, 5, 7, 0x1f, ~0u};
  uint32_t value = low[dice_below(d, ARRAY_LEN(low))];
  uint64_t cr4 = read_cr4();
  TRY("mov %0, %%cr4", TRY_NO_OUTPUT, "r"(cr4 | CR4_OSXSAVE));
  TRY("xsetbv", TRY_NO_OUTPUT, "a"(value), "d"(dice_below(d, 2)), "c"(dice_below(d, 2)));
}

// An entry of any shape, used by an instruction, by its fetch and by a hypercall.
static void tables(struct dice *d) {
  static const uint64_t frames[] = {SCRATCH, 0xfee00000, 0xfd00000000, 0xf0002000, ~0ul, 0};
  uint64_t frame = frames[dice_below(d, ARRAY_LEN(frames))] + dice_below(d, 256) * PAGE_SIZE;
  uint64_t flags = dice_below(d, 0x1000);
  if (one_in(d, 4))
    flags |= 1ul << (40 + dice_below(d, 24));
  uint64_t *at = vm_map(4 + d->vcpu * 8 + dice_below(d, 8), frame & 0xffffffffff000, flags),
           value = 0;
  TRY("mov (%1), %0", "=r"(value), "r"(at));
  TRY("mov %0, (%1)", TRY_NO_OUTPUT, "r"(value), "r"(at));
  struct xen_feature_info *info = (void *)((char *)at + dice_below(d, PAGE_SIZE));
  xen_version(XENVER_get_features, info);
  if (one_in(d, 16))
    TRY("lock incq (%0)", TRY_NO_OUTPUT, "r"(at));
}

static void instructions(struct dice *d) {
  switch (dice_below(d, 10)) {
  case 0:
    TRY("wbinvd", TRY_NO_OUTPUT, "r"(0));
    break;
  case 1:
    TRY("vmrun %%rax", TRY_NO_OUTPUT, "a"(value_gfn(d) * PAGE_SIZE));
    break;
  case 2:
    TRY("rdpmc", TRY_NO_OUTPUT, "a"(0), "d"(0), "c"(dice_below(d, 8)));
    break;
  case 3:
    TRY("clgi", TRY_NO_OUTPUT, "r"(0));
    break;
  case 4:
    TRY("vmptrld (%0)", TRY_NO_OUTPUT, "r"(SCRATCH));
    break;
  case 5:
    TRY("mwait", TRY_NO_OUTPUT, "a"(0), "c"(0));
    break;
  case 6:
    TRY("invd", TRY_NO_OUTPUT, "r"(0));
    break;
  case 7:
    TRY(".byte 0x0f, 0x01, 0xc1", TRY_NO_OUTPUT, "a"(dice_below(d, 64))); // VMCALL
    break;
  case 8:
    TRY(".byte 0x0f, 0x01, 0xd9", TRY_NO_OUTPUT, "a"(dice_below(d, 64))); // VMMCALL
    break;
  default:
    TRY("int3", TRY_NO_OUTPUT, "r"(0));
  }
}

void access_random(struct dice *d) {
  static void (*const games[])(struct dice *) = {msr,   port,     leaves, apic,   control,
                                                 debug, features, tables, tables, instructions};
  games[dice_below(d, ARRAY_LEN(games))](d);
}
