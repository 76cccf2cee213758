/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits by instruction, for either vendor: each handler does what the
 * instruction does and advances RIP, or queues an exception. Memory faults are
 * in exit_npf.c.
 */
#include <abi/guest_platform.h>
#include <asm/asid.h>
#include <asm/cpu_ops.h>
#include <asm/hypercall.h>
#include <asm/vendor.h>
#include <lib/atomic.h>
#include <personality.h>
#include "fetch.h"

static void inject_gp(struct vcpu *v) {
  x86_inject(v, VECTOR_GP, true, 0);
}

__every_exit void x86_exit_cpuid(struct vcpu *v) {
  uint64_t *gpr = v->arch.regs.gpr;
  uint32_t out[4];
  if (!skip(v, INSN_CPUID))
    return;
  cpuid_guest(v, (uint32_t)gpr[RAX], (uint32_t)gpr[RCX], out);
  gpr[RAX] = out[0];
  gpr[RBX] = out[1];
  gpr[RCX] = out[2];
  gpr[RDX] = out[3];
}

static void hypercall_32(struct vcpu *v) {
  uint64_t *gpr = v->arch.regs.gpr;
  const uint64_t args[3] = {(uint32_t)gpr[RBX], (uint32_t)gpr[RCX], (uint32_t)gpr[RDX]};
  gpr[RAX] = (uint32_t)personality_hypercall(v, (uint32_t)gpr[RAX], args, true);
}

/* The vendor says where it ends. From user mode and real mode a hypercall is refused with -1, which
 * is the ABI's "not permitted".
 */
void x86_exit_hypercall(struct vcpu *v, uint64_t next_rip) {
  struct x86_mode m;
  vendor->get_mode(v, &m);
  if (m.cpl == 0 && x86_code_bits(&m) == 64) {
    x86_hypercall_64(v, next_rip);
    return;
  }
  advance(v, next_rip);
  if (m.cpl != 0 || !(m.cr0 & CR0_PE))
    v->arch.regs.gpr[RAX] = ~0ull;
  else
    hypercall_32(v);
}

void x86_exit_rdmsr(struct vcpu *v) {
  uint64_t *gpr = v->arch.regs.gpr, next_rip = next_rip_of(v, INSN_RDMSR);
  if (!next_rip)
    return;
  if (!msr_guest_read(v, (uint32_t)gpr[RCX], &gpr[RAX])) {
    inject_gp(v);
    return;
  }
  gpr[RDX] = gpr[RAX] >> 32;
  gpr[RAX] = (uint32_t)gpr[RAX];
  advance(v, next_rip);
}

/* The length first: a write may change what the walk depends on. */
void x86_exit_wrmsr(struct vcpu *v) {
  const uint64_t *gpr = v->arch.regs.gpr;
  uint64_t next_rip = next_rip_of(v, INSN_WRMSR);
  if (!next_rip)
    return;
  if (msr_guest_write(v, (uint32_t)gpr[RCX], (uint32_t)gpr[RAX] | gpr[RDX] << 32))
    advance(v, next_rip);
  else
    inject_gp(v);
}

/* The thread blocks before the next entry (arch_vcpu_halted). */
void x86_exit_hlt(struct vcpu *v) {
  enum x86_activity running = ACTIVITY_RUN;
  if (!skip(v, INSN_HLT))
    return;
  /* Unless a sibling has taken it down meanwhile. */
  if (!atomic_cas(&v->arch.activity, &running, ACTIVITY_HALT))
    return;
  if (unlikely(!(v->arch.regs.rflags & RFLAGS_IF)) && !v->arch.nmi_pending)
    personality_vcpu_down(v);
}

void x86_exit_xsetbv(struct vcpu *v) {
  uint64_t *gpr = v->arch.regs.gpr;
  uint64_t value = (uint32_t)gpr[RAX] | gpr[RDX] << 32;
  if ((uint32_t)gpr[RCX] != 0 || !xcr0_legal(value)) {
    inject_gp(v);
    return;
  }
  if (!skip(v, INSN_XSETBV))
    return;
  fpu_set_xcr0(v, value);
}

/* --- control registers ------------------------------------------------------------------ */

static bool fetch_cr_write(struct vcpu *v, struct insn *i, uint64_t *value) {
  if (!x86_fetch(v, i))
    return false;
  *value = v->arch.regs.gpr[i->reg];
  if (i->reg_size == 4)
    *value = (uint32_t)*value;
  return true;
}

