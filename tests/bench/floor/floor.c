// SPDX-License-Identifier: Apache-2.0
// The floor: what it takes on the bare AMD machine to enter a guest, leave it by one instruction
// and step over that, with all registers exchanged and nothing else done. No hypervisor can be
// cheaper that keeps registers apart. Offsets: AMD64 manual volume 2, appendix B.
#include "../guest/bench.h"

enum {
  VMCB_INTERCEPT_1 = 0x00c, // instructions: CPUID, HLT, I/O, MSRs
  VMCB_INTERCEPT_2 = 0x010, // VMRUN, VMMCALL
  VMCB_IOPM = 0x040,
  VMCB_MSRPM = 0x048,
  VMCB_ASID = 0x058,
  VMCB_EXIT = 0x070,
  VMCB_CS = 0x410,
  VMCB_SS = 0x420,
  VMCB_DS = 0x430,
  VMCB_EFER = 0x4d0,
  VMCB_CR4 = 0x548,
  VMCB_CR3 = 0x550,
  VMCB_CR0 = 0x558,
  VMCB_RFLAGS = 0x570,
  VMCB_RIP = 0x578,
};

#define CODE_SEGMENT 0xffffffff0a9b0008UL // limit, attributes, selector
#define DATA_SEGMENT 0xffffffff0c930010UL
#define EFER_MSR     0xc0000080
#define HSAVE_MSR    0xc0010117
#define EFER_SVME    (1UL << 12)

static uint8_t vmcb[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t host_save[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t host_vmcb[PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t permissions[4 * PAGE_SIZE] __attribute__((aligned(4096))); // all ones: all leave
static uint64_t registers[14];

static void vmcb_set(unsigned offset, uint64_t value) {
  memcpy(vmcb + offset, &value, sizeof(value));
}

static uint64_t vmcb_get(unsigned offset) {
  uint64_t value;
  memcpy(&value, vmcb + offset, sizeof(value));
  return value;
}

// The guest uses the host's own page tables, and begins at `code`.
static void vmcb_fill(const void *code) {
  memset(vmcb, 0, sizeof(vmcb));
  memset(permissions, 0xff, sizeof(permissions));
  asm volatile("vmsave %%rax" : : "a"(vmcb) : "memory");
  asm volatile("vmsave %%rax" : : "a"(host_vmcb) : "memory");
  vmcb_set(VMCB_INTERCEPT_1, 1UL << 18 | 1UL << 24 | 1UL << 27 | 1UL << 28 | 3UL << 32);
  vmcb_set(VMCB_IOPM, (uintptr_t)permissions);
  vmcb_set(VMCB_MSRPM, (uintptr_t)permissions);
  vmcb_set(VMCB_ASID, 1);
  vmcb_set(VMCB_CS, CODE_SEGMENT);
  vmcb_set(VMCB_SS, DATA_SEGMENT);
  vmcb_set(VMCB_DS, DATA_SEGMENT);
  vmcb_set(VMCB_EFER, rdmsr(EFER_MSR));
  vmcb_set(VMCB_CR4, read_cr4());
  vmcb_set(VMCB_CR3, read_cr3());
  vmcb_set(VMCB_CR0, read_cr0());
  vmcb_set(VMCB_RFLAGS, 2);
  vmcb_set(VMCB_RIP, (uintptr_t)code);
}

// floor_loop.S: enters the guest `count` times; each time its instruction of `length` bytes is
// stepped over.
void floor_loop(void *guest, void *host, uint64_t count, uint64_t length, uint64_t *registers);

// One instruction that leaves the guest, for ever.
#define GUEST(name, instruction)                                                                   \
  extern uint8_t name[];                                                                           \
  asm(".pushsection .text; " #name ": " instruction "; jmp " #name "; .popsection")
GUEST(guest_cpuid, "cpuid");
GUEST(guest_rdmsr, "rdmsr");
GUEST(guest_wrmsr, "wrmsr");
GUEST(guest_port_read, "in %dx, %al");
GUEST(guest_port_write, "out %al, %dx");
GUEST(guest_vmmcall, "vmmcall");

static const struct floor {
  const char *name;
  const uint8_t *code;
  unsigned length;
  unsigned exit; // the code that it leaves with
} floors[] = {
    {"exit.cpuid", guest_cpuid, 2, 0x72},           {"exit.rdmsr", guest_rdmsr, 2, 0x7c},
    {"exit.wrmsr", guest_wrmsr, 2, 0x7c},           {"exit.port_read", guest_port_read, 1, 0x7b},
    {"exit.port_write", guest_port_write, 1, 0x7b}, {"hypercall.null", guest_vmmcall, 3, 0x81}};

static void measure_floor(const struct floor *f) {
  vmcb_fill(f->code);
  mark_begin();
  uint64_t start = rdtsc();
  floor_loop(vmcb, host_vmcb, COUNT, f->length, registers);
  uint64_t ticks = rdtsc() - start;
  mark_end();
  if (vmcb_get(VMCB_EXIT) != f->exit)
    report_none(f->name, "another-exit");
  else
    report(f->name, ticks, COUNT);
}

void test_main(void) {
  if (!(cpuid(0x80000001, 0).ecx & 4)) {
    printf("FAIL floor: no SVM\n");
    return;
  }
  wrmsr(EFER_MSR, rdmsr(EFER_MSR) | EFER_SVME);
  wrmsr(HSAVE_MSR, (uintptr_t)host_save);
  for (unsigned i = 0; i < ARRAY_LEN(floors); i++)
    measure_floor(&floors[i]);
}
