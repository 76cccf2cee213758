// SPDX-License-Identifier: Apache-2.0
// A guest's processor on the host: control block, memory, time, siblings and
// the personality are plain variables that a test sets and looks at.
#ifndef GUEST_WORLD_H
#define GUEST_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arch/arch.h>
#include <asm/cpu_ops.h>
#include <asm/vendor.h>

#define RAM_SIZE   (8u << 20)
#define VCPU_COUNT 4

struct world {
  uint64_t creg[CREG_TSC_OFFSET + 1];
  struct x86_segment segment[SEG_IDTR + 1];
  uint8_t cpl;

  uint8_t ram[RAM_SIZE];
  enum p2m_type type[RAM_SIZE / PAGE_SIZE];
  bool user_is_open;
  unsigned cas_failures; // so many more compare-and-swaps find another value
  unsigned type_changes;

  uint64_t now; // ns; the TSC counts them
  unsigned upcall_vector;
  bool halted_for_good;
  unsigned crashes;
  enum domain_end end;
  uint32_t cpuid[16][4], cpuid_extended[64][4]; // the machine's, sub-leaf 0
  uint64_t wrmsr_value;
  void (*wrmsr)(uint32_t msr, uint64_t value); // who else wants to know
  uint64_t hypercall_nr, hypercall_args[3], hypercall_result;
  bool hypercall_compat;
};

extern struct world world;
extern struct manifest_domain world_config;
extern struct vcpu *cpu0; // the current one
struct vcpu *cpu(unsigned id);

// Everything to its beginning: RAM zero and mapped, vCPU 0 current, all reset, CPUID of a rich
// machine. For cmocka's setup.
int world_setup(void **state);

void ram_write64(uint64_t gpa, uint64_t value);
uint64_t ram_read64(uint64_t gpa);
void ram_write32(uint64_t gpa, uint32_t value);
uint32_t ram_read32(uint64_t gpa);

// Flat code segment of 16, 32 or 64 bits, without paging but for 64, where 0 to 4 MiB are
// mapped onto themselves.
void world_code(unsigned bits);
// Bytes at RIP; 0x90 after them.
void world_insn(const uint8_t *bytes, unsigned n);

#endif