/* PCIDs come in long mode with PCID 0 (SDM vol. 3A, 4.10.1). */
static bool pcid_refused(struct vcpu *v, uint64_t value, bool long_mode) {
  if (!(value & CR4_PCIDE) || (vendor->get(v, CREG_CR4) & CR4_PCIDE))
    return false;
  return !long_mode || (vendor->get(v, CREG_CR3) & (PAGE_SIZE - 1));
}

void x86_cr4_write(struct vcpu *v, uint64_t value, uint64_t next_rip) {
  bool long_mode = vendor->get(v, CREG_EFER) & EFER_LMA;
  if (!cr4_legal(value) || (long_mode && !(value & CR4_PAE)) || pcid_refused(v, value, long_mode)) {
    inject_gp(v);
    return;
  }
  vendor->set(v, CREG_CR4, value);
  asid_drop(v); /* a new ASID: the write would have flushed the TLB */
  advance(v, next_rip);
}

void x86_exit_cr4_write(struct vcpu *v) {
  struct insn i;
  uint64_t value;
  if (fetch_cr_write(v, &i, &value))
    x86_cr4_write(v, value, v->arch.regs.rip + i.length);
}

void x86_exit_cr8_write(struct vcpu *v) {
  struct insn i;
  uint64_t value;
  if (!fetch_cr_write(v, &i, &value))
    return;
  if (value >> 4) {
    inject_gp(v);
    return;
  }
  vendor->set(v, CREG_CR8, value);
  advance(v, v->arch.regs.rip + i.length);
}

void x86_exit_undefined(struct vcpu *v) {
  x86_inject(v, VECTOR_UD, false, 0);
}

void x86_exit_nop(struct vcpu *v) {
  struct insn i;
  if (x86_fetch(v, &i))
    advance(v, v->arch.regs.rip + i.length);
}

/* --- ports --------------------------------------------------------------------------- */

/* The counter of a PIT that is not there stands at 0: at all ones Linux takes it for one that is
 * about to count, and reads it 100,000 times. */
#define PORT_PIT_COUNTER 0x42

static uint32_t port_read(uint16_t port, unsigned size) {
  bool ours = port == GUEST_PORT_SLEEP_CONTROL || port == GUEST_PORT_SLEEP_STATUS ||
              port == GUEST_PORT_RESET || port == PORT_PIT_COUNTER;
  return ours && size == 1 ? 0 : ~0u;
}

static void port_write(struct vcpu *v, uint16_t port, unsigned size, uint8_t value) {
  if (size != 1)
    return;
  if (port == GUEST_PORT_SLEEP_CONTROL && (value & GUEST_SLP_EN) &&
      (value & GUEST_SLP_TYP_MASK) >> GUEST_SLP_TYP_SHIFT == GUEST_SLP_TYP_S5)
    domain_end(v->stub->domain, DOMAIN_END_POWEROFF);
  if (port == GUEST_PORT_RESET && value == GUEST_RESET_VALUE)
    domain_end(v->stub->domain, DOMAIN_END_REBOOT);
}

/* String forms move memory as well: they are not decoded. */
void x86_exit_io(struct vcpu *v, const struct x86_io *io) {
  if (io->string) {
    v->arch.undecoded++;
    inject_gp(v);
    return;
  }
  if (io->next_rip)
    v->arch.next_rip = io->next_rip;
  if (!skip(v, INSN_IN_OUT) || (ENABLED(CONFIG_CONSOLE_SERVICE) && x86_io_lent(v, io)))
    return;
  if (io->in)
    x86_write_gpr(v, RAX, io->size, port_read(io->port, io->size));
  else
    port_write(v, io->port, io->size, (uint8_t)v->arch.regs.gpr[RAX]);
}

/* A register as the machine writes part of one: 4 bytes clear the upper half. */
void x86_write_gpr(struct vcpu *v, unsigned reg, unsigned size, uint64_t value) {
  uint64_t *r = &v->arch.regs.gpr[reg];
  if (size == 8)
    *r = value;
  else if (size == 4)
    *r = (uint32_t)value;
  else if (size == 2)
    *r = (*r & ~0xffffull) | (uint16_t)value;
  else
    *r = (*r & ~0xffull) | (uint8_t)value;
}
