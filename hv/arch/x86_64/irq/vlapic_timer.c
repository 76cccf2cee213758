/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The virtual local APIC's timer: one-shot, periodic, TSC deadline. It counts a
 * bus of 100 MHz, as on Xen, so a tick is 10 ns of system time.
 */
#include <arch/arch.h>
#include <asm/platform.h>
#include <asm/vendor.h>
#include "vlapic_internal.h"

#define BUS_TICK_NS 10

/* Divide configuration: bits 3, 1, 0 are a power of two less one, and 7 means 1. */
static uint64_t tick_ns(const struct vlapic *a) {
  unsigned code = (a->divide & 3) | ((a->divide >> 1) & 4);
  return (uint64_t)BUS_TICK_NS << ((code + 1) & 7);
}

static uint32_t mode(const struct vlapic *a) {
  return a->lvt[LVT_TIMER] & LVT_TIMER_MODE;
}

static uint64_t length_ns(const struct vlapic *a) {
  return a->initial_count * tick_ns(a);
}

uint32_t vlapic_timer_count(struct vcpu *v) {
  const struct vlapic *a = &v->arch.lapic;
  if (!a->initial_count || mode(a) == LVT_DEADLINE)
    return 0;
  uint64_t elapsed = (arch_time() - a->timer_start) / tick_ns(a);
  if (mode(a) == LVT_PERIODIC)
    elapsed %= a->initial_count;
  return elapsed >= a->initial_count ? 0 : a->initial_count - (uint32_t)elapsed;
}

/* Start from now with the count that stands in the register; 0 stops. */
static void start(struct vcpu *v) {
  struct vlapic *a = &v->arch.lapic;
  a->timer_start = arch_time();
  if (a->initial_count)
    timer_set(&v->stub->apic_timer, a->timer_start + length_ns(a));
  else
    timer_stop(&v->stub->apic_timer);
}

static void stop(struct vcpu *v) {
  v->arch.lapic.initial_count = 0;
  v->arch.lapic.tsc_deadline = 0;
  timer_stop(&v->stub->apic_timer);
}

/* To and from deadline mode the timer is disarmed (SDM vol. 3, 10.5.4.1). */
void vlapic_timer_write_lvt(struct vcpu *v, uint32_t value) {
  uint32_t *lvt = &v->arch.lapic.lvt[LVT_TIMER];
  if ((value & LVT_TIMER_MODE) == LVT_TIMER_MODE || !(cpuid_policy(1, 2) & BIT(24)))
    value &= ~LVT_DEADLINE;
  if ((*lvt ^ value) & LVT_DEADLINE)
    stop(v);
  *lvt = value;
}

void vlapic_timer_write_count(struct vcpu *v, uint32_t value) {
  if (mode(&v->arch.lapic) == LVT_DEADLINE)
    return;
  v->arch.lapic.initial_count = value;
  start(v);
}

/* The count goes on from where it is, at the new rate. */
void vlapic_timer_write_divide(struct vcpu *v, uint32_t value) {
  struct vlapic *a = &v->arch.lapic;
  uint64_t done = a->initial_count - vlapic_timer_count(v);
  a->divide = value & 0xb;
  if (!timer_pending(&v->stub->apic_timer) || mode(a) == LVT_DEADLINE)
    return;
  a->timer_start = arch_time() - done * tick_ns(a);
  timer_set(&v->stub->apic_timer, a->timer_start + length_ns(a));
}

/* The deadline in system time; further off than any clock runs is cut, so that nothing overflows.
 */
static uint64_t deadline_time(struct vcpu *v, uint64_t guest_tsc) {
  uint64_t host = rdtsc(), now = x86_tsc(v, host),
           ticks = guest_tsc > now ? MIN(guest_tsc - now, BIT(56)) : 0;
  if (ENABLED(CONFIG_TSC_SCALING))
    ticks = tsc_from_guest(v->domain, ticks);
  return tsc_to_time(host + ticks);
}

void vlapic_tsc_deadline_write(struct vcpu *v, uint64_t value) {
  if (mode(&v->arch.lapic) != LVT_DEADLINE)
    return;
  v->arch.lapic.tsc_deadline = value;
  if (value)
    timer_set(&v->stub->apic_timer, deadline_time(v, value));
  else
    timer_stop(&v->stub->apic_timer);
}

/* Periods that went by unseen are one interrupt: it is no counter. */
static void next_period(struct vcpu *v) {
  struct vlapic *a = &v->arch.lapic;
  uint64_t now = arch_time(), length = length_ns(a);
  a->timer_start += (now - a->timer_start) / length * length;
  timer_set(&v->stub->apic_timer, a->timer_start + length);
}

/* The mail may be older than what the guest has done to the timer since. */
void vlapic_timer_fired(struct vcpu *v) {
  struct vlapic *a = &v->arch.lapic;
  if (timer_pending(&v->stub->apic_timer) || !(a->initial_count || a->tsc_deadline))
    return;
  vlapic_local(v, LVT_TIMER);
  a->tsc_deadline = 0;
  if (mode(a) == LVT_PERIODIC)
    next_period(v);
}
