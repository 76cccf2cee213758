/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vendor-neutral machine part of a vCPU: its thread, and the registers
 * that are switched when a CPU takes up another vCPU (FPU, debug, TSC_AUX).
 */
#include <arch/arch.h>
#include <asm/asid.h>
#include <asm/msr.h>
#include <asm/platform.h>
#include <asm/private.h>
#include <asm/vendor.h>
#include <lib/lib.h>

#define FXSAVE_SIZE 512

void thread_switch(uint64_t *save_sp, uint64_t new_sp);

struct vcpu *vcpu_current(void) {
  return this_private->vcpu;
}

struct domain *domain_current(void) {
  return (struct domain *)ARENA_BASE;
}

/* --- threads --------------------------------------------------------------------- */

static void thread_init(struct vcpu *v) {
  uint64_t *sp = v->stack_top;
  *--sp = 0; /* keeps the stack aligned as after a call, and ends the backtrace */
  *--sp = (uint64_t)vcpu_thread;
  for (unsigned i = 0; i < 6; i++)
    *--sp = 0;
  v->arch.thread_sp = (uint64_t)sp;
}

void arch_thread_leave(struct vcpu *v) {
  assert(this_private->windows_open == 0);
  thread_switch(&v->arch.thread_sp, this_private->loop_sp);
}

/* --- creation ----------------------------------------------------------------------- */

static void apic_timer_fired(struct timer *t) {
  vcpu_mail(container_of(t, struct vcpu_stub, apic_timer), MAIL_APIC_TIMER);
}

enum status arch_vcpu_init(struct vcpu *v) {
  timer_init(&v->stub->apic_timer, apic_timer_fired);
  v->stack_top = arena_stack_alloc();
  v->arch.fpu = arena_page_alloc(FRAME_ARENA);
  if (!v->stack_top || !v->arch.fpu)
    return STATUS_NO_MEMORY;
  thread_init(v);
  fpu_reset(v); /* the thread runs, and its registers are loaded, before the domain is built */
  return vendor->vcpu_init(v);
}

/* --- FPU: eager, whole, for every component that any guest could have used ------------ */

/* Older AMD processors restore the addresses of the last x87 instruction only with a pending
 * exception (APM vol. 3, XRSTOR; feature bit RstrFpErrPtrs): make them ours, not another guest's.
 */
static void x87_pointers_forget(void) {
  static const int32_t zero;
  asm volatile("fnclex\n emms\n fildl %0" ::"m"(zero));
}

static void fpu_load(struct vcpu *v) {
  if (!cpu_features.x87_pointers)
    x87_pointers_forget();
  fpu_area_load(v);
}

/* The state after FNINIT, SSE masked; everything else in its initial configuration. */
void fpu_reset(struct vcpu *v) {
  uint8_t *area = v->arch.fpu;
  memset(area, 0, PAGE_SIZE);
  *(uint16_t *)area = 0x37f;
  *(uint32_t *)(area + 24) = 0x1f80;
  *(uint64_t *)(area + FXSAVE_SIZE) = 3; /* XSTATE_BV: x87 and SSE stand in the area */
  v->arch.xcr0 = 1;
  if (v == vcpu_current())
    fpu_load(v);
}

/* --- debug registers -------------------------------------------------------------------- */

static void debug_save(uint64_t dr[4]) {
  asm volatile("mov %%db0, %0" : "=r"(dr[0]));
  asm volatile("mov %%db1, %0" : "=r"(dr[1]));
  asm volatile("mov %%db2, %0" : "=r"(dr[2]));
  asm volatile("mov %%db3, %0" : "=r"(dr[3]));
}

static void debug_load(const uint64_t dr[4]) {
  asm volatile("mov %0, %%db0" ::"r"(dr[0]));
  asm volatile("mov %0, %%db1" ::"r"(dr[1]));
  asm volatile("mov %0, %%db2" ::"r"(dr[2]));
  asm volatile("mov %0, %%db3" ::"r"(dr[3]));
}

static void direct_load(struct vcpu *v) {
  debug_load(v->arch.dr);
  if (cpu_features.rdtscp)
    wrmsr(MSR_TSC_AUX, v->arch.tsc_aux);
}

void state_refresh(struct vcpu *v) {
  v->arch.nmi_iret = v->arch.nmi_step = false;
  if (v == vcpu_current())
    direct_load(v);
}

static void registers_load(struct vcpu *v) {
  asid_load(v);
  vendor->vcpu_load(v);
  fpu_load(v);
  direct_load(v);
}

static void registers_save(struct vcpu *v) {
  debug_save(v->arch.dr);
  fpu_area_save(v);
  vendor->vcpu_save(v);
}

void arch_thread_enter(struct vcpu *v) {
  registers_load(v);
  this_private->vcpu = v;
  thread_switch(&this_private->loop_sp, v->arch.thread_sp);
  this_private->vcpu = NULL;
  registers_save(v);
}

void arch_vcpu_run(struct vcpu *v) {
  vendor->run(v);
}
